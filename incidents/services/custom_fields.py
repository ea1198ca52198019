"""Custom fields: added, changed and removed; a number is given once. Source: contract §3.8, §4.7."""

from typing import Any

from django.db.models import Max
from django.utils import timezone

from cases.selectors import find
from incidents.models import CustomField, IncidentTemplate
from incidents.services import calculations
from incidents.services.calculations import problem_of
from incidents.services.conditions import checked_conditions
from incidents.services.custom_values import EMPTY, LONGEST_LIST, checked_value
from incidents.services.lists import LOCK
from incidents.services.names import check_length, strip_name
from soar.core.actor import Actor
from soar.core.errors import Conflict, Invalid
from soar.core.history import apply_changes
from soar.core.locking import lock_for_transaction
from soar.core.permissions import Permission
from soar.core.recording import recording

Type = CustomField.Type
Section = CustomField.Section
EDITABLE = frozenset(
    {
        "label",
        "is_required",
        "default",
        "values",
        "use_as_filter",
        "use_in_notification",
        "visible_when",
        "additional_info",
        "position",
    }
)
LISTS = (Type.LIST, Type.MULTI_SELECT)
LABEL_LENGTH, LONGEST_INFO, LAST_POSITION = 200, 10_000, 100_000
UNKNOWN = "There is no such custom field."
TAKEN = "The section has a field of this label already."
FULL = f"A section has at most {CustomField.MAXIMUM_NUMBER} fields, and no number is given twice."
IN_USE = "Another field asks for this one, or a template gives it a value."


def add_custom_field(
    actor: Actor, *, section: str, label: str, type: str, **values: Any
) -> CustomField:
    """Add a field to a section, under a number none before had.

    Raise Forbidden, Invalid, or Conflict when all numbers of the section are given.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    if section not in Section.values:
        raise Invalid.field("section", "There is no such section.")
    if type not in Type.values:
        raise Invalid.field("type", "There is no such type.")
    with recording(actor) as record:
        lock_for_transaction(LOCK)
        rows = CustomField.objects.filter(section=section)
        number = (rows.aggregate(last=Max("number"))["last"] or 0) + 1
        if number > CustomField.MAXIMUM_NUMBER:
            raise Conflict(FULL)
        field = CustomField(section=section, type=Type(type), number=number, position=number)
        after = _apply(field, {"label": label, "values": [], "default": None} | values)[1]
        after |= {"section": section, "type": type, "number": number}
        summary = f"added custom field {field} as {field.name} of {section}"
        record("custom_field.created", field, summary=summary, after=after)
    return field


def update_custom_field(
    actor: Actor,
    field_id: int,
    *,
    section: str | None = None,
    type: str | None = None,
    **changes: Any,
) -> CustomField:
    """Change a field; its section and type stay, and so do values that records have.

    Raise Forbidden, NotFound, or Invalid.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        field = _locked(field_id)
        if type not in (None, field.type):
            raise Invalid.field("type", "The type of a field cannot be changed.")
        if section not in (None, field.section):
            raise Invalid.field("section", "A field stays in its section.")
        before, after = _apply(field, changes)
        summary = f"updated custom field {field}"
        if after:
            record("custom_field.updated", field, summary=summary, before=before, after=after)
    return field


def remove_custom_field(actor: Actor, field_id: int) -> None:
    """Take a field away; values that records have stay stored, and nobody gets its number.

    Raise Forbidden, NotFound, or Conflict when another field or a template relies on it.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        field = _locked(field_id)
        if _is_relied_on(field):
            raise Conflict(IN_USE)
        field.removed_at = timezone.now()
        field.save(update_fields=["removed_at"])
        before = {"section": field.section, "number": field.number, "label": field.label}
        summary = f"removed custom field {field}"
        record("custom_field.removed", field, summary=summary, before=before)


def _locked(field_id: int) -> CustomField:
    """Return a field, holding all of set-up: what is checked against its neighbours stays true."""
    lock_for_transaction(LOCK)
    rows = CustomField.objects.filter(removed_at=None)
    return find(rows.select_for_update(), field_id, UNKNOWN)


def _apply(field: CustomField, changes: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Change and save a field, and return what was and what is."""
    strip_name(changes, field="label", length=LABEL_LENGTH)
    check_length(changes, field="additional_info", length=LONGEST_INFO)
    if not 0 <= (changes.get("position") or 0) <= LAST_POSITION:
        raise Invalid.field("position", f"Between 0 and {LAST_POSITION}.")
    others = _neighbours(field)
    if "label" in changes and others.filter(label__iexact=changes["label"]).exists():
        raise Invalid.field("label", TAKEN)
    if "values" in changes:
        changes["values"] = _checked_list(field, changes["values"])
    if "visible_when" in changes:
        given, names = changes["visible_when"] or {}, {one.name for one in others}
        changes["visible_when"] = checked_conditions(field.section, given, names)
    if "default" in changes or "values" in changes:
        values = changes.get("values", field.values)
        changes["default"] = _checked_default(field, values, changes.get("default", field.default))
    if changes.get("is_required") and field.type == Type.CALCULATION:
        raise Invalid.field("is_required", "Nobody can fill in a calculated field.")
    made = apply_changes(field, changes, EDITABLE)
    field.save()
    return made


def _neighbours(field: CustomField) -> Any:
    rows = CustomField.objects.filter(section=field.section, removed_at=None)
    return rows.exclude(pk=field.pk)


def _checked_list(field: CustomField, values: Any) -> list[str]:
    """Return the labels of a list field, without blanks around them."""
    if field.type not in LISTS:
        if values:
            raise Invalid.field("values", "Only lists have values.")
        return []
    if not isinstance(values, list) or not 1 <= len(values) <= LONGEST_LIST:
        raise Invalid.field("values", f"A list has 1 to {LONGEST_LIST} values.")
    labels = [str(value).strip() for value in values]
    if not all(0 < len(label) <= LABEL_LENGTH for label in labels):
        raise Invalid.field("values", f"Each has 1 to {LABEL_LENGTH} characters.")
    if len({label.casefold() for label in labels}) < len(labels):
        raise Invalid.field("values", "A value stands there twice.")
    return labels


def _checked_default(field: CustomField, values: list[str], default: Any) -> Any:
    """Return what a new record begins with, or how a calculated field is calculated."""
    if field.type == Type.CALCULATION:
        problem = problem_of(default, field.section)
        if problem:
            raise Invalid.field("default", problem)
        return default
    probe = CustomField(type=field.type, values=values)
    try:
        return None if default in EMPTY else checked_value(probe, default)
    except ValueError as error:
        raise Invalid.field("default", str(error)) from error


def _is_relied_on(field: CustomField) -> bool:
    """Tell whether a condition, a calculation or a template names a field."""
    for other in _neighbours(field):
        formula = other.default if other.type == calculations.Type.CALCULATION else {}
        if field.name in other.visible_when or field.name in formula.get("of", []):
            return True
    is_of_incidents = field.section == Section.INCIDENTS
    given = IncidentTemplate.objects.values_list("fields", flat=True) if is_of_incidents else []
    return any(field.name in fields for fields in given)
