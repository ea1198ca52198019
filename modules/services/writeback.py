"""Applying what a module run came to: the one way anything a module changed gets into our rows."""

from collections.abc import Mapping
from typing import Any

from cases.models import Case
from cases.permissions import WRITE, level_on_case
from modules.models import Module, ModuleRun
from modules.services.creating import create_all
from modules.services.enriching import Desk, enrich
from modules.services.merging import Sheet
from modules.services.writable import KINDS
from soar.core.actor import Actor
from soar.core.history import is_possible_id
from soar.core.models import User
from soar.core.permissions import ALL_PERMISSIONS
from soar.core.recording import recording

CHANNEL = "module"
MAXIMUM_DIFFS = 1000
GONE = "deleted meanwhile"
NOT_A_TARGET = "not an object of this run"
NOBODY = "whoever caused the run is not an active user any more"
NO_ACCESS = "whoever caused the run may not write to the case"
NO_CASE = "the run belongs to no case"
Gone = list[tuple[str, int]]


def module_actor(module: Module) -> Actor:
    """Return the module's service user acting; what he writes fires no hooks."""
    user = module.service_user
    return Actor(user.pk, user.login, user.name, ALL_PERMISSIONS, CHANNEL)


def apply_result(run: ModuleRun, module: Module, result: Mapping[str, Any]) -> Gone:
    """Write what a run changed and created; return which of its objects are gone, as (kind, id).

    Part of the transaction that ends the run, with the run locked; the caller saves it. Fills `applied`,
    `conflicts`, `refused` and `created` of the run. Every change is compared with what is there now, under
    the field policy and only where whoever caused the run may write. Applying a result again changes
    nothing. Raise Conflict, having written nothing, when the database ends a mutual wait.
    """
    diffs = _list(result.get("diffs"))[:MAXIMUM_DIFFS]
    creations = _list(result.get("creations"))
    sheet, gone = Sheet(), Gone()
    if diffs or creations:
        reason = _why_not(run)
        if reason:
            _refuse_all(sheet, diffs, creations, reason)
        else:
            gone = _write(run, module, diffs, creations, sheet)
    run.applied, run.conflicts = sheet.applied, sheet.conflicts
    run.refused, run.created = sheet.refused, sheet.created
    return gone


def _write(
    run: ModuleRun, module: Module, diffs: list[Any], creations: list[Any], sheet: Sheet
) -> Gone:
    gone = Gone()
    with recording(module_actor(module)) as record:
        desk = Desk(module_actor(module), module, run.case_id, record, sheet)
        case = _kept_case(run) if creations else None
        for kind, pk, changes, effects in _readable(run, diffs, sheet):
            if not enrich(desk, kind, pk, changes, effects):
                gone.append((kind, pk))
                sheet.refuse(kind, pk, "", GONE)
        if case is not None:
            create_all(desk, case, creations)
        elif creations:
            _refuse_all(sheet, [], creations, GONE if run.case_id else NO_CASE)
    return gone


def _kept_case(run: ModuleRun) -> Case | None:
    """Return the case of a run, kept from being deleted until the transaction ends."""
    return Case.objects.select_for_update(no_key=True).filter(pk=run.case_id or 0).first()


def _why_not(run: ModuleRun) -> str:
    """Return why nothing may be written in the name of whoever caused a run, or ""."""
    user = User.objects.filter(pk=run.user_id or 0, is_active=True).first()
    if user is None:
        return NOBODY
    if run.case_id is None:
        return "" if run.object_kind == "global_task" else NO_CASE
    level = level_on_case(Actor.of(user, CHANNEL), run.case_id)
    if level not in WRITE and Case.objects.filter(pk=run.case_id).exists():
        return NO_ACCESS
    return ""


def _readable(
    run: ModuleRun, diffs: list[Any], sheet: Sheet
) -> list[tuple[str, int, dict[str, Any], dict[str, Any]]]:
    """Return the diffs of the run's objects and of its case, in the order in which rows are locked."""
    targets = {(run.object_kind, pk) for pk in target_ids(run)} | {("case", run.case_id)}
    found: list[tuple[str, int, dict[str, Any], dict[str, Any]]] = []
    for diff in diffs:
        part = _dict(diff)
        kind, pk = part.get("kind"), part.get("id")
        is_number = isinstance(pk, int) and not isinstance(pk, bool)
        if isinstance(kind, str) and kind in KINDS and is_number and (kind, pk) in targets:
            changes, effects = _dict(part.get("changes")), _dict(part.get("attributes"))
            found.append((kind, int(pk or 0), changes, effects))
        else:
            _refuse_all(sheet, [diff], [], NOT_A_TARGET)
    return sorted(found, key=lambda one: (one[0] != "case", one[1]))


def target_ids(run: ModuleRun) -> set[int]:
    """Return the ids of the objects a run is about."""
    ids = (one.get("id") if isinstance(one, dict) else one for one in run.targets)
    return {pk for pk in ids if isinstance(pk, int) and is_possible_id(pk)}


def _refuse_all(sheet: Sheet, diffs: list[Any], creations: list[Any], reason: str) -> None:
    for diff in diffs:
        part = _dict(diff)
        kind, pk = str(part.get("kind")), part.get("id")
        for name, change in _dict(part.get("changes")).items():
            sheet.refuse(kind, pk, name, reason, change)
        if part.get("attributes"):
            sheet.refuse(kind, pk, "custom_attributes", reason, [None, part["attributes"]])
    for creation in creations:
        part = _dict(creation)
        sheet.refuse(str(part.get("kind")), part.get("ref"), "", reason)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
