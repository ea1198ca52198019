"""Incident labels: the naming schemes, one of which is the default."""

from typing import Any

from django.db.models import ProtectedError

from cases.selectors import find
from cases.services.references import unique
from incidents.models import IncidentLabel
from incidents.services.names import check_length, strip_name
from incidents.services.naming import check_pattern, next_name
from soar.core.actor import Actor
from soar.core.errors import Conflict
from soar.core.history import apply_changes
from soar.core.locking import lock_for_transaction
from soar.core.permissions import Permission
from soar.core.recording import Record, recording

EDITABLE = frozenset({"name", "description", "value", "is_default"})
NAME_LENGTH, LONGEST_DESCRIPTION = 100, 10_000
UNKNOWN = "There is no such incident label."
TAKEN = "There is a label of this name already."
NO_DEFAULT = "One label is the default: make another one the default instead."
DEFAULT = "The default label cannot be deleted: make another one the default first."
IN_USE = "A template names incidents by this label."


def add_label(
    actor: Actor, *, name: str, value: str, description: str = "", is_default: bool = False
) -> IncidentLabel:
    """Add a naming scheme; the first one is the default, and a new default takes over from the old one.

    Raise Forbidden, or Invalid for a taken name or a pattern that names nothing.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        lock_for_transaction("incident labels")
        label = IncidentLabel()
        is_first = not IncidentLabel.objects.filter(is_default=True).exists()
        changes = {"name": name, "value": value, "description": description}
        _, after = _apply(record, label, changes | {"is_default": is_default or is_first})
        record("incident_label.created", label, summary=f"added label {label}", after=after)
    return label


def update_label(actor: Actor, label_id: int, **changes: Any) -> IncidentLabel:
    """Change a naming scheme; its counters count on.

    Raise Forbidden, NotFound, Invalid, or Conflict when there would be no default.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        lock_for_transaction("incident labels")
        label = find(IncidentLabel.objects.select_for_update(), label_id, UNKNOWN)
        if label.is_default and not changes.get("is_default", True):
            raise Conflict(NO_DEFAULT)
        before, after = _apply(record, label, changes)
        summary = f"updated label {label}"
        if after:
            record("incident_label.updated", label, summary=summary, before=before, after=after)
    return label


def delete_label(actor: Actor, label_id: int) -> None:
    """Delete a naming scheme with its counters.

    Raise Forbidden, NotFound, or Conflict for the default one and one that a template names by.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        lock_for_transaction("incident labels")
        label = find(IncidentLabel.objects.select_for_update(), label_id, UNKNOWN)
        if label.is_default:
            raise Conflict(DEFAULT)
        before = {"name": label.name, "value": label.value}
        record("incident_label.deleted", label, summary=f"deleted label {label}", before=before)
        try:
            label.delete()
        except ProtectedError as error:
            raise Conflict(IN_USE) from error


def preview_label(actor: Actor, label_id: int, *, value: str | None = None) -> str:
    """Return the name the next incident of a label gets, or would by another pattern; nothing is used up.

    Raise NotFound, or Invalid for a pattern that names nothing.
    """
    label = find(IncidentLabel.objects.all(), label_id, UNKNOWN)
    if value is not None:
        check_pattern(value)
        label.value = value
    return next_name(label, is_preview=True)


def _apply(
    record: Record, label: IncidentLabel, changes: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Change and save a label, and return what was and what is; whoever was the default before is not."""
    strip_name(changes, length=NAME_LENGTH)
    if "value" in changes:
        changes["value"] = changes["value"].strip()
        check_pattern(changes["value"])
    check_length(changes, length=LONGEST_DESCRIPTION, field="description")
    if changes.get("is_default"):
        _take_over(record, label)
    made = apply_changes(label, changes, EDITABLE)
    with unique("name", TAKEN):
        label.save()
    return made


def _take_over(record: Record, label: IncidentLabel) -> None:
    for other in IncidentLabel.objects.filter(is_default=True).exclude(pk=label.pk):
        other.is_default = False
        other.save(update_fields=["is_default"])
        summary = f"label {other} is no longer the default"
        states: tuple[dict[str, Any], ...] = ({"is_default": True}, {"is_default": False})
        record("incident_label.updated", other, summary=summary, before=states[0], after=states[1])
