"""`manage.py up` with all its processes, seen from outside: started, found, asked over HTTP, ended."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
STOP_SECONDS = 40
LAST_WORDS = 5000
LONGEST_COMMAND_SECONDS = 120
# What the product reads from the environment; an installation under test brings its own.
FOREIGN = ("SOAR_", "DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")
# What the command line of no other part matches.
PARTS = {
    "broker": r"valkey-server|redis-server",
    "web": r"granian",
    "worker": r" worker --pool (?!.*modules@)",
    "modules": r"modules@",
    "relay": r"manage\.py relay",
    "scheduler": r" --schedule ",
}
RUNNER = "boot.py"


class CommandFailed(Exception):
    """A command of `manage.py` did not do what it was told."""


class Installation:
    """One `manage.py up` on a port of its own; its data lie below the directory."""

    def __init__(self, directory: Path, **variables: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.directory = directory
        self.variables = {"SOAR_DATA_DIR": str(directory / "data"), "SOAR_WORKERS": "2"} | variables
        self.starts = 0
        self.output = directory / "output"
        self.process: subprocess.Popen[bytes] | None = None

    def environment(self) -> dict[str, str]:
        """Return the environment of its processes: nothing of ours that the product reads."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        return kept | self.variables | {"SOAR_HTTP": f"127.0.0.1:{self.port}"}

    def start(self) -> "Installation":
        """Start it; what it prints goes to a file."""
        self.starts += 1
        self.output = self.directory / f"output-{self.port}-{self.starts}"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=ROOT,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        return self

    def manage(self, *arguments: str) -> str:
        """Run a command of `manage.py` on it and return what it printed. Raise CommandFailed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST_COMMAND_SECONDS,
            check=False,
        )
        if done.returncode:
            raise CommandFailed(f"manage.py {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    # --- asking it

    def is_ready(self) -> bool:
        """Tell whether every part does its work."""
        try:
            return self.call("readyz")[0] == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False

    def says(self, text: str) -> bool:
        """Tell whether it has printed a text since its last start."""
        return text in self.output.read_text()

    def key(self) -> str:
        """Return the administrator's key, which the first start told."""
        first = self.directory / f"output-{self.port}-1"
        found = re.search(r"API key +(\S{86})", first.read_text())
        if found is None:
            raise LookupError("the first start told no key")
        return found[1]

    def call(self, path: str, key: str = "", body: Any = None) -> tuple[int, bytes]:
        """Send one request on a connection of its own; a body makes it a POST."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        text = None if body is None else json.dumps(body)
        headers |= {} if body is None else {"Content-Type": "application/json"}
        try:
            connection.request("GET" if body is None else "POST", f"/{path}", text, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    # --- its processes

    def part(self, name: str) -> int | None:
        """Return the process id of a part, None while there is none."""
        for pid in children(self.pid):
            if re.search(PARTS[name], command(pid)):
                return pid
        return None

    def fork_servers(self) -> list[int]:
        """Return the interpreters its modules worker keeps or has started for a run."""
        worker = self.part("modules")
        return [pid for pid in children(worker) if RUNNER in command(pid)] if worker else []

    def run_processes(self) -> list[int]:
        """Return the processes in which modules run."""
        return [pid for server in self.fork_servers() for pid in descendants(server)]

    @property
    def pid(self) -> int:
        """Return the process id of the supervisor, 0 before the first start."""
        return self.process.pid if self.process else 0

    def end(self) -> int | None:
        """End it as Ctrl-C does and return its exit code, None before the first start."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECONDS)

    def destroy(self) -> None:
        """End it with everything it started, however it is."""
        if self.process is None or self.process.poll() is not None:
            return
        left = descendants(self.process.pid)
        with suppress(subprocess.TimeoutExpired):
            self.end()
        for pid in [self.process.pid, *left]:
            kill(pid)
        self.process.wait()


@contextmanager
def running(installation: Installation, seconds: float) -> Iterator[Installation]:
    """Start an installation, wait until it is ready, and end it afterwards. Raise TimeoutError.

    What it printed last is shown when something goes wrong.
    """
    installation.start()
    try:
        wait_for(lambda: is_up(installation), seconds, "ready")
        yield installation
    except BaseException:
        sys.stderr.write(installation.output.read_text()[-LAST_WORDS:])
        raise
    finally:
        installation.destroy()


def is_up(installation: Installation) -> bool:
    """Tell whether an installation has told that it is ready and still is."""
    return installation.says("ready: ") and installation.is_ready()


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Wait until something is true. Raise TimeoutError."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not in {seconds} s: {what}")
        time.sleep(0.1)


def command(pid: int) -> str:
    """Return the command line of a process, "" when it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def children(pid: int) -> list[int]:
    """Return the processes a process has started, without those that have ended."""
    return [child for child, parent in _parents().items() if parent == pid]


def descendants(pid: int) -> list[int]:
    """Return the processes a process has started, and theirs; each after its parent."""
    parents = _parents()
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def _parents() -> dict[int, int]:
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if fields[0] != "Z":
                found[int(stat.parent.name)] = int(fields[1])
    return found


def is_alive(pid: int) -> bool:
    """Tell whether a process exists and has not ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def kill(pid: int) -> None:
    """Kill a process that may be gone."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
