"""The programs under test as processes: starting them, and what they and their database use."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

PROC = Path("/proc")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
START_SECONDS = 60.0
STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Cpu:
    """Processor time in milliseconds."""

    python: float
    postgres: float

    def __sub__(self, other: "Cpu") -> "Cpu":
        return Cpu(self.python - other.python, self.postgres - other.postgres)


@dataclass(frozen=True)
class Program:
    """A WSGI program and the environment that makes it what it is."""

    name: str
    target: str
    environment: Mapping[str, str]
    is_factory: bool = False


class Server:
    """A running program. All its processes are of one session, which its first process leads."""

    def __init__(self, program: Program, *, workers: int) -> None:
        self.program = program
        self.port = _free_port()
        self.process = start(
            [
                *(sys.executable, "-m", "granian", "--interface", "wsgi"),
                *("--host", "127.0.0.1", "--port", str(self.port)),
                *("--workers", str(workers), "--blocking-threads", "1", "--no-ws"),
                # Else a thread ends between two turns and takes its database connection with it.
                *("--blocking-threads-idle-timeout", "600"),
                *("--log-level", "warning", *(["--factory"] if program.is_factory else [])),
                program.target,
            ],
            {**program.environment, "PGAPPNAME": self.application_name},
        )

    @property
    def application_name(self) -> str:
        """Return the name its database connections carry."""
        return f"bench-{self.program.name}-{os.getpid()}"

    def wait_until_up(self) -> None:
        """Wait for the first answer, whatever it is. Raise TimeoutError."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.program.name} ended with {self.process.returncode}")
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            with suppress(OSError, http.client.HTTPException):
                connection.request("GET", "/api/ping")
                connection.getresponse().read()
                return
            connection.close()
            time.sleep(0.2)
        raise TimeoutError(f"{self.program.name} does not answer")

    def pids(self) -> list[int]:
        """Return the ids of its processes."""
        return list(_session_members(self.process.pid))

    def stop(self) -> None:
        """End it."""
        stop(self.process)


class Meter:
    """Reads the processor time of a server's processes and of the database backends that serve it."""

    def __init__(self, server: Server, database: "psycopg.Connection[Any] | None") -> None:
        self.server = server
        self.database = database

    def read(self) -> Cpu:
        """Return the time used so far."""
        return Cpu(_cpu_of(self.server.pids()), _cpu_of(self._backends()))

    def _backends(self) -> list[int]:
        if self.database is None:
            return []
        query = "SELECT pid FROM pg_stat_activity WHERE application_name = %s"
        rows = self.database.execute(query, (self.server.application_name,)).fetchall()
        return [pid for (pid,) in rows]


def start(command: list[str], environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Start a command in a session of its own; standard output stays free for the report."""
    return subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        start_new_session=True,
    )


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End a started command with everything it started."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def running(programs: Iterable[Program], *, workers: int) -> Iterator[dict[str, Server]]:
    """Start the programs, wait until all answer, and stop them in the end."""
    servers: dict[str, Server] = {}
    try:
        for program in programs:
            servers[program.name] = Server(program, workers=workers)
        for server in servers.values():
            server.wait_until_up()
        yield servers
    finally:
        for server in servers.values():
            server.stop()


def resident_megabytes(pid: int) -> tuple[float, float]:
    """Return the resident memory of a process now and at its highest."""
    fields = dict(
        line.split(":", 1) for line in (PROC / str(pid) / "status").read_text().splitlines()
    )
    now, peak = (int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return now, peak


def require_visible_backends(database: "psycopg.Connection[Any]") -> None:
    """Raise RuntimeError when the database's processes are not of this machine."""
    pid = database.info.backend_pid
    if not _cpu_of([pid]):
        raise RuntimeError("The database runs elsewhere: its processor time cannot be read")


def _session_members(session: int) -> Iterator[int]:
    for entry in PROC.iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError, IndexError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                yield int(entry.name)


def _cpu_of(pids: Iterable[int]) -> float:
    return sum(_cpu_of_one(pid) for pid in pids)


def _cpu_of_one(pid: int) -> float:
    """Return the milliseconds a process has run: to the nanosecond where the kernel tells, else in ticks."""
    with suppress(OSError, ValueError):
        tasks = (PROC / str(pid) / "task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e6
    with suppress(OSError, IndexError):
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / TICKS_PER_SECOND
    return 0.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
