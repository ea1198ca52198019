"""One process per run that does nothing but end it: whatever the module started dies with the run.

It is the parent of the process the module runs in, and adopts what that leaves behind, also what left its
process group. Then it ends the way the module's process ended, so that its own parent learns how.
"""

import contextlib
import os
import signal
from typing import NoReturn

from . import process, work

WAITED_FOR = {signal.SIGTERM, signal.SIGCHLD}


def supervise(parent: int, descriptors: tuple[int, int, int], foreign: list[int]) -> NoReturn:
    """Run a job in a process of its own; end with it, or with it on SIGTERM. Signals are blocked already."""
    try:
        process.lead_session()
        process.dump_no_core()
        process.adopt_orphans()
        process.die_with_parent(parent, signal.SIGTERM)
        for number in foreign:
            os.close(number)
        this = os.getpid()
        worker = os.fork()
        if worker == 0:
            work.do(this, *descriptors)
        for number in descriptors:
            os.close(number)
        _end_like(_wait_for(worker))
    finally:
        os._exit(1)


def _wait_for(worker: int) -> int:
    """Return how the worker ended, with all its descendants gone."""
    while not os.waitid(os.P_PID, worker, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        if signal.sigwait(WAITED_FOR) == signal.SIGTERM:
            os.kill(worker, signal.SIGKILL)
            break
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(worker, signal.SIGKILL)  # not reaped yet, so the number is still its own
    status = os.waitpid(worker, 0)[1]
    process.end_children()
    return status


def _end_like(status: int) -> NoReturn:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        os.kill(os.getpid(), number)
    os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1)
