"""Keeping child processes alive: restarted when they die, ended with us, whatever ends us."""

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

logger = logging.getLogger(__name__)
TICK_SECONDS = 0.1
FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 30.0
HEALTHY_SECONDS = 30.0
KEEPS_DYING = 5
GRACE_SECONDS = 10.0
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass
class Child:
    """One process to keep alive. The children after it start only once `is_up` says so."""

    name: str
    command: list[str]
    is_up: Callable[[], bool] = lambda: True
    is_broker: bool = False
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    started_at: float = field(default=0.0, init=False)
    failures: int = field(default=0, init=False)
    start_at: float = field(default=0.0, init=False)


class Supervisor:
    """Starts the children in order and keeps them running until told to stop."""

    def __init__(
        self, children: list[Child], environment: Mapping[str, str], directory: str
    ) -> None:
        self.children = children
        self.environment = dict(environment)
        self.directory = directory
        self.is_stopping = False

    def run(self, on_tick: Callable[[], None]) -> None:
        """Keep the children alive until stop is called or on_tick raises; then end them all."""
        try:
            while not self.is_stopping:
                self._look_after()
                on_tick()
                time.sleep(TICK_SECONDS)
        finally:
            self._end_all()

    def stop(self, *_: object) -> None:
        """Make run end the children and return."""
        self.is_stopping = True

    def _look_after(self) -> None:
        for child in self.children:
            if child.process is not None and child.process.poll() is not None:
                self._note_death(child, child.process)
            if child.process is None and time.monotonic() >= child.start_at:
                self._start(child)
            if child.process is None or not child.is_up():
                return

    def _start(self, child: Child) -> None:
        supervisor_id = os.getpid()
        child.process = subprocess.Popen(
            child.command,
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: _settle(supervisor_id),  # safe: no threads here
        )
        child.started_at = time.monotonic()

    def _note_death(self, child: Child, process: subprocess.Popen[bytes]) -> None:
        _kill_group(process.pid)  # what it started must not outlive it
        lived = time.monotonic() - child.started_at
        child.failures = child.failures + 1 if lived < HEALTHY_SECONDS else 1
        delay = min(FIRST_DELAY_SECONDS * 2 ** (child.failures - 1), LONGEST_DELAY_SECONDS)
        child.process, child.start_at = None, time.monotonic() + delay
        text = "%s ended with %s, starting it again in %.1f s"
        logger.warning(text, child.name, process.returncode, delay)
        if child.failures >= KEEPS_DYING:
            logger.error("%s keeps dying: %s times so far", child.name, child.failures)

    def _end_all(self) -> None:
        """End everybody who uses the broker first, so that they can hand back their work."""
        for is_broker in (False, True):
            running = [
                child.process
                for child in self.children
                if child.is_broker == is_broker and child.process is not None
            ]
            _end(running)


def _settle(supervisor_id: int) -> None:
    """Ask the kernel, inside the child, to end it when the supervisor dies."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != supervisor_id:  # it died before we could ask
            os._exit(1)


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            process.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
        _kill_group(process.pid)
        process.wait()


def _kill_group(group_id: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group_id, signal.SIGKILL)
