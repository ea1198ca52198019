"""What a run cannot see, cannot reach and cannot leave behind."""

import itertools
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from modules.runner.host import Limits, run_job
from modules.runner.servers import POOL
from tests.modules.runner.jobs import (
    CASE_ID,
    environment,
    ioc,
    job,
    make_module,
    run_body,
    success_of,
)

REMEMBERING = """
    SEEN.append(self.module_dict_conf["key"])
    self.log.info("key %s", self.module_dict_conf["key"])
    print("key", self.module_dict_conf["key"])
    os.environ["LEFT"] = self.module_dict_conf["key"]
    data[0].ioc_tags = self.module_dict_conf["key"]
    known = list(os.environ.values()), SEEN, sorted(os.listdir(".")), data[0].ioc_value
    open("left.txt", "w").write(self.module_dict_conf["key"])
    return InterfaceStatus.I2Success(data=[repr(known), dir(InterfaceStatus.I2Success())])
"""


def value_of(folder: Path, expression: str, *, head: str = "", **changes: Any) -> Any:
    """Return the value of an expression inside a handler."""
    body = f"return InterfaceStatus.I2Success(data={expression})"
    return success_of(run_body(folder, body, head=head, **changes))["data"]


def test_two_configurations_in_turns_never_meet(tmp_path: Path, is_forked: bool) -> None:
    make_module(tmp_path, REMEMBERING, head="import os\nSEEN = []")
    place, rounds = environment("made_up", tmp_path), 100 if is_forked else 6
    for number, (mine, other) in zip(
        range(rounds), itertools.cycle([("ALPHA", "BRAVO"), ("BRAVO", "ALPHA")]), strict=False
    ):
        data = [ioc(number, ioc_value=f"value of {mine}")]
        chosen = [{"param_name": "key", "value": mine}]
        what = job("made_up", configuration=chosen, data=data)
        outcome = run_job(place, what, Limits(60), is_preimported=is_forked)
        assert success_of(outcome)["diffs"][0]["changes"] == {"ioc_tags": ["", mine]}
        assert other not in f"{outcome.result}{outcome.output}"
        assert f"['{mine}'], []" in success_of(outcome)["data"][0]


def test_the_environment_holds_nothing_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_forked: bool
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    monkeypatch.setenv("SOAR_SECRET_KEY", "secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.org:3128")
    found = value_of(tmp_path, "dict(os.environ)", head="import os", is_forked=is_forked)
    assert "secret" not in str(found)
    allowed = {"PATH", "LANG", "HOME", "TMPDIR", "HTTPS_PROXY"}
    assert {name for name in found if not name.lower().endswith("_proxy")} <= allowed
    assert found["HTTPS_PROXY"] == "http://proxy.example.org:3128"


def test_home_is_the_working_directory_which_is_removed(tmp_path: Path, is_forked: bool) -> None:
    body = """
        os.makedirs("deep/er")
        open("deep/er/file", "w").write("x")
        known = [os.getcwd(), os.environ["HOME"], os.path.expanduser("~"), tempfile.gettempdir()]
        return InterfaceStatus.I2Success(data=known)
    """
    outcome = run_body(tmp_path, body, head="import os, tempfile", is_forked=is_forked)
    places = success_of(outcome)["data"]
    assert len(set(places)) == 1
    assert not Path(places[0]).exists()
    assert Path(places[0]).parent.parent == Path(tempfile.gettempdir())


def test_nothing_of_the_project_can_be_imported(tmp_path: Path, is_forked: bool) -> None:
    head = """
        import importlib.util, sys
        NAMES = ("soar", "cases", "incidents", "manage", "tests", "modules", "child", "host")
    """
    expression = "[[n for n in NAMES if importlib.util.find_spec(n)], sys.path, sys.flags.isolated]"
    found, path, isolated = value_of(tmp_path, expression, head=head, is_forked=is_forked)
    assert (found, isolated) == ([], 1)
    root = Path(__file__).parents[3]
    assert str(root) not in path
    assert path[0] == str(tmp_path)


def test_only_result_and_prints_lead_out(tmp_path: Path, is_forked: bool) -> None:
    head = "import os, stat"
    expression = (
        "sorted(stat.S_ISSOCK(os.fstat(int(n)).st_mode) for n in os.listdir('/proc/self/fd') "
        "if os.path.exists('/proc/self/fd/' + n) and int(n) > 2)"
    )
    assert True not in value_of(tmp_path, expression, head=head, is_forked=is_forked)


def test_a_run_has_a_session_of_its_own(tmp_path: Path, is_forked: bool) -> None:
    expression = "[os.getsid(0) == os.getpgid(0) == os.getpid(), os.getppid()]"
    is_own, parent = value_of(tmp_path, expression, head="import os", is_forked=is_forked)
    assert is_own is True
    assert parent != os.getpid()


