"""`manage.py up` with real processes: ready, repaired after kill -9, ended without leftovers."""

import json
import os
import re
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.installation import PARTS, Installation, descendants, is_alive, is_up, wait_for
from soar.celery import MODULES_NICENESS

pytestmark = [pytest.mark.slow]
START_SECONDS = 90
REPAIR_SECONDS = 60


@pytest.fixture(scope="module")
def shared() -> Iterator[Installation]:
    """One installation for all tests of this file, started by the first."""
    directory = Path(tempfile.mkdtemp(prefix="soar-up-"))
    installation = Installation(directory)
    yield installation
    installation.destroy()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def running(shared: Installation) -> Installation:
    """The installation, ready."""
    if shared.process is None or shared.process.poll() is not None:
        shared.start()
    wait_for(lambda: is_up(shared), START_SECONDS, "ready")
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


def test_modules_leave_the_processor_to_the_analysts(running: Installation) -> None:
    def niceness_of(name: str) -> int:
        return os.getpriority(os.PRIO_PROCESS, running.part(name) or 0)

    expected = min(niceness_of("web") + MODULES_NICENESS, 19)
    assert niceness_of("worker") == niceness_of("web")
    wait_for(lambda: niceness_of("modules") == expected, REPAIR_SECONDS, "modules step back")


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
