"""Run a job of a third-party module in a process of its own, and say how it ended.

The trusted side. Neither what a module does nor how it ends harms the caller: memory, time, result and prints are
bounded, and everything a module started is gone when run_job returns.
"""

import json
import os
import selectors
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from typing import Any

from modules.runner.outcome import Ending, Environment, Limits, Outcome
from modules.runner.receiving import LARGEST_RESULT, Output, Result, TooLarge
from modules.runner.servers import POOL, Gone, Server, Ticket, child_environment

__all__ = ["Ending", "Environment", "Limits", "Outcome", "end_all", "end_idle", "run_job"]

ASK_SECONDS = 1.0
UNFIT_SECONDS = 600.0
# Environments that cannot be served by forking, until when.
_unfit: dict[Environment, float] = {}


def run_job(
    environment: Environment,
    job: dict[str, Any],
    limits: Limits,
    *,
    is_preimported: bool = False,
    keep_on: Callable[[], bool] | None = None,
) -> Outcome:
    """Do a job in a process of its own and return how it ended; nothing of it is left then.

    With is_preimported the process is forked from one that has the module imported already, where that
    works. keep_on is asked about every second; when it answers False the run is cancelled.
    """
    run = _Run(environment, job, limits, keep_on)
    if is_preimported and _unfit.get(environment, 0) < time.monotonic():
        outcome = run.in_a_fork()
        if outcome is not None:
            return outcome
        _unfit[environment] = time.monotonic() + UNFIT_SECONDS
    return run.in_a_new_interpreter()


def end_idle() -> None:
    """End the interpreters that are kept for the next run and have none now."""
    for server in POOL.take_all(only_idle=True):
        server.close()


def end_all() -> None:
    """End all kept interpreters, with the runs they have."""
    POOL.close()


