"""What Linux offers to keep a process in bounds; where it does not, a bound is missing and nothing fails."""

import contextlib
import ctypes
import math
import os
import resource
import signal
from collections.abc import Collection
from typing import Any

SET_DEATH_SIGNAL, SET_NO_NEW_PRIVILEGES, SET_SUBREAPER = 1, 38, 36
try:
    LIBC: Any = ctypes.CDLL(None, use_errno=True)
except OSError:
    LIBC = None
OPEN_FILES, CPU_SPARE_SECONDS = 1024, 5
AUTOGROUP = "/proc/self/autogroup"


def control(option: int, value: int) -> bool:
    """Call prctl() and tell whether it did something."""
    return hasattr(LIBC, "prctl") and LIBC.prctl(option, value, 0, 0, 0) == 0


def die_with_parent(parent: int, number: int) -> None:
    """Be sent a signal when the parent ends, also when it has ended already."""
    control(SET_DEATH_SIGNAL, number)
    if os.getppid() != parent:
        os.kill(os.getpid(), number)


def lead_session() -> None:
    """Lead a session of its own that gets no more of the processor than before."""
    os.setsid()
    keep_niceness()


def keep_niceness() -> None:
    """Make the session as nice as this process: Linux may share the processor among sessions, all alike."""
    niceness = os.nice(0)
    if niceness > 0:
        with contextlib.suppress(OSError), open(AUTOGROUP, "w", encoding="ascii") as file:  # noqa: PTH123
            file.write(str(niceness))


def adopt_orphans() -> None:
    """Become the parent of every descendant that loses its own, so that none escapes."""
    control(SET_SUBREAPER, 1)


def dump_no_core() -> None:
    """Write no core file, however this process or its children end."""
    _limit(resource.RLIMIT_CORE, 0)


def fresh_signals() -> None:
    """Forget what a module did to the signals we rely on."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())


def limit(bounds: dict[str, Any]) -> None:
    """Bound memory, processor time, processes, file sizes and open files."""
    seconds = math.ceil(float(bounds["wall_seconds"])) * (os.cpu_count() or 1) + CPU_SPARE_SECONDS
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    _limit(resource.RLIMIT_FSIZE, int(bounds["file_bytes"]))
    _limit(resource.RLIMIT_CPU, seconds)
    _limit(resource.RLIMIT_AS, int(bounds["memory_bytes"]))
    _limit(resource.RLIMIT_NPROC, _tasks_of_this_user() + int(bounds["processes"]))


def limit_memory_for_now(size: int) -> None:
    """Bound the memory in a way that children may widen again."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (size, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _limit(what: int, value: int) -> None:
    hard = resource.getrlimit(what)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(what, (value, value))


def _tasks_of_this_user() -> int:
    """Return how many processes and threads the user runs: the system counts all of them together."""
    user, found = os.getuid(), 0
    if user == 0:
        return 0  # the system does not bound its administrator
    with contextlib.suppress(OSError), os.scandir("/proc") as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and entry.stat().st_uid == user:
                    found += os.stat(f"/proc/{entry.name}/task").st_nlink - 2  # noqa: PTH116
    return found


def remove(folder: str) -> None:
    """Remove a folder and what is in it, as far as that is possible."""
    for place, folders, files in os.walk(folder, topdown=False):
        for name in (*files, *folders):
            path = f"{place}/{name}"
            with contextlib.suppress(OSError):
                (os.rmdir if name in folders and not os.path.islink(path) else os.unlink)(path)  # noqa: PTH114
    with contextlib.suppress(OSError):
        os.rmdir(folder)  # noqa: PTH106


def parents() -> dict[int, int]:
    """Return the parent of every process that can be seen."""
    found = {}
    for name in os.listdir("/proc"):  # noqa: PTH208
        with contextlib.suppress(OSError, ValueError, IndexError):
            if name.isdigit():
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as line:  # noqa: PTH123
                    found[int(name)] = int(line.read().rpartition(")")[2].split()[1])
    return found


def children() -> list[int]:
    """Return the processes whose parent this process is."""
    this = os.getpid()
    try:
        with open(f"/proc/self/task/{this}/children", encoding="ascii") as listed:  # noqa: PTH123
            return [int(number) for number in listed.read().split()]
    except OSError:
        return [number for number, parent in parents().items() if parent == this]


def descendants(of: set[int]) -> set[int]:
    """Return processes with all their descendants."""
    known, listed = set(of), parents()
    while more := {one for one, parent in listed.items() if parent in known} - known:
        known |= more
    return known


def end_children(but: Collection[int] = ()) -> None:
    """Kill every descendant but some children and theirs; return when none is left.

    They are stopped before any is killed: what is stopped forks no more, and frees no place for others to.
    """
    while found := set(children()) - set(but):
        stopped: set[int] = set()
        while new := descendants(found) - stopped:
            for number in new:
                _signal(number, signal.SIGSTOP)
            stopped |= new
        for number in stopped:
            _signal(number, signal.SIGKILL)
        for number in found:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(number, 0)


def _signal(number: int, what: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(number, what)
