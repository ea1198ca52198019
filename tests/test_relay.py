"""The relay: woken at commit, patient when broker or database is away."""

import time

import psycopg
import pytest
from django.db import connection

from cases.services.cases import update_summary
from modules import relay as relay_module
from modules.relay import Relay, SocketBell, new_relay
from modules.tasks import BrokerUnavailable
from soar.core.actor import system_actor
from soar.core.models import User
from soar.core.waking import wake_relay


class SilentBell:
    """A bell that never rings and counts how often it was reset."""

    def __init__(self) -> None:
        self.waits = 0
        self.resets = 0

    def wait(self, seconds: float) -> None:
        self.waits += 1

    def reset(self) -> None:
        self.resets += 1


@pytest.fixture
def relay(monkeypatch: pytest.MonkeyPatch) -> Relay:
    """A relay that sends nothing and never sleeps."""
    monkeypatch.setattr(relay_module, "announce", lambda: None)
    monkeypatch.setattr(relay_module, "send_due", lambda: 0)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    return Relay(SilentBell(), poll_seconds=1)


def test_a_datagram_rings_the_socket_bell() -> None:
    bell = SocketBell()
    wake_relay()
    wake_relay()
    started = time.monotonic()
    bell.wait(5)
    assert time.monotonic() - started < 1


def test_waking_nobody_is_no_error() -> None:
    assert wake_relay() is None


def test_the_bell_of_the_database_rings_at_commit(transactional_db: None) -> None:
    actor = system_actor(User.objects.get(pk=1))
    bell = new_relay().bell
    bell.wait(0.1)
    update_summary(actor, 1, description="news")
    started = time.monotonic()
    bell.wait(5)
    assert time.monotonic() - started < 1
    bell.reset()


def test_the_bell_rings_again_after_the_database_was_away(transactional_db: None) -> None:
    bell = new_relay().bell
    bell.wait(0.1)
    if connection.vendor == "postgresql":  # only there does the bell hang on the database
        end_listeners()
        with pytest.raises(psycopg.Error):
            bell.wait(1)
    bell.reset()
    bell.wait(0.1)
    update_summary(system_actor(User.objects.get(pk=1)), 1, description="news")
    started = time.monotonic()
    bell.wait(5)
    assert time.monotonic() - started < 1
    bell.reset()


def end_listeners() -> None:
    """Make the database end every connection that listens to this installation's events."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        )


def test_with_the_broker_away_it_waits_longer_each_time(
    relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> int:
        raise BrokerUnavailable

    monkeypatch.setattr(relay_module, "send_due", refuse)
    pauses = []
    for _ in range(7):
        relay.turn()
        pauses.append(relay.pause_seconds)
    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_it_recovers_when_the_broker_is_back(relay: Relay) -> None:
    relay.pause_seconds = 5.0
    relay.turn()
    assert relay.pause_seconds == 0.0


def test_a_lost_database_resets_the_bell(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> int:
        raise psycopg.OperationalError

    monkeypatch.setattr(relay_module, "send_due", fail)
    monkeypatch.setattr(relay_module, "connection", Closed())
    relay.turn()
    assert isinstance(relay.bell, SilentBell)
    assert (relay.bell.resets, relay.bell.waits) == (1, 0)


class Closed:
    """A database connection that may be closed."""

    def close(self) -> None: ...


def test_stopping_ends_the_loop(relay: Relay) -> None:
    relay.stop()
    relay.run()
    assert isinstance(relay.bell, SilentBell)
    assert relay.bell.waits == 0


def test_stopping_ends_a_wait_at_once(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay.bell, "wait", lambda seconds: relay.stop())
    relay.run()
    assert relay.is_stopping
