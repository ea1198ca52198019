"""Jobs for the runner, modules made up for one test, and what came of them."""

import os
import select
import sys
import textwrap
from pathlib import Path
from typing import Any

from modules.hooks import HOOKS
from modules.runner.host import Ending, Environment, Limits, Outcome, run_job

SAMPLES = Path(__file__).parents[1] / "samples"
MARA = {"id": 4, "name": "Mara Lindqvist", "login": "mara", "email": "mara@example.org"}
CASE_ID, LONGEST_SECONDS = 3, 60.0
HEAD = """
import iris_interface.IrisInterfaceStatus as InterfaceStatus
from iris_interface.IrisModuleInterface import IrisModuleInterface, IrisModuleTypes
{head}

class {name}(IrisModuleInterface):
    _module_name = "Made up"
    _module_description = "Made up for a test"
    _interface_version = 1.1
    _module_version = 1.0
    _module_type = IrisModuleTypes.module_processor
    _pipeline_support = False
    _pipeline_info = {{}}
    _module_configuration = []

    def hooks_handler(self, hook_name, hook_ui_name, data):
{body}
"""


def ioc(number: int = 5, **fields: Any) -> dict[str, Any]:
    """Return the snapshot of an IOC."""
    case = {
        "case_id": CASE_ID,
        "name": "#3 - Phishing",
        "description": "",
        "client": {"name": "ACME"},
    }
    return {
        "__kind__": "ioc",
        "ioc_id": number,
        "ioc_value": "198.51.100.7",
        "ioc_type_id": 76,
        "ioc_type": {"type_id": 76, "type_name": "ip-any"},
        "ioc_tlp_id": 2,
        "tlp": {"tlp_id": 2, "tlp_name": "amber"},
        "ioc_tags": "",
        "ioc_description": "",
        "ioc_misp": None,
        "ioc_enrichment": {},
        "custom_attributes": {},
        "case_id": CASE_ID,
        "case": case,
        "user": {"id": 4, "name": "Mara Lindqvist"},
        **fields,
    }


def job(package: str, **changes: Any) -> dict[str, Any]:
    """Return a job: a run on a new IOC unless told otherwise."""
    return {
        "kind": "run",
        "package": package,
        "module_id": 7,
        "run_id": 11,
        "hook": "on_postload_ioc_create",
        "ui_name": None,
        "case_id": CASE_ID,
        "user": MARA,
        "configuration": [],
        "server_settings": {},
        "hooks": [
            {"id": hook.id, "hook_name": hook.name, "hook_description": hook.description}
            for hook in HOOKS.values()
        ],
        "subscriptions": [],
        "object_kind": "ioc",
        "data": [ioc()],
        "surroundings": {},
        **changes,
    }


def environment(package: str, *paths: Path, stamp: str = "1") -> Environment:
    """Return our own interpreter with folders of modules on its path."""
    return Environment(sys.executable, package, stamp, tuple(str(path) for path in paths))


def sample(package: str, *, is_forked: bool = False, **changes: Any) -> Outcome:
    """Run a sample module."""
    limits = changes.pop("limits", Limits(wall_seconds=LONGEST_SECONDS))
    keep_on = changes.pop("keep_on", None)
    place = environment(package, SAMPLES)
    return run_job(
        place, job(package, **changes), limits, is_preimported=is_forked, keep_on=keep_on
    )


def trouble(kind: str, **changes: Any) -> Outcome:
    """Let the sample misbehave."""
    chosen = [{"param_name": "trouble", "value": kind}]
    return sample("iris_sample_trouble", configuration=chosen, **changes)


def make_module(folder: Path, body: str, *, head: str = "", name: str = "made_up") -> Path:
    """Write a module whose handler is `body`; return the folder to put on the path."""
    package = folder / name
    package.mkdir()
    class_name = "".join(part.title() for part in name.split("_"))
    (package / "__init__.py").write_text(f'__iris_module_interface = "{class_name}"\n')
    inner = textwrap.indent(textwrap.dedent(body).strip(), " " * 8)
    text = HEAD.format(head=textwrap.dedent(head).strip(), name=class_name, body=inner)
    (package / f"{class_name}.py").write_text(text)
    return folder


def run_body(folder: Path, body: str, *, head: str = "", **changes: Any) -> Outcome:
    """Run a module made up of a handler's body, in a fresh interpreter unless told otherwise."""
    make_module(folder, body, head=head)
    is_forked = changes.pop("is_forked", False)
    limits = changes.pop("limits", Limits(wall_seconds=LONGEST_SECONDS))
    place = environment("made_up", folder)
    return run_job(place, job("made_up", **changes), limits, is_preimported=is_forked)


def result_of(outcome: Outcome) -> dict[str, Any]:
    """Return the result of a run that has one."""
    assert outcome.ending is Ending.FINISHED, outcome
    assert outcome.result is not None
    return outcome.result


def success_of(outcome: Outcome) -> dict[str, Any]:
    """Return the result of a run that succeeded."""
    result = result_of(outcome)
    assert result["status"] == "success", result
    return result


def failure_of(outcome: Outcome) -> str:
    """Return the message of a run that failed in an orderly way."""
    result = result_of(outcome)
    assert result["status"] == "failure", result
    return str(result["message"])


def texts(result: dict[str, Any]) -> list[str]:
    """Return the lines of the log."""
    return [line["text"] for line in result["logs"]]


def has_ended(process: int, seconds: float = 20.0) -> bool:
    """Tell whether a process ends within some seconds, or has ended before."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)
