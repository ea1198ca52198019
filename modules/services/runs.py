"""Requesting runs of module hooks by hand."""

import uuid
from collections.abc import Callable, Iterable

from django.db.models import QuerySet

from cases.permissions import require_case
from cases.selectors import (
    missing_ids,
    visible_assets,
    visible_case_iocs,
    visible_events,
    visible_evidences,
    visible_global_tasks,
    visible_notes,
    visible_tasks,
)
from iocs.models import Ioc
from modules.models import HookSubscription, Module, ModuleRun
from modules.selectors import MANUAL_PREFIX, manual_subscriptions
from soar.core.actor import Actor
from soar.core.errors import Conflict, Invalid
from soar.core.history import is_possible_id
from soar.core.recording import recording

Visible = Callable[[Actor], QuerySet]  # type: ignore[type-arg]
IN_CASE: dict[str, tuple[Visible, str]] = {
    "ioc": (visible_case_iocs, "ioc_id"),
    "asset": (visible_assets, "pk"),
    "note": (visible_notes, "pk"),
    "event": (visible_events, "pk"),
    "task": (visible_tasks, "pk"),
    "evidence": (visible_evidences, "pk"),
}
GLOBAL_TASK, CASE, IOC = "global_task", "case", "ioc"
# Modules every installation of DFIR-IRIS has and clients therefore call, and what stands for them here.
SUBSTITUTES = {"iris_check_module": "watchfloor_check"}
ERRORS = "Errors encountered during processing of data. "
LOCKED = "A locked IOC takes no action"
QUEUED = "Queued task with {} objects"


def request_runs(
    actor: Actor,
    case_id: int,
    *,
    object_type: str,
    target_ids: list[int],
    module_name: str = "",
    ui_name: str = "",
) -> list[ModuleRun]:
    """Queue a run of each matching manual hook on objects of a case.

    The hook is that of the type, whatever name a client sends (contract §2.5, client quirk). Without a
    module or a name every active one matches. For the type `case` the case itself is the target. What
    is not of this case, or not visible, counts as not found; Invalid then names it after the others were
    queued. Raise Forbidden, Invalid when nothing is registered for this, or Conflict for a locked indicator.
    """
    require_case(actor, case_id)
    asked = [case_id] if object_type == CASE else list(dict.fromkeys(target_ids))
    known = _known(actor, case_id, object_type, asked)
    matching = _matching(object_type, module_name, ui_name)
    missing = set(missing_ids(asked, known))
    found = [pk for pk in asked if pk not in missing]
    if object_type == IOC:
        _require_unlocked(found)
    runs = _queue(actor, case_id, object_type, found, matching) if found else []
    if missing:
        details = [f"Object ID {pk} not found" for pk in asked if pk in missing]
        raise Invalid(ERRORS + QUEUED.format(len(found)), details=details)
    return runs


def _known(actor: Actor, case_id: int, object_type: str, ids: list[int]) -> Iterable[int]:
    possible = [pk for pk in ids if is_possible_id(pk)]
    if object_type == CASE:
        return [case_id]
    if object_type == GLOBAL_TASK:
        return visible_global_tasks(actor).filter(pk__in=possible).values_list("pk", flat=True)
    if object_type not in IN_CASE:
        details = [f"Data type {object_type} not supported"]
        raise Invalid(ERRORS + QUEUED.format(0), details=details)
    visible, key = IN_CASE[object_type]
    rows = visible(actor).filter(case_id=case_id, **{f"{key}__in": possible})
    return rows.values_list(key, flat=True)


def _require_unlocked(ioc_ids: list[int]) -> None:
    locked = Ioc.objects.filter(pk__in=ioc_ids, locked_at__isnull=False).order_by("pk")
    details = [f"Object ID {pk} is locked" for pk in locked.values_list("pk", flat=True)]
    if details:
        raise Conflict(LOCKED, details=details)


def _matching(object_type: str, module_name: str, ui_name: str) -> list[HookSubscription]:
    """Return the active manual hooks of a type that a call means. Raise Invalid naming what is missing."""
    hook = f"{MANUAL_PREFIX}{object_type}"
    package = _package(module_name)
    is_default_name = ui_name == f"{module_name}::{hook}"
    wanted = "" if package != module_name and is_default_name else ui_name
    matching = [
        one
        for one in manual_subscriptions(object_type)
        if package in ("", one.module.package) and wanted in ("", one.ui_name)
    ]
    if not matching:
        who = f"Module {module_name}" if module_name else "No active module"
        verb = "is not registered and active" if module_name else "is registered"
        under = f" under the name {ui_name!r}" if ui_name else ""
        raise Invalid(f"{who} {verb} on {hook}{under}")
    return matching


def _package(module_name: str) -> str:
    substitute = SUBSTITUTES.get(module_name)
    if substitute and not Module.objects.filter(package=module_name).exists():
        return substitute
    return module_name


def _queue(
    actor: Actor,
    case_id: int,
    object_type: str,
    target_ids: list[int],
    subscriptions: list[HookSubscription],
) -> list[ModuleRun]:
    click = uuid.uuid4().hex
    runs = []
    with recording(actor) as record:
        for subscription in subscriptions:
            module = subscription.module
            run = ModuleRun.objects.create(
                module=module,
                module_name=module.package,
                hook_name=subscription.hook_name,
                ui_name=subscription.ui_name,
                object_kind=object_type,
                targets=[{"type": object_type, "id": pk} for pk in target_ids],
                case_id=case_id,
                user_id=actor.user_id,
                user_login=actor.login,
                dedup_key=f"manual:{click}:{subscription.pk}",
            )
            summary = f"requested {run} on {len(target_ids)} objects"
            after = {
                "module_name": module.package,
                "hook_name": run.hook_name,
                "ui_name": run.ui_name,
                "targets": target_ids,
            }
            record("hook.requested", run, case_id=case_id, summary=summary, after=after)
            runs.append(run)
    return runs
