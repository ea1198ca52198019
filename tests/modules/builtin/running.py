"""Runs shipped modules as the product does: in the runner's child process."""

from typing import Any

from modules.runner.host import Ending, Limits, run_job
from modules.services.environments import environment_in
from modules.services.jobs import DESCRIBE, REGISTER, RUN, job_of_package

Result = dict[str, Any]
USER = {"id": 4, "name": "Mara Lindqvist", "login": "mara", "email": "mara@watchfloor.invalid"}
LIMITS = Limits(wall_seconds=60)


def ask(
    package: str,
    kind: str,
    parameters: dict[str, Any],
    *,
    is_preimported: bool = False,
    **job: Any,
) -> Result:
    """Let a module do a job with these parameters set, and return its result."""
    configuration = [{"param_name": name, "value": value} for name, value in parameters.items()]
    environment = environment_in("", package, "test")
    outcome = run_job(environment, {**job_of_package(package, kind, configuration), **job}, LIMITS)
    assert outcome.ending is Ending.FINISHED, outcome
    assert outcome.result is not None
    return outcome.result


def describe(package: str, **parameters: Any) -> Result:
    """Return what a module says of itself."""
    described = ask(package, DESCRIBE, parameters)["description"]
    assert isinstance(described, dict)
    return described


def register(package: str, **parameters: Any) -> Result:
    """Return the result of registering hooks."""
    return ask(package, REGISTER, parameters)


def hooks_of(package: str, **parameters: Any) -> set[tuple[str, str]]:
    """Return the hooks a module subscribes to, and the names of the manual ones."""
    result = register(package, **parameters)
    assert (result["status"], result["problems"]) == ("success", [])
    return {(one["hook"], one["ui_name"] or "") for one in result["subscriptions"]}


def run(
    package: str, hook: str, data: list[Any], parameters: dict[str, Any] | None = None, **job: Any
) -> Result:
    """Return the result of a run in case 3 for mara."""
    about = {"hook": hook, "data": data, "case_id": 3, "user": USER, "run_id": 11, **job}
    return ask(package, RUN, parameters or {}, **about)


def lines_of(result: Result) -> list[str]:
    """Return what a run logged from level INFO on."""
    return [one["text"] for one in result["logs"] if one["level"] != "DEBUG"]
