"""The kept interpreters: when they are used, renewed, given up, and how they end."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest

from modules.runner import host, servers
from modules.runner.host import Ending, Environment, Limits, end_all, end_idle, run_job
from modules.runner.servers import BOOT, POOL, Server
from tests.modules.runner.jobs import (
    SAMPLES,
    environment,
    has_ended,
    job,
    make_module,
    success_of,
)

COUNT = "return InterfaceStatus.I2Success(data=[os.getpid(), LOADED])"
HEAD = "import os\nLOADED = os.getpid()"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def module(tmp_path: Path) -> Environment:
    """A module that tells its process, and the one that imported it."""
    make_module(tmp_path, COUNT, head=HEAD)
    return environment("made_up", tmp_path)


def run(place: Environment, *, is_preimported: bool = True, seconds: float = 60) -> list[int]:
    """Return the processes of a run: its own, and the one that imported the module."""
    outcome = run_job(place, job("made_up"), Limits(seconds), is_preimported=is_preimported)
    found: list[int] = success_of(outcome)["data"]
    return found


def server_of(place: Environment) -> Server:
    """Return the kept interpreter of an environment."""
    (found,) = [one for one in POOL.servers.values() if one.environment == place]
    return found


def test_runs_share_the_import_and_never_the_process(module: Environment) -> None:
    processes, importers = zip(*[run(module) for _ in range(5)], strict=True)
    assert len(set(processes)) == 5
    assert set(importers) == {server_of(module).process.pid}


def test_without_preimporting_every_run_imports(module: Environment) -> None:
    assert all(own == importer for own, importer in [run(module, is_preimported=False)] * 2)
    assert not [one for one in POOL.servers.values() if one.environment == module]


def test_another_stamp_means_another_import(module: Environment, tmp_path: Path) -> None:
    before = run(module)[1]
    after = run(environment("made_up", tmp_path, stamp="2"))[1]
    assert after != before
    assert has_ended(before)


def test_a_dead_interpreter_is_replaced(module: Environment) -> None:
    before = run(module)[1]
    os.kill(before, signal.SIGKILL)
    assert run(module)[1] != before


def test_idle_interpreters_can_be_ended(module: Environment) -> None:
    process, folder = run(module)[1], Path(server_of(module).folder)
    end_idle()
    assert has_ended(process)
    assert POOL.servers == {}
    run(module)
    end_all()
    assert not folder.exists()


def test_an_idle_interpreter_ends_by_itself(
    module: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "IDLE_SECONDS", 0.2)
    first = run(module)[1]
    assert has_ended(first)
    assert run(module)[1] != first


def test_there_is_room_for_so_many_interpreters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "MOST_SERVERS", 2)
    end_all()
    places = []
    for number in range(3):
        folder = tmp_path / str(number)
        folder.mkdir()
        make_module(folder, COUNT, head=HEAD)
        places.append(environment("made_up", folder))
        run(places[-1])
    assert [one.environment for one in POOL.servers.values()] == places[1:]


def test_many_threads_share_one_interpreter(module: Environment) -> None:
    found: list[list[int]] = []
    threads = [threading.Thread(target=lambda: found.append(run(module))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({own for own, _ in found}) == 6
    assert len({importer for _, importer in found}) == 1


def test_a_module_that_starts_threads_runs_in_an_interpreter_of_its_own(tmp_path: Path) -> None:
    head = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()"
    make_module(tmp_path, COUNT, head=f"{HEAD}\n{head}")
    place = environment("made_up", tmp_path)
    for own, importer in (run(place), run(place)):
        assert own == importer


def test_an_interpreter_that_dies_while_importing_is_tried_again(tmp_path: Path) -> None:
    head = """
        if not os.path.exists(__file__ + ".seen"):
            open(__file__ + ".seen", "w").close()
            os._exit(3)
    """
    make_module(tmp_path, COUNT, head=f"{HEAD}\n{textwrap.dedent(head)}")
    assert run(environment("made_up", tmp_path))


def test_a_module_that_hangs_while_imported_is_stopped(tmp_path: Path, is_forked: bool) -> None:
    make_module(tmp_path, COUNT, head="import threading\nthreading.Event().wait()")
    place = environment("made_up", tmp_path)
    outcome = run_job(place, job("made_up"), Limits(wall_seconds=1), is_preimported=is_forked)
    words = "still importing after 1 s" if is_forked else "no result after 1 s"
    assert (outcome.ending, outcome.detail) == (Ending.TIMEOUT, words)


def test_a_slow_import_goes_on_for_the_next_run(tmp_path: Path) -> None:
    make_module(tmp_path, COUNT, head=f"{HEAD}\nimport threading\nthreading.Event().wait(3)")
    place = environment("made_up", tmp_path)
    outcome = run_job(place, job("made_up"), Limits(wall_seconds=1), is_preimported=True)
    assert outcome.ending is Ending.TIMEOUT
    importer = server_of(place).process.pid
    assert run(place)[1] == importer


def test_an_import_without_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "IMPORT_SECONDS", 1.5)
    make_module(tmp_path, COUNT, head="import threading\nthreading.Event().wait()")
    place = environment("made_up", tmp_path)
    outcome = run_job(place, job("made_up"), Limits(wall_seconds=1), is_preimported=True)
    assert outcome.ending is Ending.TIMEOUT
    server = server_of(place)
    assert server.process.wait(20) == -signal.SIGKILL


def test_waiting_for_an_import_can_be_cancelled(tmp_path: Path, is_forked: bool) -> None:
    make_module(tmp_path, COUNT, head="import threading\nthreading.Event().wait()")
    place = environment("made_up", tmp_path)
    what = job("made_up")
    outcome = run_job(place, what, Limits(60), is_preimported=is_forked, keep_on=lambda: False)
    assert outcome.ending is Ending.CANCELLED


def test_a_module_that_crashes_while_imported_has_died(tmp_path: Path, is_forked: bool) -> None:
    make_module(tmp_path, COUNT, head="import ctypes\nctypes.string_at(0)")
    place = environment("made_up", tmp_path)
    outcome = run_job(place, job("made_up"), Limits(60), is_preimported=is_forked)
    assert (outcome.ending, outcome.detail) == (Ending.DIED, "killed by signal 11 (SIGSEGV)")


@pytest.mark.parametrize("python", ["/no/such/python", "/bin/false"])
def test_an_interpreter_that_does_not_start_is_told_apart(python: str, is_forked: bool) -> None:
    place = Environment(python, "made_up", "1", ())
    outcome = run_job(place, job("made_up"), Limits(20), is_preimported=is_forked)
    assert (outcome.ending, outcome.result) == (Ending.NOT_STARTED, None)
    expected = {
        "/no/such/python": "/no/such/python cannot be started: No such file or directory",
        "/bin/false": "The interpreter of the module ended with 1 before it took the job",
    }
    assert outcome.detail == expected[python]


def test_what_an_interpreter_complains_of_is_told(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'no encodings here' >&2\nexit 1\n")
    broken.chmod(0o755)
    outcome = run_job(Environment(str(broken), "made_up", "1"), job("made_up"), Limits(20))
    assert (outcome.ending, outcome.detail) == (Ending.NOT_STARTED, "no encodings here")


HOST = """
import sys
sys.path[:0] = [{root!r}]
from modules.runner.host import Limits, run_job
from tests.modules.runner.jobs import environment, job
what = job("made_up")
run_job(environment("made_up", {folder!r}), what, Limits(60), is_preimported={is_forked})
"""
HANGING = """
    apart = subprocess.Popen(["sleep", "10000"], start_new_session=True)
    with open(PLACE, "w") as file:
        file.write(f"{os.getpid()} {os.getppid()} {apart.pid}")
    threading.Event().wait()