class _Run:
    """One job on its way."""

    def __init__(
        self,
        environment: Environment,
        job: dict[str, Any],
        limits: Limits,
        keep_on: Callable[[], bool] | None,
    ) -> None:
        self.environment, self.job, self.limits = environment, job, limits
        self.keep_on = keep_on
        self.started = time.monotonic()
        self.asked = self.started

    # --- two ways to a process

    def in_a_fork(self) -> Outcome | None:
        """Return the outcome of a run in a forked process, or None when this module cannot be run so."""
        for is_last in (False, True):
            try:
                server = POOL.get(self.environment, self._start(is_once=False))
            except Gone:
                return None
            stopped = self._wait_until_ready(server)
            if stopped is not None:  # the server imports on, for the next run
                return stopped
            if server.tasks > 1:  # its import started threads, which no fork takes along
                POOL.discard(server)
                return None
            if not server.is_gone:
                outcome = self._in(server)
                if outcome.ending != Ending.NOT_STARTED:
                    return outcome
            POOL.discard(server)
            if is_last:
                return None
        return None

    def in_a_new_interpreter(self) -> Outcome:
        """Return the outcome of a run in an interpreter of its own."""
        try:
            server = Server(self.environment, self._start(is_once=True))
        except Gone as reason:
            return self._outcome(Ending.NOT_STARTED, str(reason))
        try:
            return self._in(server)
        finally:
            server.close()
            server.last_words()

    def _start(self, *, is_once: bool) -> dict[str, Any]:
        return {
            "is_once": is_once,
            "package": self.environment.package,
            "paths": list(self.environment.paths),
            "hooks": self.job.get("hooks") or [],
            "hidden_paths": sorted(self.job.get("hidden_paths") or []),
            "memory_bytes": self.limits.memory_bytes,
        }

    def _wait_until_ready(self, server: Server) -> Outcome | None:
        while not server.is_ready.wait(min(ASK_SECONDS, max(0.0, self._left()))):
            if self._left() <= 0:
                return self._outcome(Ending.TIMEOUT, f"still importing after {self._limit()}")
            if not self._may_go_on():
                return self._outcome(Ending.CANCELLED, "cancelled while the module was imported")
        return None

    # --- the run

    def _in(self, server: Server) -> Outcome:
        """Return the outcome of the run in a server."""
        folder = ""
        result, output, job = Result(), Output(), -1
        ticket = None
        try:
            folder = tempfile.mkdtemp(prefix="run-", dir=server.folder)
            job = self._written(folder)
            ticket = server.submit([job, result.target, output.target])
            result.close_target()
            output.close_target()
            return self._followed(server, ticket, result, output)
        except (Gone, FileNotFoundError):  # its folder goes with it
            return self._outcome(Ending.NOT_STARTED, server.last_words())
        finally:
            if ticket is not None:
                if not ticket.ended.is_set():
                    server.end(ticket)
                server.forget(ticket)
            result.close()
            output.close()
            if job >= 0:
                os.close(job)
            shutil.rmtree(folder, ignore_errors=True)

    def _written(self, folder: str) -> int:
        """Return a descriptor to read the job from. It is in memory only: the job holds secrets."""
        limits = self.limits
        bounds = {
            "wall_seconds": limits.wall_seconds,
            "memory_bytes": limits.memory_bytes,
            "processes": limits.processes,
            "file_bytes": limits.file_bytes,
        }
        envelope = {
            "job": self.job,
            "limits": bounds,
            "folder": folder,
            "environment": child_environment(),
        }
        number = os.memfd_create("job", os.MFD_CLOEXEC)
        with os.fdopen(os.dup(number), "wb") as file:
            file.write(json.dumps(envelope).encode())
        os.lseek(number, 0, os.SEEK_SET)
        return number

    def _followed(self, server: Server, ticket: Ticket, result: Result, output: Output) -> Outcome:
        with selectors.DefaultSelector() as selector:
            for source in (result, output, ticket):
                selector.register(source, selectors.EVENT_READ)
            try:
                stopped = self._stopped(selector, ticket)
            except TooLarge:
                largest = LARGEST_RESULT // 2**20
                stopped = Ending.DIED, f"the result is larger than {largest} MiB"
        if not ticket.ended.is_set():
            server.end(ticket)
        return self._judged(server, ticket, result, output, stopped)

    def _stopped(
        self, selector: selectors.BaseSelector, ticket: Ticket
    ) -> tuple[Ending, str] | None:
        """Read until the run has ended; return why it must be ended, if it must."""
        while not ticket.ended.is_set():
            for key, _ in selector.select(max(0.0, min(ASK_SECONDS, self._left()))):
                source = key.fileobj
                if isinstance(source, Result | Output) and not source.read():
                    selector.unregister(source)
            if ticket.ended.is_set():
                break
            if self._left() <= 0:
                return Ending.TIMEOUT, f"no result after {self._limit()}"
            if not self._may_go_on():
                return Ending.CANCELLED, "cancelled"
        return None

    def _judged(
        self,
        server: Server,
        ticket: Ticket,
        result: Result,
        output: Output,
        stopped: tuple[Ending, str] | None,
    ) -> Outcome:
        output.read()
        text = output.text()
        if stopped is not None:
            return self._outcome(*stopped, text)
        try:
            result.read()
        except TooLarge:
            return self._outcome(Ending.DIED, "the result is too large", text)
        found = result.parsed()
        if found is not None:
            outcome = self._outcome(Ending.FINISHED, "", text)
            outcome.result = found
            return outcome
        if ticket.is_lost and not ticket.is_taken:
            reason = ticket.refusal or server.last_words()
            return self._outcome(Ending.NOT_STARTED, reason, text)
        return self._outcome(Ending.DIED, _how(ticket.status), text)

    # --- time

    def _left(self) -> float:
        return self.started + self.limits.wall_seconds - time.monotonic()

    def _limit(self) -> str:
        return f"{self.limits.wall_seconds:g} s"

    def _may_go_on(self) -> bool:
        if self.keep_on is None or time.monotonic() - self.asked < ASK_SECONDS * 0.9:
            return True
        self.asked = time.monotonic()
        return self.keep_on()

    def _outcome(self, ending: Ending, detail: str, output: str = "") -> Outcome:
        return Outcome(ending, None, output, detail, time.monotonic() - self.started)


def _how(status: int | None) -> str:
    """Return how a process ended that left no result."""
    if status is None:
        return "the process it was started from was lost"
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        words = f"killed by signal {number} ({signal.Signals(number).name})"
        if number == signal.SIGKILL:
            words += ", perhaps by the system for lack of memory"
        return f"{words}, the limit of processor time" if number == signal.SIGXCPU else words
    return f"ended with status {os.WEXITSTATUS(status)} without a result"
