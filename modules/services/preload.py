"""Asking modules before a request is looked at: they may change its body, never refuse it.

Always within the request, in a process of its own and within a short time; whatever goes wrong leaves the
body as it was and is told in the run. What comes back is validated like anything a client sends.
Source: contract iris-modules §1.1 and §4.2, 4.
"""

import datetime as dt
import time
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from iocs.models import Tlp
from modules.hooks import HOOKS, POSTLOAD, PRELOAD
from modules.models import HookSubscription, Module, ModuleRun
from modules.runner.host import Ending, run_job
from modules.services import gates
from modules.services.configuration import secrets_of
from modules.services.ending import Finding, end_run
from modules.services.environments import environment_of
from modules.services.execution import Lease, job_for
from modules.services.jobs import Job, limits_of
from modules.services.sealing import CannotOpen
from modules.services.sending import is_paused
from soar.core.actor import Actor

BUDGET_SECONDS = 2.0
KEPT_SECONDS = 2.0  # so long a process may not know of a subscription that another has made
NOT_USED = "The body of the request stays as it was: "
Status = ModuleRun.Status


@dataclass
class Known:
    """Which hooks have synchronous subscribers, as this process last saw it."""

    names: frozenset[str] = frozenset()
    seen_at: float = float("-inf")


_known = Known()


def synchronous_hooks() -> frozenset[str]:
    """Return the hooks some active module is allowed to keep requests waiting on.

    Looked up at most every two seconds, because every write asks.
    """
    now = time.monotonic()
    if now - _known.seen_at > KEPT_SECONDS:
        rows = HookSubscription.objects.filter(
            module__is_active=True, module__may_run_synchronously=True
        ).values_list("hook_name", "is_asynchronous")
        _known.names = frozenset(name for name, later in rows if _keeps_waiting(name, later=later))
        _known.seen_at = now
    return _known.names


def forget_synchronous_hooks() -> None:
    """Look again at the next write."""
    _known.seen_at = float("-inf")


def _keeps_waiting(name: str, *, later: bool) -> bool:
    hook = HOOKS.get(name)
    if hook is None:
        return False
    return hook.phase == PRELOAD or (hook.phase == POSTLOAD and not later)


def preload(actor: Actor, hook_name: str, case_id: int | None, payload: Any) -> Any:
    """Return the body of a request after every module that waits for it has seen it.

    `payload` is the body or, for deletions and the like, the id, which nothing can change.
    """
    if hook_name not in synchronous_hooks() or is_paused():
        return payload
    rows = HookSubscription.objects.filter(
        hook_name=hook_name, module__is_active=True, module__may_run_synchronously=True
    )
    deadline = time.monotonic() + BUDGET_SECONDS
    modules = rows.select_related("module__maximum_tlp", "module__service_user").order_by("pk")
    for subscription in modules:
        payload = _ask(actor, subscription.module, hook_name, case_id, payload, deadline)
    return payload


def _ask(
    actor: Actor,
    module: Module,
    hook_name: str,
    case_id: int | None,
    payload: Any,
    deadline: float,
) -> Any:
    if module.state in (Module.State.BROKEN, Module.State.UNCONFIGURED):
        return payload
    run, lease = _begin(actor, module, hook_name, case_id, payload)
    finding = _refusal(module, HOOKS[hook_name].kind, payload, deadline)
    if finding is None:
        finding = _asked(run, module, payload, deadline)
    new = _replacement(finding, payload)
    end_run(lease.run_id, lease.token, finding)
    return new


def _begin(
    actor: Actor, module: Module, hook_name: str, case_id: int | None, payload: Any
) -> tuple[ModuleRun, Lease]:
    """Write the run, already running, so that nobody else takes it."""
    now = timezone.now()
    run = ModuleRun(
        module=module,
        module_name=module.package,
        hook_name=hook_name,
        object_kind=HOOKS[hook_name].kind,
        targets=[{"type": HOOKS[hook_name].kind, "id": payload}] if _is_id(payload) else [],
        payload={"details": payload},
        case_id=case_id,
        user_id=actor.user_id,
        user_login=actor.login,
        status=Status.RUNNING,
        attempts=1,
        started_at=now,
        lease_until=now + dt.timedelta(seconds=10 * BUDGET_SECONDS),
    )
    run.lease_token = run.task_id
    with transaction.atomic():
        run.save(force_insert=True)
    return run, Lease(run.pk, run.lease_token)


def _refusal(module: Module, kind: str, payload: Any, deadline: float) -> Finding | None:
    if time.monotonic() >= deadline:
        return Finding(Status.SKIPPED, f"{NOT_USED}{BUDGET_SECONDS:g} s were over already")
    if kind != "ioc":
        return None
    given = payload.get("ioc_tlp_id") if isinstance(payload, dict) else None
    tlp = Tlp.objects.filter(pk=given or 0).first() if _is_id(given) else None
    reason = gates.why_too_secret(module, tlp)
    return Finding(Status.REJECTED, reason) if reason else None


def _asked(run: ModuleRun, module: Module, payload: Any, deadline: float) -> Finding:
    try:
        job: Job = job_for(run, module)
    except CannotOpen as error:
        return Finding(Status.FAILURE, str(error))
    secrets = secrets_of(module)
    outcome = run_job(
        environment_of(module),
        job,
        limits_of(module, at_most_seconds=deadline - time.monotonic()),
        is_preimported=module.is_preimported,
    )
    if outcome.ending is not Ending.FINISHED or outcome.result is None:
        is_late = outcome.ending is Ending.TIMEOUT  # of a budget that is ours
        status = Status.TIMEOUT if is_late else Status.DIED
        text = f"{NOT_USED}{outcome.detail}"
        return Finding(
            status, text, output=outcome.output, is_modules_fault=not is_late, secrets=secrets
        )
    result = outcome.result | {"diffs": [], "creations": []}  # there is nothing yet to write to
    is_success = result.get("status") == "success"
    status = Status.SUCCESS if is_success else Status.FAILURE
    message = str(result.get("message") or "")
    return Finding(status, message, result, outcome.output, secrets=secrets)


def _replacement(finding: Finding, payload: Any) -> Any:
    """Return element 0 of what came back, if that is a body that can stand for the one sent."""
    if finding.status != Status.SUCCESS or finding.result is None or not isinstance(payload, dict):
        return payload
    data = finding.result.get("data")
    if isinstance(data, list) and len(data) == 1 and isinstance(data[0], dict):
        return data[0]
    finding.message = f"{NOT_USED}nothing usable came back. {finding.message}".strip()
    return payload


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63
