"""The fields of an incident as they are called outside, in templates too, and what they are inside (§3.1)."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Q
from django.utils.dateparse import parse_datetime

from cases.models import CaseState, Severity
from incidents.models import CustomField, Folder, Incident, ListField, ListValue
from incidents.services.custom_values import NAME, REQUIRED, checked_values
from incidents.services.lists import find_types, find_value
from incidents.services.parties import find_party
from soar.core.errors import Invalid
from soar.core.history import is_possible_id

Values = dict[str, Any]
LONGEST_NAME, LONGEST_TAG_TEXT = 200, 10_000
READ_ONLY = frozenset({"id", "closingtime", "is_deleted", "created_by", "generated_by", "favorite"})
NO_FIELD = "There is no such field."
IS_READ_ONLY = "This field is read-only."
NO_FOLDER = "There is no such folder."
NO_STATE = "This status stands for no state of cases."
LISTED = {
    "incident_kind": ("kind_id", ListField.KIND),
    "incident_category": ("category_id", ListField.CATEGORY),
    "purpose": ("purpose_id", ListField.PURPOSE),
    "phase": ("phase_id", ListField.PHASE),
}


def values_of(given: Mapping[str, Any]) -> Values:
    """Return the values of fields as services take them; custom fields are passed over.

    Raise Invalid naming every field that is unknown, read-only, or refers to nothing.
    """
    values: Values = {}
    errors: dict[str, list[str]] = {}
    for name, value in given.items():
        if NAME.fullmatch(name):
            continue
        convert = _FIELDS.get(name)
        if convert is None:
            errors[name] = [IS_READ_ONLY if name in READ_ONLY else NO_FIELD]
            continue
        try:
            values |= convert(name, value)
        except Invalid as error:
            errors |= {field: list(texts) for field, texts in error.fields.items()}
    if errors:
        raise Invalid("Data error", errors)
    return values


def custom_of(given: Mapping[str, Any], values: Values, incident: Incident | None = None) -> Values:
    """Return {"custom": all values of custom fields} of a new or changed incident; nothing for no change.

    `values` are its other fields as values_of returned them. Raise Invalid.
    """
    options = {name: value for name, value in given.items() if NAME.fullmatch(name)}
    if incident is not None and not options:
        return {}
    stored = incident.custom if incident is not None else None
    facts = _facts(values, incident)
    section = CustomField.Section.INCIDENTS
    custom = checked_values(section, options, stored, is_new=incident is None, facts=facts)
    return {"custom": custom}


def _facts(values: Values, incident: Incident | None) -> Values:
    """Return labels by field, which the visibility of custom fields may depend on."""
    case = incident.case if incident is not None else None
    state_id = values.get("state_id", case.state_id if case else CaseState.OPEN)
    severity_id = values.get("severity_id", case.severity_id if case else Severity.LOW)
    ids = {values.get(key, getattr(incident, key, None)) for key, _ in LISTED.values()}
    links = incident.type_links.values_list("value_id", flat=True) if incident is not None else []
    ids |= set(values.get("type_ids", links))
    rows = ListValue.objects.filter(
        Q(pk__in=ids - {None}) | Q(case_state=state_id) | Q(severity=severity_id)
    )
    facts: Values = {}
    for row in rows:
        is_second_type = row.field == ListField.TYPE and ListField.TYPE in facts
        if not is_second_type:
            facts[row.field] = row.label
    return facts


# --- one field each


def _text_as(attribute: str, longest: int | None = None) -> Callable[[str, Any], Values]:
    def convert(name: str, value: Any) -> Values:
        text = "" if value is None else str(value)
        if longest is not None and len(text) > longest:
            raise Invalid.field(name, f"Longer than {longest} characters.")
        return {attribute: text}

    return convert


def _moment_as(attribute: str) -> Callable[[str, Any], Values]:
    def convert(name: str, value: Any) -> Values:
        return {attribute: _moment(name, value)}

    return convert


def _moment(name: str, value: Any) -> dt.datetime | None:
    if value in (None, ""):
        return None
    try:
        found = value if isinstance(value, dt.datetime) else parse_datetime(str(value))
        if found is None:
            raise ValueError
        known = found if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)
        return known.astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid.field(name, "Not a time such as 2025-03-04T08:55:00Z.") from error


def _opening_time(name: str, value: Any) -> Values:
    moment = _moment(name, value)
    if moment is None:
        raise Invalid.field(name, REQUIRED)
    return {"opened_at": moment, "opened_on": moment.date()}


def _listed(name: str, value: Any) -> Values:
    attribute, field = LISTED[name]
    found = find_value(field, value, name)
    return {attribute: found.pk if found else None}


def _required(field: ListField, name: str, value: Any) -> ListValue:
    found = find_value(field, value, name)
    if found is None:
        raise Invalid.field(name, REQUIRED)
    return found


def _status(name: str, value: Any) -> Values:
    found = _required(ListField.STATUS, name, value)
    if found.case_state_id is None:
        raise Invalid.field(name, NO_STATE)
    return {"state_id": found.case_state_id}


def _restriction(name: str, value: Any) -> Values:
    found = _required(ListField.RESTRICTION, name, value)
    if found.severity_id is None:
        raise Invalid.field(name, "This value stands for no severity.")
    return {"severity_id": found.severity_id}


def _types(name: str, value: Any) -> Values:
    return {"type_ids": [one.pk for one in find_types([] if value is None else value, name)]}


def _owner(name: str, value: Any) -> Values:
    party = find_party(value, name)
    if party.group is not None:
        return {"owner_group_id": party.group.pk}
    return {"owner_id": party.user.pk if party.user else None, "owner_group_id": None}


def _folder(name: str, value: Any) -> Values:
    if value in (None, ""):
        return {"folder_id": None}
    text = str(value)
    if isinstance(value, int):
        found = Folder.objects.filter(pk=value).first() if is_possible_id(value) else None
    else:
        found = Folder.objects.filter(name__iexact=text).first()
        is_number = text.isascii() and text.isdigit()
        if found is None and is_number:
            return _folder(name, int(text[:18]))
    if found is None:
        raise Invalid.field(name, NO_FOLDER)
    return {"folder_id": found.pk}


def _tags(name: str, value: Any) -> Values:
    given = value.split(",") if isinstance(value, str) else value or []
    tags = (str(tag).strip() for one in given for tag in str(one).split(","))
    text = ",".join(dict.fromkeys(tag for tag in tags if tag))
    if len(text) > LONGEST_TAG_TEXT:
        raise Invalid.field(name, f"Longer than {LONGEST_TAG_TEXT} characters together.")
    return {"tags": text}


def _flag_as(attribute: str) -> Callable[[str, Any], Values]:
    def convert(name: str, value: Any) -> Values:
        return {attribute: bool(value)}

    return convert


_FIELDS: dict[str, Callable[[str, Any], Values]] = {
    "incidentid": _text_as("reference", LONGEST_NAME),
    "description": _text_as("name", LONGEST_NAME),
    "additional_info": _text_as("description_html"),
    "closing_note": _text_as("closing_note"),
    "timezone": _text_as("timezone", LONGEST_NAME),
    "starttime": _moment_as("started_at"),
    "endtime": _moment_as("ended_at"),
    "openingtime": _opening_time,
    "type": _types,
    "status": _status,
    "restriction": _restriction,
    "owner": _owner,
    "folder": _folder,
    "tags": _tags,
    "inhibit_phases": _flag_as("inhibits_phases"),
    **dict.fromkeys(LISTED, _listed),
}
WRITABLE = frozenset(_FIELDS)
