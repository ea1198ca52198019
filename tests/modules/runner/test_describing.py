"""What a module says of itself, and the health check. Contract §2.2 and §2.4."""

from pathlib import Path
from typing import Any

import pytest

from modules.runner.child.health import parsed_version
from modules.runner.child.interface import cast
from modules.runner.host import Limits, run_job
from tests.modules.runner.jobs import environment, job, make_module, sample, success_of

PIPELINE = {
    "pipeline_internal_name": "made_up_pipeline",
    "pipeline_human_name": "Made up pipeline",
    "pipeline_args": [["a", "required"]],
    "pipeline_update_support": True,
    "pipeline_import_support": False,
}


def described(folder: Path, extra: str) -> dict[str, Any]:
    """Return the description of a module with some lines added to its class."""
    make_module(folder, "return None")
    file = folder / "made_up" / "MadeUp.py"
    file.write_text(f"{file.read_text()}\n    {extra}\n")
    outcome = run_job(environment("made_up", folder), job("made_up", kind="describe"), Limits(60))
    description: dict[str, Any] = success_of(outcome)["description"]
    return description


def test_a_module_describes_itself(is_forked: bool) -> None:
    said = success_of(sample("iris_sample_enricher", kind="describe", is_forked=is_forked))[
        "description"
    ]
    parameters = said.pop("configuration")
    assert said == {
        "module_name": "Sample enricher",
        "description": "Writes to the objects it is given",
        "version": "1.0.0",
        "interface_version": "1.1",
        "type": "module_processor",
        "pipeline_support": False,
        "pipeline_info": {},
        "is_ready": True,
        "health": [],
        "is_healthy": True,
    }
    assert [one["param_name"] for one in parameters] == ["sample_tag", "sample_key"]
    assert parameters[0]["section"] == "Insights"


@pytest.mark.parametrize("version", ["1.1", 1.1, 1.2, "1.2.0", "1.1.5", "v1.2"])
def test_interfaces_from_1_1_to_1_2_are_accepted(tmp_path: Path, version: Any) -> None:
    assert described(tmp_path, f"_interface_version = {version!r}")["is_healthy"] is True


@pytest.mark.parametrize("version", ["1.2.1", 1.0, "2", "1.3", "newest", None, "1.1rc1"])
def test_other_interfaces_are_refused(tmp_path: Path, version: Any) -> None:
    said = described(tmp_path, f"_interface_version = {version!r}")
    assert said["is_healthy"] is False
    assert str(version) in said["health"][0]


def test_versions_are_compared_as_numbers() -> None:
    order = ["1.1rc1", "1.1", "1.2.dev0", "1.2", "1.2.1", "1.10"]
    assert sorted(order, key=lambda text: parsed_version(text) or ((), 0)) == order
    assert parsed_version("1.2") == parsed_version("1.2.0")


@pytest.mark.parametrize(
    ("extra", "line"),
    [
        ("_module_type = 'module_report'", "Type 'module_report' is neither"),
        ("_pipeline_support = True", "A module_processor must not provide a pipeline"),
        ("is_ready = lambda self: False", "The module says it is not ready"),
        ("is_ready = lambda self: 1 / 0", "The health check failed: ZeroDivisionError"),
        ("_module_name = ''", "The module has no name"),
        ("_module_configuration = {}", "The configuration is no list"),
        ("_module_configuration = [{'type': 'bool'}]", "A parameter has no param_name"),
    ],
)
def test_what_is_wrong_is_in_the_health_lines(tmp_path: Path, extra: str, line: str) -> None:
    said = described(tmp_path, extra)
    assert said["is_healthy"] is False
    assert any(line in one for one in said["health"])


def test_a_pipeline_needs_its_information(tmp_path: Path) -> None:
    extra = "_module_type = 'module_pipeline'; _pipeline_support = True; _pipeline_info = {info}"
    incomplete = {**PIPELINE, "pipeline_args": [], "pipeline_human_name": ""}
    said = described(tmp_path, extra.format(info=incomplete))
    assert said["health"] == [
        "The pipeline information lacks pipeline_human_name",
        "The pipeline information lacks pipeline_args",
    ]


def test_a_complete_pipeline_is_healthy(tmp_path: Path) -> None:
    extra = "_module_type = 'module_pipeline'; _pipeline_support = True; _pipeline_info = {info}"
    said = described(tmp_path, extra.format(info=PIPELINE))
    assert (said["is_healthy"], said["pipeline_support"]) == (True, True)
    assert said["pipeline_info"] == PIPELINE


@pytest.mark.parametrize(
    ("kind", "stored", "value"),
    [
        ("bool", "true", True),
        ("bool", "TRUE", True),
        ("bool", "no", False),
        ("bool", True, True),
        ("int", "15", 15),
        ("integer", "15", 15),
        ("integer", 15, 15),
        ("float", "1.5", 1.5),
        ("int", "many", "many"),
        ("string", "15", "15"),
        ("textfield_json", "[1]", "[1]"),
        ("int", None, None),
    ],
)
def test_parameters_are_cast_to_their_types(kind: str, stored: Any, value: Any) -> None:
    found = cast(stored, {"type": kind})
    assert (found, type(found)) == (value, type(value))
