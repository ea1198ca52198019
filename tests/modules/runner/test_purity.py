"""The runner needs nothing but Python, and its two sides agree."""

import ast
import sys
from pathlib import Path

import pytest

import modules.runner
from modules.hooks import ALIASES
from modules.runner.child import hooks

FOLDER = Path(modules.runner.__file__).parent
HOST = sorted(FOLDER.glob("*.py"))
CHILD = sorted((FOLDER / "child").glob("*.py"))


def imported(path: Path) -> set[str]:
    """Return the modules a file imports absolutely."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", CHILD, ids=lambda path: path.name)
def test_the_child_imports_only_python_itself(path: Path) -> None:
    assert {name.partition(".")[0] for name in imported(path)} <= sys.stdlib_module_names


@pytest.mark.parametrize("path", HOST, ids=lambda path: path.name)
def test_the_host_imports_only_python_and_its_own_files(path: Path) -> None:
    others = {name for name in imported(path) if not name.startswith("modules.runner.")}
    assert {name.partition(".")[0] for name in others} <= sys.stdlib_module_names
    assert not any(name.startswith("modules.runner.child") for name in imported(path))


def test_older_names_of_hooks_are_the_same_on_both_sides() -> None:
    assert dict(ALIASES) == hooks.ALIASES
