"""Trying a module on an object: it runs as it would, and nothing of what it does is applied."""

from dataclasses import replace
from typing import Any

from cases.permissions import READ, require_case
from iocs.models import Tlp
from modules.models import HookSubscription, Module
from modules.runner.host import Outcome, run_job
from modules.selectors import MANUAL_PREFIX, find_module
from modules.services import gates
from modules.services.configuration import secrets_of
from modules.services.environments import environment_of
from modules.services.jobs import RUN, Job, job_of, limits_of
from modules.services.masking import redacted
from modules.services.runs import CASE, GLOBAL_TASK, IN_CASE
from modules.snapshots import surroundings, take
from soar.core.actor import Actor
from soar.core.errors import Conflict, Invalid, NotFound
from soar.core.models import User
from soar.core.permissions import Permission
from soar.core.recording import recording

LATER = 2
IOC = "ioc"


def dry_run(
    actor: Actor,
    module_id: int,
    kind: str,
    object_id: int,
    case_id: int | None = None,
    *,
    called: str = "",
    at_most_seconds: float | None = None,
) -> Outcome:
    """Run a module on an object and return what it did: logs, diff, wishes; none of it is applied.

    It runs within its limits, and those of a caller who waits, whether it is active or not. Without a
    case the object's own is taken; `called` is a hook or the name of a manual one, else one the module
    has for the kind is chosen. Secrets are redacted from what comes back. Raise Forbidden, NotFound or
    Invalid.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    module = find_module(Module.objects.all(), module_id)
    subscription = _subscription(module, kind, called)
    if case_id is None:
        case_id = _case_of(actor, kind, object_id)
    if case_id is not None:
        require_case(actor, case_id, READ)
    snapshot = take(kind, object_id, case_id)
    if snapshot is None:
        raise NotFound(f"There is no {kind} {object_id} in case {case_id}")
    if kind == IOC:
        reason = gates.why_too_secret(module, Tlp.objects.filter(pk=snapshot["ioc_tlp_id"]).first())
        if reason:
            raise Conflict(reason)
    job = job_of(module, RUN) | _occasion(actor, subscription, kind, case_id)
    job["data"] = gates.fit_to_tell(module, [{"__kind__": kind} | snapshot])
    with recording(actor) as record:
        summary = f"tried module {module.human_name} on {kind} {object_id}"
        after = {"hook": subscription.hook_name, "kind": kind, "id": object_id}
        record("module.tried", module, case_id=case_id, summary=summary, after=after)
    outcome = run_job(
        environment_of(module), job, limits_of(module, at_most_seconds=at_most_seconds)
    )
    return _without(outcome, secrets_of(module))


def _subscription(module: Module, kind: str, called: str) -> HookSubscription:
    """Return what to call the module on: what was named, a manual hook, or what follows a change."""
    order = [f"{MANUAL_PREFIX}{kind}", f"on_postload_{kind}_create", f"on_postload_{kind}_update"]
    rows = list(module.subscriptions.filter(hook_name__in=order))
    if called:
        rows = [row for row in rows if called in (row.hook_name, row.ui_name)]
    rows.sort(key=lambda row: (order.index(row.hook_name), row.pk))
    if not rows:
        what = called or ", ".join(order)
        raise Invalid(f"Module {module.human_name} is not registered on {what} for {kind}")
    return rows[0]


def _case_of(actor: Actor, kind: str, object_id: int) -> int | None:
    """Return the one case that holds an object. Raise NotFound, or Invalid when there are several."""
    if kind == CASE:
        return object_id
    if kind == GLOBAL_TASK:
        return None
    if kind not in IN_CASE:
        raise Invalid(f"Data type {kind} not supported")
    visible, key = IN_CASE[kind]
    rows = visible(actor).filter(**{key: object_id}).order_by("case_id")
    cases = list(rows.values_list("case_id", flat=True).distinct()[:LATER])
    if not cases:
        raise NotFound(f"There is no {kind} {object_id}")
    if len(cases) > 1:
        raise Invalid(f"Several cases hold {kind} {object_id}: name one")
    return int(cases[0])


def _occasion(actor: Actor, subscription: HookSubscription, kind: str, case_id: int | None) -> Job:
    user = User.objects.get(pk=actor.user_id)
    return {
        "hook": subscription.hook_name,
        "ui_name": subscription.ui_name or None,
        "case_id": case_id,
        "user": {"id": user.pk, "name": user.name, "login": user.login, "email": user.email},
        "object_kind": kind,
        "surroundings": surroundings(case_id),
    }


def _without(outcome: Outcome, secrets: list[str]) -> Outcome:
    result = None if outcome.result is None else _redacted(outcome.result, secrets)
    return replace(outcome, result=result, output=redacted(outcome.output, secrets))


def _redacted(value: Any, secrets: list[str]) -> Any:
    if isinstance(value, str):
        return redacted(value, secrets)
    if isinstance(value, dict):
        return {key: _redacted(item, secrets) for key, item in value.items()}
    return [_redacted(item, secrets) for item in value] if isinstance(value, list) else value
