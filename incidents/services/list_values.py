"""The values administrators list for fields; some stand for a row that other doors know."""

from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import Max, ProtectedError

from cases.models import CaseClassification
from cases.selectors import find
from cases.services.references import check_references, unique
from incidents.models import IncidentTemplate, ListField, ListValue
from incidents.services.conditions import asking_for, follow_rename
from incidents.services.lists import COUNTERPARTS, LOCK
from incidents.services.names import strip_name
from soar.core.actor import Actor
from soar.core.errors import Conflict, Invalid
from soar.core.history import apply_changes
from soar.core.locking import lock_for_transaction
from soar.core.permissions import Permission
from soar.core.recording import recording

EDITABLE = frozenset({"label", "position", "is_mandatory", "sets_status_id", "classification_id"})
OF_INTERNAL = frozenset({"label", "position"})
# What only values of one field have.
ONLY_OF = {
    "is_mandatory": ListField.PHASE,
    "sets_status_id": ListField.PHASE,
    "classification_id": ListField.TYPE,
    "is_closed": ListField.STATUS,
}
LABEL_LENGTH, COUNTERPART_LENGTH, LAST_POSITION = 200, 100, 100_000
UNKNOWN = "There is no such list value."
TAKEN = "The field has a value of this label already."
INTERNAL = "An internal value can be renamed and moved, not changed otherwise or deleted."
IN_USE = "Something has this value: give it another one first."


def add_list_value(
    actor: Actor, *, field: str, label: str, is_closed: bool = False, **values: Any
) -> ListValue:
    """Add a value to a field, at the end unless told where.

    A status, restriction or triage status makes the state, severity or alert status it stands for; a case
    in an `is_closed` one is closed. Raise Forbidden, or Invalid also for a label the field has already.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    if field not in ListField.values:
        raise Invalid.field("field", "There is no such field.")
    with recording(actor) as record:
        lock_for_transaction(LOCK)
        value = ListValue(field=ListField(field))
        _check(value, changes := {"label": label, **values}, is_closed=is_closed)
        if changes.get("position") is None:
            last = ListValue.objects.filter(field=field).aggregate(last=Max("position"))["last"]
            changes["position"] = (last or 0) + 1
        _, after = apply_changes(value, changes, EDITABLE)
        _make_counterpart(value, is_closed=is_closed)
        with unique("label", TAKEN):
            value.save()
        after |= {"field": field, "is_closed": is_closed}
        record("list_value.created", value, summary=f"added {field} {value}", after=after)
    return value


def update_list_value(actor: Actor, value_id: int, **changes: Any) -> ListValue:
    """Rename or move a value, or change what a phase or type has besides; conditions follow a new name.

    Its counterpart in other doors keeps its name. Raise Forbidden, NotFound, Invalid, or Conflict for more
    than a new name or place of an internal one.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        lock_for_transaction(LOCK)
        value = find(ListValue.objects.select_for_update(), value_id, UNKNOWN)
        if value.is_internal and changes.keys() - OF_INTERNAL:
            raise Conflict(INTERNAL)
        if changes.get("position", 0) is None:
            del changes["position"]
        _check(value, changes)
        before, after = apply_changes(value, changes, EDITABLE)
        with unique("label", TAKEN):
            value.save()
        if "label" in after:
            follow_rename(record, value, before["label"])
        summary = f"updated {value.field} {value}"
        if after:
            record("list_value.updated", value, summary=summary, before=before, after=after)
    return value


def delete_list_value(actor: Actor, value_id: int) -> None:
    """Delete a value nothing has, with its counterpart in other doors.

    Raise Forbidden, NotFound, or Conflict for an internal one and one in use.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        lock_for_transaction(LOCK)
        value = find(ListValue.objects.select_for_update(), value_id, UNKNOWN)
        if value.is_internal:
            raise Conflict(INTERNAL)
        if _is_in_template(value) or asking_for(value, value.label):
            raise Conflict(IN_USE)
        before = {"field": value.field, "label": value.label}
        summary = f"deleted {value.field} {value}"
        record("list_value.deleted", value, summary=summary, before=before)
        try:
            _counterpart_of(value).delete()
        except ProtectedError as error:
            raise Conflict(IN_USE) from error


def _counterpart_of(value: ListValue) -> models.Model:
    """Return what goes when a value goes: its counterpart, which takes it along, or the value itself."""
    attribute, _ = COUNTERPARTS.get(ListField(value.field), ("", None))
    row = getattr(value, attribute) if attribute else None
    if row is not None and getattr(row, "protected", False):
        raise Conflict(INTERNAL)
    return row or value


def _check(value: ListValue, changes: dict[str, Any], *, is_closed: bool = False) -> None:
    field = ListField(value.field)
    strip_name(
        changes,
        field="label",
        length=COUNTERPART_LENGTH if field in COUNTERPARTS else LABEL_LENGTH,
    )
    others = ListValue.objects.filter(field=field).exclude(pk=value.pk)
    if "label" in changes and others.filter(label__iexact=changes["label"]).exists():
        raise Invalid.field("label", TAKEN)
    for name, given in (changes | {"is_closed": is_closed}).items():
        if given and ONLY_OF.get(name, field) != field:
            raise Invalid.field(name, f"Only values of {ONLY_OF[name].label} have this.")
    if not 0 <= (changes.get("position") or 0) <= LAST_POSITION:
        raise Invalid.field("position", f"Between 0 and {LAST_POSITION}.")
    _check_references(changes, others)


def _check_references(changes: dict[str, Any], others: models.QuerySet[ListValue]) -> None:
    check_references(
        sets_status_id=(ListValue, changes.get("sets_status_id"), "There is no such status."),
        classification_id=(
            CaseClassification,
            changes.get("classification_id"),
            "There is no such classification.",
        ),
    )
    status_id, classification_id = changes.get("sets_status_id"), changes.get("classification_id")
    statuses = ListValue.objects.filter(field=ListField.STATUS)
    if status_id is not None and not statuses.filter(pk=status_id).exists():
        raise Invalid.field("sets_status_id", "There is no such status.")
    if classification_id and others.filter(classification=classification_id).exists():
        raise Invalid.field("classification_id", "Another type stands for this classification.")


def _make_counterpart(value: ListValue, *, is_closed: bool) -> None:
    """Make the row that a new value stands for in other doors."""
    attribute, table = COUNTERPARTS.get(ListField(value.field), ("", None))
    if table is None:
        return
    more = {"is_closed": is_closed} if value.field == ListField.STATUS else {}
    row = table(name=value.label, description=value.label, **more)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        noun = table._meta.verbose_name
        raise Invalid.field("label", f"There is a {noun} of this name already.") from error
    setattr(value, attribute, row)


def _is_in_template(value: ListValue) -> bool:
    """Tell whether a template gives incidents this value."""
    given = IncidentTemplate.objects.values_list("fields", flat=True)
    own = (fields.get(value.field) for fields in given)
    return any(value.pk in (one if isinstance(one, list) else [one]) for one in own)
