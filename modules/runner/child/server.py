"""The child as a server: takes jobs over a control socket and forks a process for each.

What comes in, one message each: {"start": {...}} first; {"id"} with three descriptors, job, result and
output; {"end": id}. What goes out: {"ready"}, {"id", "taken"}, then {"id", "refused"} or {"id", "status"}. The
end of the socket means that the host is gone, however it went: then everything here ends. A job never passes
through this process.
"""

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
from typing import Any, NoReturn

from . import context, landlock, loader, namespaces, process, supervision

LARGEST_MESSAGE, DESCRIPTORS = 2**20, 3
LAST_WORD_SECONDS = 5.0


class Server:
    """Runs jobs until the host is gone, or one job, or until nothing comes for a while."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.runs: dict[int, tuple[int, int]] = {}  # descriptor of the process: id, process
        self.start: dict[str, Any] = {}

    def serve(self) -> NoReturn:
        """Serve."""
        message, _ = self._receive()
        if message is None:
            os._exit(0)
        self.start = message["start"]
        self._prepare()
        while self._step():
            pass
        self._finish()

    def _prepare(self) -> None:
        start = self.start
        os.chdir(start["folder"])
        os.environ.update(HOME=start["folder"], TMPDIR=start["folder"])
        sys.path[:0] = start["paths"]
        process.keep_niceness()
        process.adopt_orphans()
        namespaces.install()
        needed = [sys.prefix, sys.base_prefix, start["folder"], *sys.path]
        landlock.NOTE = landlock.hide(start["hidden_paths"], needed)
        if not start["is_once"]:
            process.limit_memory_for_now(start["memory_bytes"])
            context.begin({"hooks": start["hooks"], "package": start["package"]})
            with contextlib.suppress(loader.NotUsable):  # the run will find the same and say so
                loader.load(start["package"])
            process.fresh_signals()
            gc.freeze()
            self._send({"ready": True, "tasks": len(os.listdir("/proc/self/task"))})  # noqa: PTH208

    def _step(self) -> bool:
        """Wait for something and do it; return False when it is time to end."""
        idle = None if self.runs or self.start["is_once"] else self.start["idle_seconds"]
        control = self.control.fileno()
        ready = select.select([control, *self.runs], [], [], idle)[0]
        if not ready:
            return False
        for number in [one for one in ready if one != control]:
            self._reap(number)
            if self.start["is_once"]:
                return False
        return self._take() if control in ready else True

    def _take(self) -> bool:
        message, descriptors = self._receive()
        if message is None:
            return False
        if "end" in message:
            self._end(message["end"])
        elif len(descriptors) == DESCRIPTORS:
            self._fork(int(message["id"]), descriptors)
        return True

    def _fork(self, run: int, descriptors: list[int]) -> None:
        job, result, output = descriptors
        this, waited = os.getpid(), supervision.WAITED_FOR
        signal.pthread_sigmask(signal.SIG_BLOCK, waited)
        self._send({"id": run, "taken": True})
        try:
            child = os.fork()
        except OSError as error:
            child, refusal = -1, f"No process can be started: {error.strerror}"
        if child == 0:
            supervision.supervise(this, (job, result, output), [self.control.fileno(), *self.runs])
        signal.pthread_sigmask(signal.SIG_UNBLOCK, waited)
        for number in descriptors:
            os.close(number)
        if child < 0:
            self._send({"id": run, "refused": refusal})
        else:
            self.runs[os.pidfd_open(child)] = run, child

    def _reap(self, number: int) -> None:
        run, child = self.runs.pop(number)
        os.close(number)
        status = os.waitpid(child, 0)[1]
        process.end_children({child for _, child in self.runs.values()})
        self._send({"id": run, "status": status})

    def _end(self, run: Any) -> None:
        for one, child in self.runs.values():
            if one == run:
                os.kill(child, signal.SIGTERM)

    def _finish(self) -> NoReturn:
        """End every run and leave nothing behind."""
        for _, child in self.runs.values():
            os.kill(child, signal.SIGTERM)
        while self.runs:
            ended = select.select([*self.runs], [], [], LAST_WORD_SECONDS)[0]
            if not ended:
                break
            for number in ended:
                os.waitpid(self.runs.pop(number)[1], 0)
        process.end_children()
        os.chdir("/")
        process.remove(self.start["folder"])
        os._exit(0)

    def _receive(self) -> tuple[dict[str, Any] | None, list[int]]:
        try:
            text, descriptors, _, _ = socket.recv_fds(
                self.control, LARGEST_MESSAGE, DESCRIPTORS, socket.MSG_CMSG_CLOEXEC
            )
        except OSError:
            return None, []
        return (json.loads(text) if text else None), list(descriptors)

    def _send(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # the host is gone; the next read says so
            self.control.send(json.dumps(message).encode())
