"""Requesting runs of module hooks."""

from collections.abc import Callable, Iterable
from typing import Any

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
from modules.models import ModuleRun
from soar.core.actor import Actor
from soar.core.errors import Invalid
from soar.core.history import is_possible_id
from soar.core.recording import recording

Visible = Callable[[Actor], QuerySet[Any]]
IN_CASE: dict[str, tuple[Visible, str]] = {
    "ioc": (visible_case_iocs, "ioc_id"),
    "asset": (visible_assets, "pk"),
    "note": (visible_notes, "pk"),
    "event": (visible_events, "pk"),
    "task": (visible_tasks, "pk"),
    "evidence": (visible_evidences, "pk"),
}
GLOBAL_TASK, CASE = "global_task", "case"


def request_run(
    actor: Actor,
    case_id: int,
    *,
    hook_name: str,
    object_type: str,
    target_ids: list[int],
    module_name: str = "",
) -> ModuleRun:
    """Queue one run of a manual hook on objects of a case.

    For the type `case` the case itself is the target. Raise Forbidden, or Invalid when a target is not
    of this case; nothing is queued then.
    """
    require_case(actor, case_id)
    targets = [case_id] if object_type == CASE else list(dict.fromkeys(target_ids))
    if missing_ids(targets, _known(actor, case_id, object_type, targets)):
        raise Invalid.field("targets", "Invalid target")
    with recording(actor) as record:
        run = ModuleRun.objects.create(
            module_name=module_name,
            hook_name=hook_name,
            case_id=case_id,
            user_login=actor.login,
            targets=[{"type": object_type, "id": pk} for pk in targets],
        )
        record(
            "hook.requested",
            run,
            case_id=case_id,
            summary=f"requested {module_name}::{hook_name} on {len(targets)} objects",
            after={"hook_name": hook_name, "module_name": module_name, "targets": targets},
        )
    return run


def _known(actor: Actor, case_id: int, object_type: str, ids: list[int]) -> Iterable[int]:
    possible = [pk for pk in ids if is_possible_id(pk)]
    if object_type == CASE:
        return [case_id]
    if object_type == GLOBAL_TASK:
        return visible_global_tasks(actor).filter(pk__in=possible).values_list("pk", flat=True)
    if object_type not in IN_CASE:
        raise Invalid.field("type", "Invalid data type")
    visible, key = IN_CASE[object_type]
    rows = visible(actor).filter(case_id=case_id, **{f"{key}__in": possible})
    return rows.values_list(key, flat=True)
