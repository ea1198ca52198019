"""Interpreters that run jobs: one per job, or one per environment that keeps the module imported and forks."""

import atexit
import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from itertools import count
from pathlib import Path
from typing import Any

from modules.runner.outcome import Environment

BOOT = Path(__file__).parent / "child" / "boot.py"
LARGEST_MESSAGE = 2**20
IDLE_SECONDS, LAST_WORD_SECONDS = 600.0, 5.0
IMPORT_SECONDS = 120.0  # so long a module may be imported for the runs to come
MOST_SERVERS = 16
COMPLAINTS = "complaints"  # what the interpreter says when it cannot start
KEPT_VARIABLES = ("PATH", "LANG")
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
# Read by the C library when the interpreter starts, and taken away again before any module runs: every
# thread would reserve 64 MiB of the memory a run may have.
ONLY_AT_START = {"MALLOC_ARENA_MAX": "2"}


def child_environment() -> dict[str, str]:
    """Return the environment variables a child gets: nothing of ours but the way to programs and proxies."""
    names = (*KEPT_VARIABLES, *PROXIES, *(name.upper() for name in PROXIES))
    return {name: os.environ[name] for name in names if name in os.environ}


class Gone(Exception):
    """The interpreter could not be started, or ended before it took the job; the text says why."""


class Ticket:
    """A job given to a server. `news` becomes readable when something happened."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.news = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.ended = threading.Event()
        self.is_taken = self.is_lost = False
        self.refusal = ""
        self.status: int | None = None
        self._lock = threading.Lock()

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self.news

    def end(self, status: int | None) -> None:
        """Note how the run ended, once; None is with its server."""
        with self._lock:
            if self.ended.is_set():
                return
            self.status, self.is_lost = status, status is None
            self.ended.set()
            if self.news >= 0:
                os.eventfd_write(self.news, 1)

    def close(self) -> None:
        """Release the descriptor; whoever ends the run later must not write to its successor."""
        with self._lock:
            os.close(self.news)
            self.news = -1


class Server:
    """A child interpreter and the thread that listens to it."""

    def __init__(self, environment: Environment, start: dict[str, Any]) -> None:
        self.folder = tempfile.mkdtemp(prefix=f"{mark()}{os.getpid()}-")
        self.environment, self.is_once = environment, start["is_once"]
        self.is_ready, self._buried = threading.Event(), threading.Event()
        self.is_gone, self._complaints = False, ""
        self.tasks = 0
        self.tickets: dict[int, Ticket] = {}
        self._lock, self._numbers = threading.Lock(), count(1)
        try:
            self.process, self.control = self._start()
        except OSError as error:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise Gone(f"{environment.python} cannot be started: {error.strerror}") from error
        ALIVE.add(self)
        self._send({"start": start | {"folder": self.folder, "idle_seconds": IDLE_SECONDS}})
        threading.Thread(target=self._listen, name="module-runner", daemon=True).start()

    def _start(self) -> tuple[subprocess.Popen[bytes], socket.socket]:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        number = theirs.fileno()
        command = [self.environment.python, "-I", "-u", str(BOOT), str(number)]
        complaints = os.open(Path(self.folder) / COMPLAINTS, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            process = subprocess.Popen(  # noqa: S603 - the interpreter of an installed module
                command,
                env=child_environment() | {"HOME": self.folder} | ONLY_AT_START,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=complaints,
                stderr=complaints,
                pass_fds=[number],
                start_new_session=True,
            )
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
            os.close(complaints)
        return process, ours

    # --- talking

    def submit(self, descriptors: list[int]) -> Ticket:
        """Give it a job: descriptors to read it from, and to write result and prints to. Raise Gone."""
        with self._lock:
            ticket = Ticket(next(self._numbers))
            self.tickets[ticket.number] = ticket
            try:
                if self.is_gone:
                    raise OSError
                message = json.dumps({"id": ticket.number}).encode()
                socket.send_fds(self.control, [message], descriptors)
            except OSError:
                self.forget(ticket)
                raise Gone("The interpreter of the module ended") from None
        return ticket

    def end(self, ticket: Ticket) -> None:
        """End a run and everything it started, and wait until that is done."""
        self._send({"end": ticket.number})
        if not ticket.ended.wait(LAST_WORD_SECONDS):
            self.kill()
            ticket.ended.wait(LAST_WORD_SECONDS)

    def forget(self, ticket: Ticket) -> None:
        """Let go of a job that has ended."""
        if self.tickets.pop(ticket.number, None):
            ticket.close()

    def _send(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # when it is gone, the listener notices
            self.control.send(json.dumps(message).encode())

    def _listen(self) -> None:
        self._bound_import()
        while message := self._receive():
            ticket = self.tickets.get(message.get("id", 0))
            if message.get("ready"):
                self.tasks = message["tasks"]
                self.is_ready.set()
            elif ticket and "taken" in message:
                ticket.is_taken = True
            elif ticket and "refused" in message:
                ticket.is_taken, ticket.refusal = False, str(message["refused"])
                ticket.end(None)
            elif ticket:
                ticket.end(message["status"])
        self._bury()

    def _bound_import(self) -> None:
        """Kill it when it imports for too long; the runs that asked for it may all have given up."""
        if self.is_once:
            return
        news = select.poll()
        news.register(self.control, select.POLLIN)
        if not news.poll(IMPORT_SECONDS * 1000):
            self.kill()

    def _receive(self) -> dict[str, Any] | None:
        try:
            text = self.control.recv(LARGEST_MESSAGE)
            found = json.loads(text) if text else None
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    # --- ending

    def close(self) -> None:
        """Let it end with all its runs; it reads the end of the socket."""
        with contextlib.suppress(OSError):
            self.control.shutdown(socket.SHUT_RDWR)

    def kill(self) -> None:
        """Kill it, for it does not listen."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def _bury(self) -> None:
        """Release what it had, after it has closed the socket."""
        try:
            self.process.wait(LAST_WORD_SECONDS * 2)
        except subprocess.TimeoutExpired:
            self.kill()
            self.process.wait()
        with contextlib.suppress(OSError):
            text = (Path(self.folder) / COMPLAINTS).read_text("utf-8", "replace")
            self._complaints = text.strip()[-2000:]
        shutil.rmtree(self.folder, ignore_errors=True)
        with self._lock:
            self.is_gone = True
            self.control.close()
        for ticket in list(self.tickets.values()):
            ticket.end(None)
        self.is_ready.set()
        ALIVE.discard(self)
        self._buried.set()

    def last_words(self) -> str:
        """Return why the interpreter is gone."""
        self._buried.wait(LAST_WORD_SECONDS)
        return self._complaints or how_it_ended(self.process.returncode)


