"""What a module listens to: asked again whenever its configuration may have changed the answer."""

import uuid
from collections.abc import Sequence
from typing import Any

from modules.models import HookSubscription, Module, ModuleParameter
from modules.selectors import find_module
from modules.services.configuration import missing_parameters, unopened_parameters
from modules.services.describing import Registration, ask_subscriptions
from soar.core.actor import Actor
from soar.core.errors import Conflict, DomainError, Invalid
from soar.core.permissions import Permission
from soar.core.recording import Record, recording

ATTEMPTS = 5
REFUSED = "Unable to update hooks"
BUSY = "The configuration keeps changing, try again"
Fingerprint = tuple[uuid.UUID, tuple[tuple[str, Any, str], ...]]


def refresh_subscriptions(actor: Actor, module_id: int) -> Module:
    """Let a module register its hooks, and take over what it registered.

    The old set counts until then: it is kept when the module fails, which makes it broken, and nothing
    is taken over from a run under a configuration that was changed meanwhile. Raise Forbidden, NotFound
    or Conflict, which tells the reason in its details; a module that is not configured yet may fail.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    for _ in range(ATTEMPTS):
        module = find_module(Module.objects.all(), module_id)
        asked_under = _fingerprint(module)
        registration, problem = _asked(module)
        with recording(actor) as record:
            locked = find_module(Module.objects.select_for_update(of=("self",)), module_id)
            if _fingerprint(locked) != asked_under:
                continue
            _take_over(locked, registration, problem, record)
        if problem is not None and locked.state != Module.State.UNCONFIGURED:
            raise Conflict(REFUSED, details=[problem.message, *problem.details])
        return locked
    raise Conflict(BUSY)


def settle(module: Module, parameters: Sequence[ModuleParameter], *, problem: str = "") -> None:
    """Set a module's state to what its parameters and its last problem make of it; the caller saves.

    A module the circuit breaker stopped stays broken.
    """
    missing, closed = missing_parameters(parameters), unopened_parameters(parameters)
    if missing:
        module.state = Module.State.UNCONFIGURED
        module.state_reason = f"Mandatory parameters are not set: {', '.join(missing)}"
    elif closed:
        module.state = Module.State.BROKEN
        module.state_reason = f"Secrets do not open, set them anew: {', '.join(closed)}"
    elif problem:
        module.state, module.state_reason = Module.State.BROKEN, problem
    elif module.broken_until is None:
        module.state, module.state_reason = Module.State.READY, ""


def _asked(module: Module) -> tuple[Registration | None, DomainError | None]:
    if module.kind == Module.Kind.PIPELINE:
        return Registration([], []), None
    try:
        return ask_subscriptions(module), None
    except (Invalid, Conflict) as error:
        return None, error


def _take_over(
    module: Module,
    registration: Registration | None,
    problem: DomainError | None,
    record: Record,
) -> None:
    parameters = list(module.parameters.all())
    before = {"state": module.state, "reason": module.state_reason}
    settle(module, parameters, problem=problem.message if problem else "")
    changed = False
    if registration is not None:
        changed = _replace(module, registration.subscriptions)
        if module.state == Module.State.READY:
            module.state_reason = "\n".join(registration.problems)
    module.save(update_fields=["state", "state_reason"])
    after = {"state": module.state, "reason": module.state_reason}
    if changed or before != after:
        hooks = len(registration.subscriptions) if registration else 0
        summary = f"module {module.human_name} is {module.state}"
        if changed:
            summary = f"module {module.human_name} registered {hooks} hooks"
        record("module.registered_hooks", module, summary=summary, before=before, after=after)


def _replace(module: Module, wanted: list[HookSubscription]) -> bool:
    """Make the module's subscriptions the wanted ones, keeping the rows that stay; tell of a change."""
    old = {_key(row): row for row in module.subscriptions.all()}
    new = {_key(row): row for row in wanted}
    gone = [row.pk for key, row in old.items() if key not in new]
    added = [row for key, row in new.items() if key not in old]
    HookSubscription.objects.filter(pk__in=gone).delete()
    HookSubscription.objects.bulk_create(added)
    return bool(gone or added)


def _key(row: HookSubscription) -> tuple[str, str, bool]:
    return row.hook_name, row.ui_name, row.is_asynchronous


def _fingerprint(module: Module) -> Fingerprint:
    rows = module.parameters.order_by("name").values_list("name", "value", "sealed")
    return module.stamp, tuple(rows)
