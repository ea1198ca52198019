"""A runner that plays modules from a script, for tests of what the trusted side makes of their answers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from modules.runner.host import Ending, Environment, Limits, Outcome

Configuration = dict[str, Any]
Wishes = Callable[[Configuration], list[dict[str, Any]]]


def parameter(name: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    """Return a parameter as a module declares it."""
    declared = {
        "param_name": name,
        "param_human_name": name.title(),
        "param_description": f"What {name} is for",
        "default": None,
        "mandatory": False,
        "type": kind,
    }
    return declared | more


def wish(hook: str, ui_name: str | None = None, **more: Any) -> dict[str, Any]:
    """Return a hook as a module registers it."""
    return {"hook": hook, "ui_name": ui_name, "run_asynchronously": True, **more}


@dataclass
class Part:
    """What one module says and wants; `problem` makes it fail with that message."""

    human_name: str = "Scripted"
    version: str = "1.0"
    kind: str = "module_processor"
    parameters: list[dict[str, Any]] = field(default_factory=list)
    wishes: Wishes = lambda configuration: []
    problems: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=lambda: ["all is well"])
    is_healthy: bool = True
    pipeline: dict[str, Any] | None = None
    problem: str = ""

    def description(self) -> dict[str, Any]:
        """Return the answer to describe."""
        return {
            "module_name": self.human_name,
            "description": "Plays its part",
            "version": self.version,
            "interface_version": "1.2.0",
            "type": self.kind,
            "pipeline_support": self.pipeline is not None,
            "pipeline_info": self.pipeline or {},
            "configuration": self.parameters,
            "is_ready": True,
            "health": [{"level": "INFO", "time": "", "text": text} for text in self.health],
            "is_healthy": self.is_healthy,
        }


class ScriptedRunner:
    """Answers jobs by the parts, notes the jobs, and calls `on_job` before it answers."""

    def __init__(self) -> None:
        self.parts: dict[str, Part] = {}
        self.jobs: list[dict[str, Any]] = []
        self.environments: list[Environment] = []
        self.on_job: Callable[[dict[str, Any]], None] = lambda job: None

    def __call__(
        self, environment: Environment, job: dict[str, Any], limits: Limits, **options: Any
    ) -> Outcome:
        """Play the part of the package."""
        self.jobs.append(job)
        self.environments.append(environment)
        self.on_job(job)
        part = self.parts.get(environment.package)
        if part is None:
            return Outcome(Ending.DIED, None, "", "killed by signal 11", 0.1)
        if part.problem:
            logs = [{"level": "ERROR", "time": "", "text": "line of the log"}]
            return self._finished(status="failure", message=part.problem, logs=logs)
        if job["kind"] == "describe":
            return self._finished(description=part.description())
        values = {one["param_name"]: one["value"] for one in job["configuration"]}
        return self._finished(subscriptions=part.wishes(values), problems=part.problems)

    def kinds(self) -> list[str]:
        """Return the kinds of the jobs so far."""
        return [job["kind"] for job in self.jobs]

    def _finished(self, **result: Any) -> Outcome:
        return Outcome(Ending.FINISHED, {"status": "success", "message": ""} | result, "", "", 0.1)