def mark() -> str:
    """Return what the names of the folders of this machine begin with."""
    return f"watchfloor-run-{socket.gethostname()}-"


def remove_stale_folders() -> None:
    """Remove the folders of hosts that were killed; their interpreters have ended themselves."""
    for folder in Path(tempfile.gettempdir()).glob(f"{mark()}*-*"):
        host = folder.name.removeprefix(mark()).partition("-")[0]
        try:
            os.kill(int(host), 0)
        except ProcessLookupError:
            shutil.rmtree(folder, ignore_errors=True)
        except (ValueError, OverflowError, PermissionError):  # not ours, or alive
            continue


def how_it_ended(code: int | None) -> str:
    """Return the return code of an interpreter in words."""
    return f"The interpreter of the module ended with {code} before it took the job"


class Pool:
    """The servers of this process that keep a module imported, by environment."""

    def __init__(self) -> None:
        self.servers: dict[Any, Server] = {}
        self.lock = threading.Lock()

    def get(self, environment: Environment, start: dict[str, Any]) -> Server:
        """Return the server of an environment, a new one when there is none or it is out of date. Raise Gone."""
        # What appears beside hidden files later is hidden too, so only their folders count.
        hidden = sorted({os.path.dirname(path) for path in start["hidden_paths"]})  # noqa: PTH120
        key = (environment.python, environment.package, environment.paths, *hidden)
        with self.lock:
            server = self.servers.pop(key, None)
            if server and (server.is_gone or server.environment.stamp != environment.stamp):
                retire(server)
                server = None
            if server is None:
                self._make_room()
                remove_stale_folders()
                server = Server(environment, start)
            self.servers[key] = server  # last: the one used last
        return server

    def _make_room(self) -> None:
        idle = [key for key, one in self.servers.items() if not one.tickets]
        for key in idle[: max(0, len(self.servers) - MOST_SERVERS + 1)]:
            self.servers.pop(key).close()

    def discard(self, server: Server) -> None:
        """Take a server out of use."""
        with self.lock:
            for key in [key for key, one in self.servers.items() if one is server]:
                del self.servers[key]
        server.close()

    def take_all(self, *, only_idle: bool) -> list[Server]:
        """Take out all servers, or those without a run."""
        with self.lock:
            keys = [k for k, one in self.servers.items() if not (only_idle and one.tickets)]
            return [self.servers.pop(key) for key in keys]

    def close(self) -> None:
        """End all servers, and wait until nothing of them is left."""
        servers = self.take_all(only_idle=False)
        for server in servers:
            server.close()
        for server in servers:
            server.last_words()

    def forget(self) -> None:
        """Drop the servers of the process this one was forked from, without ending them."""
        for server in ALIVE:
            server.control.close()
        ALIVE.clear()
        self.servers, self.lock = {}, threading.Lock()


def retire(server: Server) -> None:
    """End a server once its last run has."""
    if not server.tickets:
        server.close()
        return

    def wait() -> None:
        for ticket in list(server.tickets.values()):
            ticket.ended.wait()
        server.close()

    threading.Thread(target=wait, name="module-runner-end", daemon=True).start()


ALIVE: set[Server] = set()
POOL = Pool()
os.register_at_fork(after_in_child=POOL.forget)
atexit.register(POOL.close)
