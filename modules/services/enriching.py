"""Writing what a module changed of one object, under the field policy of contract iris-modules §4.5."""

from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils import timezone

from cases.models import CaseIoc
from cases.services.iocs import update_ioc
from iocs.models import Ioc
from modules.models import Module
from modules.services.merging import (
    CHANGED_MEANWHILE,
    Merge,
    Sheet,
    merge_attributes,
    merge_mapping,
    merge_tags,
    merge_text,
    note_entry,
    pair_of,
    shown,
)
from modules.services.writable import ATTRIBUTES, KINDS, Column, Form, Kind, may_write
from soar.core.actor import Actor
from soar.core.errors import DomainError
from soar.core.history import note
from soar.core.models import TrackedModel
from soar.core.recording import Record

NOT_WRITABLE = "modules may not write this field"
NO_SUCH_FIELD = "modules cannot write this field"
LOCKED = "the IOC is locked"
SHARED = "another case holds this IOC and would see it: write to custom_attributes"


@dataclass(frozen=True, slots=True)
class Desk:
    """What writing the result of one run takes: who writes, for which module, in which case, and where
    the outcome is noted."""

    actor: Actor
    module: Module
    case_id: int | None
    record: Record
    sheet: Sheet

    @property
    def label(self) -> str:
        """Return how activity lines name the module."""
        return f"module {self.module.human_name}"


@dataclass
class _Draft:
    """An object being written: its locked row, what was changed on it, and the values for the audit."""

    desk: Desk
    kind: str
    pk: int
    row: Any
    columns: set[str] = field(default_factory=set)
    observable: Ioc | None = None
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)

    def note(self, merge: Merge) -> None:
        """Note the outcome for one column."""
        head = {"kind": self.kind, "id": self.pk}
        sheet = self.desk.sheet
        for name, old, new in merge.applied:
            note_entry(sheet.applied, head | {"field": name, "old": old, "new": new})
            self.before[name], self.after[name] = shown(old), shown(new)
        for name, old, new in merge.conflicts:
            entry = {"field": name, "old": old, "new": new, "reason": CHANGED_MEANWHILE}
            note_entry(sheet.conflicts, head | entry)
        for name, change, reason in merge.refused:
            sheet.refuse(self.kind, self.pk, name, reason, change)

    def note_conflict(self, name: str, change: Any, reason: str) -> None:
        """Note a change that is not written because of how things are."""
        old, new = pair_of(change) or (None, None)
        entry = {"field": name, "old": old, "new": new, "reason": reason}
        note_entry(self.desk.sheet.conflicts, {"kind": self.kind, "id": self.pk} | entry)


def enrich(
    desk: Desk, kind: str, pk: int, changes: dict[str, Any], effects: dict[str, Any]
) -> bool:
    """Write what a module changed of an object; return False when the object is gone.

    `changes` are {field: [old, new]}, `effects` {tab: {field: attribute}}. A change that somebody else's
    overtook is a conflict, one the policy does not allow is refused; neither touches the rest.
    """
    spec = KINDS[kind]
    row = _locked(spec, kind, pk, desk.case_id)
    if row is None:
        return False
    draft = _Draft(desk, kind, pk, row)
    allowed = _allowed(draft, spec, changes, effects)
    for name, column in spec.columns.items():
        if name in allowed:
            _set(draft, name, column, changes[name])
    if ATTRIBUTES in allowed:
        merge = merge_attributes(draft.row.custom_attributes, changes.get(ATTRIBUTES), effects)
        draft.note(merge)
        if merge.applied:
            draft.row.custom_attributes = merge.value
            draft.columns.add(ATTRIBUTES)
    if draft.after:
        _save(draft, spec)
    return True


def _allowed(
    draft: _Draft, spec: Kind, changes: dict[str, Any], effects: dict[str, Any]
) -> set[str]:
    """Return the fields that may be written, having noted the others as refused."""
    wanted: dict[str, Any] = dict(changes)
    if effects:
        wanted.setdefault(ATTRIBUTES, [None, effects])
    names = set(spec.columns) | ({ATTRIBUTES} if spec.has_attributes else set())
    allowed = set()
    for name, change in wanted.items():
        if name in names and may_write(draft.desk.module, name):
            allowed.add(name)
        else:
            reason = NOT_WRITABLE if name in names else NO_SUCH_FIELD
            draft.desk.sheet.refuse(draft.kind, draft.pk, name, reason, change)
    return allowed


