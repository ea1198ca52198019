"""The relay: wakes when an event is committed and sends the workers its id.

On PostgreSQL it listens for NOTIFY on a connection of its own, on the embedded database on a Unix
socket. Both may miss a call, so it also looks by itself now and then. Any number of relays may run.
"""

import logging
import signal
import socket
import time
from contextlib import suppress
from typing import Any, Protocol

import psycopg
from django.db import Error as DatabaseError
from django.db import connection

from modules.tasks import BrokerUnavailable, announce, send_due
from soar.core.recording import NOTIFY_CHANNEL
from soar.core.waking import socket_path

logger = logging.getLogger(__name__)
POLL_SECONDS_POSTGRESQL = 5.0
POLL_SECONDS_SQLITE = 0.5
LONGEST_PAUSE_SECONDS = 5.0


class Bell(Protocol):
    """Something that rings when an event was committed."""

    def wait(self, seconds: float) -> None:
        """Return when it rang, or after the seconds."""

    def reset(self) -> None:
        """Forget what a lost database made useless."""


class _Stopped(Exception):
    """A signal ended the wait."""


class NotifyBell:
    """Rings on NOTIFY; connects again after the database was gone."""

    def __init__(self) -> None:
        self._connection: psycopg.Connection[Any] | None = None

    def wait(self, seconds: float) -> None:
        """Wait for a notification. Raise psycopg.Error when the database is gone."""
        if self._connection is None:
            self._connection = _listening_connection()
            return  # what was committed while nobody listened is found by looking
        for _ in self._connection.notifies(timeout=seconds, stop_after=1):
            pass

    def reset(self) -> None:
        """Drop the connection; the next wait makes another."""
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
        self._connection = None


class SocketBell:
    """Rings on a datagram from a process of the same machine."""

    def __init__(self) -> None:
        path = socket_path()
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))

    def wait(self, seconds: float) -> None:
        """Wait for a datagram and take all that lie there."""
        self._socket.settimeout(seconds)
        with suppress(TimeoutError):
            self._socket.recv(64)
        self._socket.setblocking(False)
        with suppress(BlockingIOError):
            while self._socket.recv(64):
                pass

    def reset(self) -> None:
        """Keep listening: the socket does not depend on the database."""


class Relay:
    """Waits, claims, sends, until it is told to stop; outlives database and broker."""

    def __init__(self, bell: Bell, *, poll_seconds: float) -> None:
        self.bell = bell
        self.poll_seconds = poll_seconds
        self.is_stopping = False
        self.is_waiting = False
        self.has_announced = False
        self.pause_seconds = 0.0

    def run(self) -> None:
        """Relay events until stop is called."""
        with suppress(_Stopped):
            while not self.is_stopping:
                self.turn()

    def turn(self) -> None:
        """Send what is due, then wait for the bell; after a failure wait, longer each time."""
        try:
            if not self.has_announced:
                announce()
                self.has_announced = True
            send_due()
            self._wait()
        except BrokerUnavailable:
            self._pause("the broker does not answer")
        except (DatabaseError, psycopg.Error) as error:
            self.bell.reset()
            connection.close()
            self._pause(f"the database does not answer: {type(error).__name__}")
        else:
            self.pause_seconds = 0.0

    def stop(self, *_: object) -> None:
        """Make run return, at once when it only waits; a claim under way is finished first."""
        self.is_stopping = True
        if self.is_waiting:
            raise _Stopped

    def _wait(self) -> None:
        self.is_waiting = True
        try:
            if not self.is_stopping:
                self.bell.wait(self.poll_seconds)
        finally:
            self.is_waiting = False

    def _pause(self, reason: str) -> None:
        self.pause_seconds = min(max(0.2, self.pause_seconds * 2), LONGEST_PAUSE_SECONDS)
        logger.warning("relay: %s, next try in %.1f s", reason, self.pause_seconds)
        time.sleep(self.pause_seconds)


def new_relay() -> Relay:
    """Return the relay that fits the database."""
    if connection.vendor == "postgresql":
        return Relay(NotifyBell(), poll_seconds=POLL_SECONDS_POSTGRESQL)
    return Relay(SocketBell(), poll_seconds=POLL_SECONDS_SQLITE)


def run() -> None:
    """Relay events in this process until SIGTERM or SIGINT."""
    relay = new_relay()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, relay.stop)
    relay.run()


def _listening_connection() -> psycopg.Connection[Any]:
    parameters = connection.get_connection_params() | {"autocommit": True}
    new: psycopg.Connection[Any] = psycopg.connect(**parameters)
    new.execute(f"LISTEN {NOTIFY_CHANNEL}")
    return new
