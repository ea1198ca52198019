"""Asking a module what it is and what it listens to, in a process of its own.

Whatever comes back was written by somebody else: it is checked and cut to what we can store.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from modules.hooks import MANUAL, resolve
from modules.models import HookSubscription, Module
from modules.runner.host import Ending, Environment, Limits, Outcome, run_job
from modules.services.configuration import secrets_of
from modules.services.environments import environment_of
from modules.services.jobs import DESCRIBE, REGISTER, Job, job_of, job_of_package, limits_of
from modules.services.masking import redacted
from soar.core.errors import Invalid

DESCRIBE_SECONDS = 60.0
MOST_PARAMETERS, MOST_SUBSCRIPTIONS, MOST_LINES = 500, 1000, 200
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
UNSAID = "The module said nothing about itself"


@dataclass(frozen=True, slots=True)
class Definition:
    """A parameter as a module declares it."""

    name: str
    human_name: str
    description: str
    kind: str
    section: str
    is_mandatory: bool
    default: Any


@dataclass(frozen=True, slots=True)
class Description:
    """What a module says of itself, and what its health check says."""

    human_name: str
    description: str
    version: str
    interface_version: str
    kind: str
    pipeline: dict[str, Any] | None
    parameters: list[Definition]
    is_healthy: bool
    health: list[str]


@dataclass(frozen=True, slots=True)
class Registration:
    """What a module wants to be called on, and what was wrong with its wishes."""

    subscriptions: list[HookSubscription]
    problems: list[str]


def describe(environment: Environment) -> Description:
    """Return what a package in an environment says of itself. Raise Invalid with the reason."""
    job = job_of_package(environment.package, DESCRIBE)
    return _description(_result(environment, job, Limits(wall_seconds=DESCRIBE_SECONDS)))


def describe_module(module: Module) -> Description:
    """Return what a registered module says of itself as it is configured. Raise Invalid, CannotOpen."""
    limits = limits_of(module, at_most_seconds=DESCRIBE_SECONDS)
    job, secrets = job_of(module, DESCRIBE), secrets_of(module)
    description = _description(_result(environment_of(module), job, limits, secrets))
    health = [redacted(line, secrets) for line in description.health]
    return replace(description, health=health)


def ask_subscriptions(module: Module) -> Registration:
    """Let a module register its hooks and return the new set, not stored.

    Raise Invalid with the reason when it could not, CannotOpen when its secrets do not open.
    """
    limits = limits_of(module, at_most_seconds=DESCRIBE_SECONDS)
    job, secrets = job_of(module, REGISTER), secrets_of(module)
    result = _result(environment_of(module), job, limits, secrets)
    problems = [redacted(line, secrets) for line in _lines(result.get("problems"))]
    found: dict[tuple[str, str], HookSubscription] = {}
    for wish in _list(result.get("subscriptions"))[:MOST_SUBSCRIPTIONS]:
        subscription = _subscription(module, wish, problems)
        if subscription is not None:
            found[subscription.hook_name, subscription.ui_name] = subscription
    return Registration(list(found.values()), list(dict.fromkeys(problems)))


def reason_of(outcome: Outcome) -> str:
    """Return in words why an outcome is no success."""
    result = outcome.result or {}
    said = _text(result.get("message")) or _last_line(_text(result.get("traceback")))
    if outcome.ending is Ending.FINISHED:
        return said or UNSAID
    return outcome.detail or said or f"The module's process ended: {outcome.ending.value}"


def _result(
    environment: Environment, job: Job, limits: Limits, secrets: Sequence[str] = ()
) -> dict[str, Any]:
    """Return what a module answered. Raise Invalid with the reason, which names no secret."""
    outcome = run_job(environment, job, limits)
    result = outcome.result
    is_success = isinstance(result, dict) and result.get("status") == "success"
    if outcome.ending is not Ending.FINISHED or not is_success:
        logs = _lines(result.get("logs")) if isinstance(result, dict) else []
        shown = [redacted(line, secrets) for line in logs]
        raise Invalid(redacted(reason_of(outcome), secrets), details=shown)
    return result or {}


def _description(result: dict[str, Any]) -> Description:
    said = result.get("description")
    if not isinstance(said, dict):
        raise Invalid(UNSAID)
    human_name = _text(said.get("module_name"), 200).strip()
    if not human_name:
        raise Invalid("The module has no name: _module_name is empty")
    pipeline = said.get("pipeline_info") if said.get("pipeline_support") else None
    parameters = [_definition(one) for one in _list(said.get("configuration"))[:MOST_PARAMETERS]]
    return Description(
        human_name=human_name,
        description=_text(said.get("description")),
        version=_text(said.get("version"), 50),
        interface_version=_text(said.get("interface_version"), 50),
        kind=_text(said.get("type"), 20),
        pipeline=storable(pipeline) if isinstance(pipeline, dict) else None,
        parameters=list({one.name: one for one in parameters}.values()),
        is_healthy=said.get("is_healthy") is True,
        health=_lines(said.get("health")),
    )


def _definition(said: Any) -> Definition:
    name = _text(said.get("param_name"), 200) if isinstance(said, dict) else ""
    if not name:
        raise Invalid("A parameter of the module has no param_name")
    return Definition(
        name=name,
        human_name=_text(said.get("param_human_name"), 300) or name,
        description=_text(said.get("param_description")),
        kind=_text(said.get("type"), 50) or "string",
        section=_text(said.get("section"), 200),
        is_mandatory=bool(said.get("mandatory")),
        default=storable(said.get("default")),
    )


def _subscription(module: Module, wish: Any, problems: list[str]) -> HookSubscription | None:
    name = _text(wish.get("hook"), 200) if isinstance(wish, dict) else ""
    hook = resolve(name)
    if hook is None:
        problems.append(f"Hook {name or 'without a name'} is unknown")
        return None
    if hook.name != name:
        problems.append(f"Hook {name} is called {hook.name} now")
    is_manual = hook.phase == MANUAL
    ui_name = _text(wish.get("ui_name"), 300) or f"{module.package}::{hook.name}"
    return HookSubscription(
        module=module,
        hook_name=hook.name,
        ui_name=ui_name if is_manual else "",
        is_manual=is_manual,
        is_asynchronous=wish.get("run_asynchronously") is not False,
    )


def storable(value: Any) -> Any:
    """Return a JSON value without the characters PostgreSQL cannot store."""
    if isinstance(value, str):
        return UNSTORABLE.sub("", value)
    if isinstance(value, Mapping):
        return {storable(str(key)): storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item) for item in value]
    is_number = isinstance(value, float) and value - value != 0  # infinite or not a number
    return None if is_number else value


def _lines(said: Any) -> list[str]:
    texts = [
        f"{one.get('level', '')} {one.get('text', '')}" if isinstance(one, dict) else str(one)
        for one in _list(said)[:MOST_LINES]
    ]
    return [_text(text, 2000).strip() for text in texts]


def _text(said: Any, longest: int = 10_000) -> str:
    return UNSTORABLE.sub("", "" if said is None else str(said))[:longest]


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]


def _list(said: Any) -> list[Any]:
    return said if isinstance(said, list) else []