def _set(draft: _Draft, name: str, column: Column, change: Any) -> None:
    if column.form is Form.IOC_VALUE:
        _correct_value(draft, name, change)
        return
    target = _target_of(draft, column)
    if target is draft.observable and _is_shared(draft):
        draft.desk.sheet.refuse(draft.kind, draft.pk, name, SHARED, change)
        return
    if target is draft.observable and target is not None and target.locked_at is not None:
        draft.note_conflict(name, change, LOCKED)
        return
    now = getattr(target, column.attribute)
    if column.form is Form.TEXT:
        merge = merge_text(name, now, change, limit=column.limit, is_required=column.is_required)
    elif column.form is Form.TAGS:
        merge = merge_tags(name, now, change, limit=column.limit)
    else:
        merge = merge_mapping(name, now, change)
    draft.note(merge)
    if merge.applied:
        setattr(target, column.attribute, merge.value)
        if target is draft.row:
            draft.columns.add(column.attribute)


def _target_of(draft: _Draft, column: Column) -> Any:
    """Return the row a column is of; the enrichment of an IOC belongs to the observable."""
    if draft.kind != "ioc" or column.form is not Form.MAPPING:
        return draft.row
    if draft.observable is None:
        locked = Ioc.objects.select_for_update(no_key=True)
        draft.observable = locked.get(pk=draft.row.ioc_id)
    return draft.observable


def _is_shared(draft: _Draft) -> bool:
    """Tell whether another case holds the IOC, and would see what is written to the observable."""
    others = CaseIoc.objects.filter(ioc_id=draft.row.ioc_id).exclude(pk=draft.row.pk)
    return others.exists()


def _correct_value(draft: _Draft, name: str, change: Any) -> None:
    """Correct the value of an indicator the way an analyst would, with all that follows from it."""
    merge = merge_text(name, draft.row.ioc.value, change, limit=None, is_required=True)
    if not merge.applied:
        draft.note(merge)
        return
    try:
        draft.row = update_ioc(
            draft.desk.actor, draft.row.case_id, draft.row.ioc_id, value=merge.value
        )
    except DomainError as error:
        reason = "; ".join(text for texts in error.fields.values() for text in texts)
        draft.note_conflict(name, change, reason or error.message)
    else:
        draft.note(merge)
        draft.observable = None


def _save(draft: _Draft, spec: Kind) -> None:
    row, desk = draft.row, draft.desk
    columns = set(draft.columns)
    if hasattr(row, "updated_at"):
        row.updated_at = timezone.now()
        columns.add("updated_at")
    if hasattr(row, "updated_by_id"):
        row.updated_by_id = desk.actor.user_id
        columns.add("updated_by")
    if isinstance(row, TrackedModel):
        note(desk.actor, row, f"enriched by {desk.label}")
        columns.add("history")
    row.save(update_fields=columns)
    after = dict(draft.after)
    if draft.kind == "ioc":
        after["ioc_id"] = row.ioc_id
    if draft.observable is not None:
        draft.observable.save(update_fields=["enrichment"])
    desk.record(
        f"{draft.kind}.enriched",
        row,
        case_id=getattr(row, "case_id", desk.case_id if draft.kind == "case" else None),
        counter=spec.counter,
        summary=f'{desk.label} enriched {spec.noun} "{_name_of(row)}"',
        before=draft.before,
        after=after,
    )


def _name_of(row: models.Model) -> str:
    return str(getattr(row, "ioc", row))


def _locked(spec: Kind, kind: str, pk: int, case_id: int | None) -> Any:
    rows = spec.model._default_manager.select_for_update(of=("self",))
    if kind == "ioc":
        return rows.select_related("ioc").filter(case_id=case_id, ioc_id=pk).first()
    if kind == "global_task":
        return rows.filter(pk=pk).first()
    if kind == "case":
        return rows.filter(pk=pk).first() if pk == case_id else None
    return rows.filter(case_id=case_id, pk=pk).first()
