"""What holds for every module that is shipped."""

import ast
import sys
from pathlib import Path

import pytest
from django.conf import settings

from modules.runner.host import end_all
from modules.services.environments import BUILTIN, shipped_packages
from tests.modules.builtin.running import describe, hooks_of, run

PACKAGES = (
    "watchfloor_check",
    "watchfloor_refang",
    "watchfloor_reputation",
    "watchfloor_webhooks",
)
OFFERED = {"app", "iris_interface", "watchfloor_http"}
LIBRARIES = {"jmespath", "validators"}
FILES = sorted(Path(BUILTIN).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Return the top-level packages a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


def test_these_are_shipped() -> None:
    assert shipped_packages() == list(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_it_is_healthy_before_anything_is_configured(package: str) -> None:
    described = describe(package)
    assert (described["is_healthy"], described["health"]) == (True, [])
    assert described["module_name"].startswith("Watchfloor ")
    assert described["type"] == "module_processor"


@pytest.mark.parametrize("package", PACKAGES)
def test_its_parameters_are_explained(package: str) -> None:
    parameters = describe(package)["configuration"]
    assert parameters
    for parameter in parameters:
        assert parameter["param_human_name"]
        assert parameter["param_name"].startswith(f"{package.removeprefix('watchfloor_')}_")


@pytest.mark.parametrize("package", PACKAGES)
def test_it_registers_as_it_comes(package: str) -> None:
    assert hooks_of(package) or package == "watchfloor_webhooks"


@pytest.mark.parametrize("package", PACKAGES)
def test_it_runs_where_it_was_imported_before(package: str) -> None:
    gone = {"__kind__": "case", "case_id": 3}
    try:
        results = [
            run(package, "on_postload_case_update", [gone], is_preimported=True) for _ in range(2)
        ]
    finally:
        end_all()
    messages = {result["message"] for result in results}
    expected = "the URL must have {value}" if package == "watchfloor_reputation" else "Success"
    assert [message.startswith(expected) for message in messages] == [True]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_it_imports_only_what_the_runner_offers(path: Path) -> None:
    assert imported(path) - OFFERED - LIBRARIES - sys.stdlib_module_names == set()


def test_its_libraries_are_pinned() -> None:
    pinned = (settings.BASE_DIR / "requirements.txt").read_text(encoding="utf-8")
    assert all(f"\n{name}==" in pinned for name in LIBRARIES)
