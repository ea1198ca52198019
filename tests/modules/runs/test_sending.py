"""Sending runs: a message is a hint that may be lost, doubled or late; the row is the run."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError
from kombu.transport.redis import Channel

from modules import tasks
from modules.models import Module, ModuleRun
from modules.services import sending
from modules.services.execution import start
from modules.services.registry import set_paused
from modules.services.sending import claim_runs
from modules.tasks import BrokerUnavailable, send_runs
from soar.core.actor import Actor
from tests.modules.runs.conftest import ToldRunner, deliver_all, let_pass

Sent = list[tuple[int, str]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """The runs that were sent, with their queues."""
    messages: Sent = []

    def send(args: tuple[int, str], *, queue: str, **options: Any) -> None:
        messages.append((args[0], queue))

    monkeypatch.setattr(tasks.execute_run, "apply_async", send)
    return messages


def test_a_due_run_is_sent_once_with_its_id_only(run: ModuleRun, sent: Sent, settings: Any) -> None:
    assert (send_runs(), send_runs()) == (1, 0)
    assert sent == [(run.pk, settings.SOAR_MODULES_QUEUE)]


def test_a_module_with_a_queue_of_its_own_is_sent_there(
    run: ModuleRun, listener: Module, sent: Sent
) -> None:
    Module.objects.filter(pk=listener.pk).update(queue="mod.listener")
    send_runs()
    assert sent == [(run.pk, "mod.listener")]


def test_a_message_that_led_to_nothing_is_sent_again(run: ModuleRun, sent: Sent) -> None:
    send_runs()
    let_pass(run, 31)
    assert send_runs() == 1
    run.refresh_from_db()
    assert (run.sends, len(sent)) == (2, 2)


def test_with_the_broker_down_the_run_waits_and_is_due_at_once(
    run: ModuleRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(tasks.execute_run, "apply_async", refuse)
    with pytest.raises(BrokerUnavailable):
        send_runs()
    run.refresh_from_db()
    assert (run.status, run.sends) == ("pending", 0)
    assert [message.run_id for message in claim_runs()] == [run.pk]


def test_a_run_ends_well_though_the_broker_goes_meanwhile(
    run: ModuleRun,
    new_ioc: Callable[..., Any],
    runner: ToldRunner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(tasks.execute_run, "apply_async", refuse)
    new_ioc("192.0.2.9")
    deliver_all()
    tasks.execute_run(run.pk, "modules")
    assert sorted(ModuleRun.objects.values_list("status", "sends")) == [
        ("pending", 0),
        ("success", 0),
    ]


def test_a_lost_broker_does_not_end_the_worker_that_has_messages_of_it() -> None:
    qos = Channel.QoS(LostChannel())
    qos._delivered["tag"] = "message"
    qos.ack("tag")
    qos.restore_unacked_once()
    assert qos._delivered == {"tag": "message"}


class LostChannel:
    """A channel to a broker that is away."""

    do_restore, closed = True, True

    def conn_or_acquire(self, client: None) -> None:
        raise AttributeError("'NoneType' object has no attribute 'hostname'")


def test_paused_modules_are_sent_nothing_until_they_go_on(
    run: ModuleRun, sent: Sent, as_administrator: Actor
) -> None:
    set_paused(as_administrator, is_paused=True, reason="upgrade")
    assert send_runs() == 0
    set_paused(as_administrator, is_paused=False)
    assert send_runs() == 1


def test_no_more_is_sent_than_starts_before_it_is_due_again(
    run: ModuleRun, new_ioc: Callable[..., Any], sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "MAXIMUM_IN_FLIGHT", 2)
    for number in range(3):
        new_ioc(f"192.0.2.{number}")
    deliver_all()
    assert (send_runs(), send_runs()) == (2, 0)
    ModuleRun.objects.filter(pk=sent[0][0]).update(status="success")
    assert send_runs() == 1


def test_of_a_module_no_more_is_sent_than_may_run(
    run: ModuleRun, listener: Module, new_ioc: Callable[..., Any], sent: Sent
) -> None:
    Module.objects.filter(pk=listener.pk).update(concurrency=1)
    new_ioc("192.0.2.9")
    deliver_all()
    assert (send_runs(), send_runs()) == (1, 0)
    assert start(run.pk) is not None
    assert send_runs() == 0
    ModuleRun.objects.filter(pk=run.pk).update(status="success")
    assert (send_runs(), sent[0][0]) == (1, run.pk)


def test_a_busy_module_keeps_no_other_waiting(
    run: ModuleRun, make_module: Callable[..., Module], new_ioc: Callable[..., Any], sent: Sent
) -> None:
    Module.objects.update(concurrency=1)
    start(run.pk)
    other = make_module("other")
    new_ioc("192.0.2.9")
    deliver_all()
    assert send_runs() == 1
    assert ModuleRun.objects.get(pk=sent[0][0]).module == other


@pytest.mark.parametrize(
    "open_ones",
    [
        {"status": "pending", "available_at__lte": timezone.now()},
        {"status": "running", "lease_until__lt": timezone.now()},
    ],
    ids=["due", "lost"],
)
def test_the_few_open_runs_are_found_by_an_index(run: ModuleRun, open_ones: dict[str, Any]) -> None:
    if connection.vendor == "postgresql":  # it reads small tables as a whole if it may
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    plan = ModuleRun.objects.filter(**open_ones).order_by().explain()
    assert re.search(r"(?i)\bindex\b.* run_", plan)


def test_all_runs_are_sent_in_batches(
    run: ModuleRun, new_ioc: Callable[..., Any], sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_ioc("192.0.2.9")
    deliver_all()
    monkeypatch.setattr(sending, "BATCH", 1)
    monkeypatch.setattr(tasks, "BATCH", 1)
    assert send_runs() == 2
    assert len({pk for pk, _ in sent}) == 2
