"""Conditions under which a custom field applies: {field: value}. Source: contract §3.8.

A condition on a field of list values names the value's label; it follows when the value is renamed.
"""

from typing import Any

from incidents.models import CustomField, ListField, ListValue
from incidents.services.lists import find_value
from soar.core.errors import Invalid
from soar.core.recording import Record

Section = CustomField.Section
MOST_CONDITIONS, LONGEST_VALUE = 20, 200
_OF_INCIDENTS = (
    ListField.TYPE,
    ListField.STATUS,
    ListField.RESTRICTION,
    ListField.KIND,
    ListField.CATEGORY,
    ListField.PURPOSE,
    ListField.PHASE,
)
# What a condition can ask for besides custom fields, by wire name: fields of list values, and others.
LISTED: dict[Section, dict[str, ListField]] = {
    Section.INCIDENTS: {field.value: field for field in _OF_INCIDENTS},
    Section.TRIAGE: {"type": ListField.TYPE, "status": ListField.TRIAGE_STATUS},
}
PLAIN: dict[Section, frozenset[str]] = {Section.TRIAGE: frozenset({"state", "source"})}


def checked_conditions(section: str, given: Any, custom: set[str]) -> dict[str, Any]:
    """Return conditions as they are kept. `custom` are the other custom fields of the section.

    Raise Invalid for a field that nothing can be asked of, or a value it cannot have.
    """
    if not isinstance(given, dict) or len(given) > MOST_CONDITIONS:
        raise Invalid.field("visible_when", f"An object of at most {MOST_CONDITIONS} conditions.")
    listed = LISTED.get(Section(section), {})
    plain = PLAIN.get(Section(section), frozenset()) | custom
    kept = {}
    for name, value in given.items():
        if name not in listed and name not in plain:
            raise Invalid.field("visible_when", f"{name} is no other field of this section.")
        if not isinstance(value, str | int | float) or len(str(value)[:1000]) > LONGEST_VALUE:
            raise Invalid.field("visible_when", f"{name} cannot have such a value.")
        if name in listed:
            found = find_value(listed[name], value, "visible_when")
            value = found.label if found is not None else ""
        kept[name] = value
    return kept


def asking_for(value: ListValue, label: str) -> list[tuple[CustomField, str]]:
    """Return the fields that apply under a label of a value's field, each with the name it asks by."""
    found = []
    for field in CustomField.objects.filter(removed_at=None).exclude(visible_when={}):
        for name, listed in LISTED.get(Section(field.section), {}).items():
            if listed == value.field and field.visible_when.get(name) == label:
                found.append((field, name))
    return found


def follow_rename(record: Record, value: ListValue, old: str) -> None:
    """Let conditions that named a value by its old label name it by the new one."""
    for field, name in asking_for(value, old):
        before = field.visible_when
        field.visible_when = before | {name: value.label}
        field.save(update_fields=["visible_when"])
        record(
            "custom_field.updated",
            field,
            summary=f"updated custom field {field}",
            before={"visible_when": before},
            after={"visible_when": field.visible_when},
        )
