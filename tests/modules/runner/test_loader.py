"""Every mistake authors make gets a reason that names it. Contract §2.1."""

from pathlib import Path
from typing import Any

import pytest

from modules.runner.host import Limits, run_job
from tests.modules.runner.jobs import environment, failure_of, job, make_module, result_of

GOOD = """
from iris_interface.IrisModuleInterface import IrisModuleInterface
class Thing(IrisModuleInterface):
    pass
"""


def refused(folder: Path, files: dict[str, str], package: str = "thing") -> dict[str, Any]:
    """Return the failed result of describing a package made of files."""
    for name, text in files.items():
        place = folder / package / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    outcome = run_job(environment(package, folder), job(package, kind="describe"), Limits(60))
    assert failure_of(outcome)
    return result_of(outcome)


NAMED = '__iris_module_interface = "Thing"'
MISTAKES: dict[str, tuple[dict[str, str], str]] = {
    "a class object": (
        {"__init__.py": "class Thing: pass\n__iris_module_interface = Thing"},
        "__iris_module_interface of thing must be a string, the name of the class; "
        "it is the class Thing",
    ),
    "another object": (
        {"__init__.py": "__iris_module_interface = 5"},
        "__iris_module_interface of thing must be a string, the name of the class; it is a int",
    ),
    "trailing underscores": (
        {"__init__.py": '__iris_module_interface__ = "Thing"'},
        "thing/__init__.py has __iris_module_interface__, which ends with underscores; "
        "it must be __iris_module_interface",
    ),
    "one underscore": (
        {"__init__.py": '_iris_module_interface = "Thing"'},
        "thing/__init__.py has _iris_module_interface, which is spelled differently; "
        "it must be __iris_module_interface",
    ),
    "no attribute": (
        {"__init__.py": ""},
        "thing/__init__.py has no __iris_module_interface; it must name the class of the module, "
        "as a string",
    ),
    "a space in the name of the file": (
        {" __init__.py": NAMED, "Thing.py": GOOD},
        "The file of package thing is called ' __init__.py'; rename it to '__init__.py'",
    ),
    "no init file": ({"Thing.py": GOOD}, "Package thing has no __init__.py"),
    "a space in the name of the class": (
        {"__init__.py": '__iris_module_interface = "Thing "'},
        "__iris_module_interface of thing is 'Thing ', which is no class name; it contains a space",
    ),
    "a dotted name": (
        {"__init__.py": '__iris_module_interface = "thing.Thing"'},
        "__iris_module_interface of thing is 'thing.Thing', which is no class name",
    ),
    "no file for the class": (
        {"__init__.py": NAMED},
        "Package thing has no file Thing.py, which __iris_module_interface promises",
    ),
    "a file in other letters": (
        {"__init__.py": NAMED, "thing.py": GOOD},
        "Package thing has no file Thing.py, which __iris_module_interface promises; "
        "there is 'thing.py'",
    ),
    "no class in the file": (
        {"__init__.py": NAMED, "Thing.py": "class Other: pass"},
        "thing/Thing.py has no class Thing",
    ),
    "no class but something else": (
        {"__init__.py": NAMED, "Thing.py": "Thing = 5"},
        "Thing in thing/Thing.py is a int, not a class",
    ),
    "a class of another kind": (
        {"__init__.py": NAMED, "Thing.py": "class Thing: pass"},
        "Class Thing does not derive from iris_interface.IrisModuleInterface.IrisModuleInterface",
    ),
    "a missing dependency": (
        {"__init__.py": NAMED, "Thing.py": "import no_such_library"},
        "thing/Thing.py cannot be imported: ModuleNotFoundError: No module named 'no_such_library'",
    ),
    "an error while importing": (
        {"__init__.py": "1 / 0"},
        "Package thing cannot be imported: ZeroDivisionError: division by zero",
    ),
    "a syntax error": (
        {"__init__.py": NAMED, "Thing.py": "def broken(:"},
        "thing/Thing.py cannot be imported: SyntaxError: invalid syntax (Thing.py, line 1)",
    ),
    "sys.exit while importing": (
        {"__init__.py": "import sys; sys.exit(3)"},
        "Package thing cannot be imported: SystemExit: it ended the process with sys.exit(3)",
    ),
    "a constructor that wants more": (
        {
            "__init__.py": NAMED,
            "Thing.py": GOOD.replace("pass", "def __init__(self, server): pass"),
        },
        "Class Thing cannot be made: TypeError: Thing.__init__() missing 1 required positional "
        "argument: 'server'",
    ),
    "a name Watchfloor does not offer": (
        {"__init__.py": NAMED, "Thing.py": "from app.datamgmt.case.case_iocs_db import add_ioc"},
        "thing/Thing.py cannot be imported: ModuleNotFoundError: No module named "
        "'app.datamgmt.case.case_iocs_db': Watchfloor does not offer it to modules",
    ),
}


@pytest.mark.parametrize(("files", "reason"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_gets_its_reason(tmp_path: Path, files: dict[str, str], reason: str) -> None:
    message = refused(tmp_path, files)["message"]
    assert message.replace("SystemExit: ", "") == reason.replace("SystemExit: ", "")


def test_a_name_that_is_not_in_an_offered_namespace_says_so(tmp_path: Path) -> None:
    wanted = "from app.datamgmt.case.case_notes_db import delete_note"
    message = refused(tmp_path, {"__init__.py": NAMED, "Thing.py": wanted})["message"]
    assert "cannot import name 'delete_note'" in message
    assert message.endswith("Watchfloor does not offer it.")


def test_a_package_that_is_not_installed_is_named(tmp_path: Path) -> None:
    message = refused(tmp_path, {}, "iris_missing_module")["message"]
    assert message == "Package iris_missing_module is not installed in this environment"


@pytest.mark.parametrize("name", ["iris-vt-module", "../evil", "", "a.b"])
def test_a_name_no_package_can_have_is_refused(tmp_path: Path, name: str) -> None:
    outcome = run_job(environment(name, tmp_path), job(name, kind="describe"), Limits(60))
    assert "is no package name" in failure_of(outcome)


def test_a_single_file_is_no_module(tmp_path: Path) -> None:
    (tmp_path / "lonely.py").write_text(NAMED)
    message = refused(tmp_path, {}, "lonely")["message"]
    assert message == "lonely is one file; a module is a package, a folder with __init__.py"


def test_an_import_error_comes_with_its_traceback(tmp_path: Path) -> None:
    files = {"__init__.py": NAMED, "Thing.py": "import json\n\njson.loads('{')"}
    trace = refused(tmp_path, files)["traceback"]
    assert "Thing.py" in trace
    assert "line 3" in trace
    assert "loader.py" not in trace


def test_a_constructor_that_does_not_call_ours_is_no_problem(tmp_path: Path) -> None:
    make_module(
        tmp_path,
        "return InterfaceStatus.I2Success(message=str(self.module_dict_conf))",
        head="FIRST = 1",
    )
    file = tmp_path / "made_up" / "MadeUp.py"
    file.write_text(file.read_text() + "\n    def __init__(self):\n        self.mine = 1\n")
    outcome = run_job(environment("made_up", tmp_path), job("made_up"), Limits(60))
    assert result_of(outcome)["message"] == "{}"
