"""`manage.py up` with real processes: ready, repaired after kill -9, ended without leftovers."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = [pytest.mark.slow]
START_SECONDS = 90
REPAIR_SECONDS = 60
# What the product reads; the tests bring their own.
FOREIGN = ("SOAR_", "DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")
# A word of the command line that no other part has.
PARTS = {
    "broker": "valkey-server",
    "web": "granian",
    "worker": " --pool ",
    "relay": "manage.py relay",
    "scheduler": " --schedule ",
}


class Installation:
    """One `manage.py up` on a data directory and port of its own."""

    def __init__(self, directory: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.directory = directory
        self.starts = 0
        self.output = directory / "output"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Installation":
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        self.starts += 1
        self.output = self.directory / f"output-{self.port}-{self.starts}"
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=settings.BASE_DIR,
            env=kept
            | {
                "SOAR_DATA_DIR": str(self.directory / "data"),
                "SOAR_HTTP": f"127.0.0.1:{self.port}",
                "SOAR_WORKERS": "2",
            },
            stdout=self.output.open("wb"),
            stderr=subprocess.STDOUT,
        )
        return self

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}/readyz", timeout=5
            ) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def says(self, text: str) -> bool:
        return text in self.output.read_text()

    def key(self) -> str:
        """Return the administrator's key, which the first start told."""
        first = self.directory / f"output-{self.port}-1"
        found = re.search(r"API key +(\S{86})", first.read_text())
        assert found is not None
        return found[1]

    def call(self, path: str, key: str, body: dict[str, str] | None = None) -> tuple[int, bytes]:
        """Send one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        method = "GET" if body is None else "POST"
        connection.request(method, f"/{path}", json.dumps(body or {}), headers)
        answer = connection.getresponse()
        result = answer.status, answer.read()
        connection.close()
        return result

    def part(self, name: str) -> int | None:
        """Return the process id of a part, None while there is none."""
        assert self.process is not None
        for pid in descendants(self.process.pid, only_children=True):
            if PARTS[name] in command(pid):
                return pid
        return None

    def end(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(40)


def command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def descendants(pid: int, *, only_children: bool = False) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid and fields[0] != "Z":
                found.append(int(stat.parent.name))
    return (
        found if only_children else found + [deep for child in found for deep in descendants(child)]
    )


def is_alive(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not in {seconds} s: {what}"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def shared() -> Iterator[Installation]:
    """One installation for all tests of this file, started by the first."""
    directory = Path(tempfile.mkdtemp(prefix="soar-up-"))
    installation = Installation(directory)
    yield installation
    process = installation.process
    if process is not None and process.poll() is None:
        left = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(30)
        for pid in [process.pid, *left]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def running(shared: Installation) -> Installation:
    """The installation, ready."""
    if shared.process is None or shared.process.poll() is not None:
        shared.start()
    wait_for(lambda: shared.is_ready() and shared.says("ready: "), START_SECONDS, "ready")
    return shared


def test_the_first_start_tells_the_credentials_once_and_gets_ready(running: Installation) -> None:
    text = running.output.read_text()
    assert re.search(r"login +administrator\n +password +\S+\n +API key +\S{86}\n", text)
    assert running.says(f"ready: http://127.0.0.1:{running.port}")
    assert all(running.part(name) for name in PARTS)


def test_a_renewed_key_fails_on_the_next_request_in_every_process(running: Installation) -> None:
    user = {"user_name": "Renewer", "user_login": "renewer", "user_email": "renewer@example.org"}
    added = running.call(
        "manage/users/add", running.key(), user | {"user_password": "Renewer-123456"}
    )
    key = json.loads(added[1])["data"]["user_api_key"]
    assert {running.call("api/ping", key)[0] for _ in range(20)} == {200}
    assert running.call("user/token/renew", key)[0] == 200
    assert {running.call("api/ping", key)[0] for _ in range(40)} == {401}


@pytest.mark.parametrize("name", PARTS)
def test_a_killed_part_comes_back(running: Installation, name: str) -> None:
    killed = running.part(name)
    assert killed is not None
    left = descendants(killed)
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: running.part(name) not in (None, killed), REPAIR_SECONDS, f"{name} again")
    wait_for(running.is_ready, REPAIR_SECONDS, f"ready after {name}")
    assert not [pid for pid in left if is_alive(pid)]
    assert running.says(f"{name} ended with -9")


def test_a_second_start_on_the_same_data_is_refused(running: Installation) -> None:
    second = Installation(running.directory).start()
    assert second.process is not None
    assert second.process.wait(30) == 1
    assert second.says("already runs on")
    assert running.is_ready()


def test_a_killed_supervisor_leaves_no_orphan(running: Installation) -> None:
    assert running.process is not None
    left = descendants(running.process.pid)
    assert len(left) >= len(PARTS)
    running.process.kill()
    running.process.wait()
    wait_for(lambda: not any(is_alive(pid) for pid in left), 20, "everybody gone")


def test_the_next_start_keeps_the_data_and_tells_no_password(running: Installation) -> None:
    assert running.starts == 2
    assert not running.says("password")
    assert running.is_ready()


def test_ctrl_c_ends_everything_cleanly(running: Installation) -> None:
    assert running.process is not None
    left = descendants(running.process.pid)
    assert running.end() == 0
    assert not [pid for pid in left if is_alive(pid)]


def test_a_taken_port_is_told(shared: Installation) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", shared.port))
        taken.listen()
        refused = Installation(Path(tempfile.mkdtemp(prefix="soar-up-")))
        refused.port = shared.port
        process = refused.start().process
        assert process is not None
        assert process.wait(30) == 1
    assert refused.says("Set SOAR_HTTP")
    shutil.rmtree(refused.directory, ignore_errors=True)