def test_a_run_is_bounded(tmp_path: Path, is_forked: bool) -> None:
    head = """
        import resource
        NAMES = ("AS", "CPU", "NPROC", "FSIZE", "CORE", "NOFILE")
    """
    expression = "{n: resource.getrlimit(getattr(resource, 'RLIMIT_' + n))[1] for n in NAMES}"
    limits = Limits(wall_seconds=60, memory_bytes=500 * 2**20, processes=50, file_bytes=2**20)
    found = value_of(tmp_path, expression, head=head, limits=limits, is_forked=is_forked)
    assert (found["AS"], found["FSIZE"], found["CORE"]) == (500 * 2**20, 2**20, 0)
    assert 0 < found["CPU"] < 3600
    assert 50 <= found["NPROC"] < 100_000
    assert found["NOFILE"] <= 1024


def memory_of(process: int) -> bytes:
    """Return what a process has written to its memory."""
    found = bytearray()
    maps = Path(f"/proc/{process}/maps").read_text().splitlines()
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        for line in maps:
            area, rights = line.split()[:2]
            start, end = (int(part, 16) for part in area.split("-"))
            if rights.startswith("rw"):
                memory.seek(start)
                found += memory.read(end - start)
    return bytes(found)


def test_a_job_never_passes_through_the_kept_interpreter(tmp_path: Path) -> None:
    make_module(tmp_path, "return InterfaceStatus.I2Success(data=data)", head="MARK = 'of-module'")
    place, what = environment("made_up", tmp_path), job("made_up", run_id="a-secret-of-a-job")
    success_of(run_job(place, what, Limits(60), is_preimported=True))
    (server,) = [one for one in POOL.servers.values() if one.environment == place]
    memory = memory_of(server.process.pid)
    assert b"of-module" in memory
    assert b"a-secret-of-a-job" not in memory


def test_folders_are_hidden_but_for_what_the_run_needs(tmp_path: Path, is_forked: bool) -> None:
    hidden = tmp_path / "data"
    hidden.mkdir()
    (hidden / "db.sqlite3").write_text("secret")
    (tmp_path / "open.txt").write_text("readable")
    (tmp_path / "modules").mkdir()
    head = f"""
        import os
        def attempt(path, mode="r"):
            try:
                return open(path, mode).read() if mode == "r" else open(path, mode).write("x")
            except OSError as error:
                return type(error).__name__
        FILES = [{str(hidden / "db.sqlite3")!r}, {str(tmp_path / "open.txt")!r}]
    """
    expression = (
        "[attempt(FILES[0]), attempt(FILES[0], 'w'), attempt(FILES[1]), attempt('mine', 'w'), "
        "len(os.listdir('/proc/self/task')) > 0]"
    )
    found = value_of(
        tmp_path / "modules", expression, head=head, hidden_paths=[str(hidden)], is_forked=is_forked
    )
    assert found == ["PermissionError", "PermissionError", "readable", 1, True]
    assert (hidden / "db.sqlite3").read_text() == "secret"


def test_a_run_cannot_signal_processes_outside(tmp_path: Path, is_forked: bool) -> None:
    head = f"""
        import os, signal
        def attempt(number):
            try:
                os.kill(number, 0)
            except OSError as error:
                return type(error).__name__
            return "reached"
        HOST = {os.getpid()}
    """
    expression = "[attempt(HOST), attempt(os.getppid()), attempt(os.getpid())]"
    found = value_of(tmp_path, expression, head=head, is_forked=is_forked)
    assert found == ["PermissionError", "PermissionError", "reached"]


def test_pip_copies_of_the_namespaces_are_shadowed(tmp_path: Path, is_forked: bool) -> None:
    for name in ("iris_interface", "app"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('the wrong one')")
    expression = "[type(data[0]).__module__, iris_interface.__doc__, self.case_id]"
    found = value_of(tmp_path, expression, head="import app, iris_interface", is_forked=is_forked)
    assert found == ["app.models", "Offered by Watchfloor to modules.", CASE_ID]


def test_this_process_never_has_the_namespaces() -> None:
    assert not {"app", "iris_interface"} & set(sys.modules)


def test_a_session_of_its_own_is_no_way_to_more_processor_time() -> None:
    code = (
        "import os; from modules.runner.child.process import lead_session; lead_session(); "
        "print(os.nice(0), os.getsid(0) == os.getpid(), open('/proc/self/autogroup').read() "
        "if os.path.exists('/proc/self/autogroup') else 'nice 5')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        preexec_fn=lambda: os.nice(5 - os.nice(0)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[:2] == ["5", "True"]
    assert "nice 5" in done.stdout