"""


def test_nothing_outlives_a_host_that_is_killed(tmp_path: Path, is_forked: bool) -> None:
    told = tmp_path / "told"
    os.mkfifo(told)
    make_module(tmp_path, HANGING, head=f"import os, subprocess, threading\nPLACE = {str(told)!r}")
    script = HOST.format(root=str(ROOT), folder=str(tmp_path), is_forked=is_forked)
    killed = subprocess.Popen([sys.executable, "-c", script])
    processes = [int(number) for number in told.read_text().split()]
    killed.kill()
    killed.wait()
    assert len(processes) == 3
    assert all(has_ended(process) for process in processes)


def test_what_a_killed_host_left_is_removed(module: Environment) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    stale = Path(tempfile.mkdtemp(prefix=f"{servers.mark()}{ended.pid}-"))
    (stale / "run-x").mkdir()
    own = Path(tempfile.mkdtemp(prefix=f"{servers.mark()}{os.getpid()}-"))
    run(module)
    assert (stale.exists(), own.exists()) == (False, True)
    own.rmdir()


def test_a_host_that_ends_leaves_no_folder(tmp_path: Path) -> None:
    make_module(tmp_path, COUNT, head=HEAD)
    script = HOST.format(root=str(ROOT), folder=str(tmp_path), is_forked=True)
    ended = subprocess.Popen([sys.executable, "-c", script])
    assert ended.wait(60) == 0
    left = Path(tempfile.gettempdir()).glob(f"{servers.mark()}{ended.pid}-*")
    assert list(left) == []


def test_a_forked_host_leaves_its_parents_interpreters_alone(module: Environment) -> None:
    importer = run(module)[1]
    child = os.fork()
    if child == 0:
        os._exit(0 if not POOL.servers and not servers.ALIVE else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert run(module)[1] == importer


def test_the_start_of_the_child_tells_when_nobody_is_there() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-I", str(BOOT), str(theirs.fileno())]
    child = subprocess.Popen(command, pass_fds=[theirs.fileno()])
    theirs.close()
    ours.close()
    assert child.wait(20) == 0


def test_a_kept_interpreter_is_told_the_hooks_before_it_imports(tmp_path: Path) -> None:
    head = """
        from app.datamgmt.iris_engine.modules_db import module_list_available_hooks
        KNOWN = len(module_list_available_hooks())
    """
    make_module(tmp_path, "return InterfaceStatus.I2Success(data=KNOWN)", head=head)
    place = environment("made_up", tmp_path)
    for is_forked in (True, False):
        outcome = run_job(place, job("made_up"), Limits(60), is_preimported=is_forked)
        assert success_of(outcome)["data"] == 90


def test_a_job_is_json_so_nothing_else_can_be_handed_in() -> None:
    what: dict[str, Any] = job("iris_sample_trouble", data=[{1, 2}])
    with pytest.raises(TypeError):
        run_job(environment("iris_sample_trouble", SAMPLES), what, Limits(20))
    assert json.dumps(job("x"))


def test_an_environment_that_failed_to_fork_is_tried_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_module(tmp_path, COUNT, head=HEAD)
    place = environment("made_up", tmp_path)
    monkeypatch.setitem(host._unfit, place, float("inf"))
    own, importer = run(place)
    assert own == importer
    monkeypatch.delitem(host._unfit, place)
    own, importer = run(place)
    assert own != importer
