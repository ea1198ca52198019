"""Finding list values by id or label, and the values themselves."""

from typing import Any

from django.db import models

from cases.models import CaseState, Severity
from incidents.models import AlertStatus, ListField, ListValue
from soar.core.compiled import CompiledObjects
from soar.core.errors import Invalid
from soar.core.history import is_possible_id

# Held by whoever changes list values, custom fields or templates: they refer to each other by name.
LOCK = "incident set-up"
# Values of these fields stand for rows that other doors know; each is named by the attribute it is linked by.
COUNTERPARTS: dict[ListField, tuple[str, type[models.Model]]] = {
    ListField.STATUS: ("case_state", CaseState),
    ListField.RESTRICTION: ("severity", Severity),
    ListField.TRIAGE_STATUS: ("alert_status", AlertStatus),
}


_LABELLED = CompiledObjects(
    ListValue,
    lambda field, label: ListValue.objects.filter(field=field, label=label),
    field=str,
    label=str,
)


def find_value(field: ListField, given: Any, name: str = "") -> ListValue | None:
    """Return the value of a field by its id or its exact label, None for nothing given. Raise Invalid.

    `name` is what the field is called in the error, else its own name.
    """
    if given in (None, ""):
        return None
    rows = ListValue.objects.filter(field=field)
    if isinstance(given, int):
        found = rows.filter(pk=given).first() if is_possible_id(given) else None
    else:
        text = str(given)
        exact = _LABELLED.all(field=field.value, label=text)
        found = exact[0] if exact else rows.filter(label__iexact=text).first()
        if found is None and text.isascii() and text.isdigit():
            found = find_value(field, int(text[:18]), name)
    if found is None:
        raise Invalid.field(name or field.value, f"{ListField(field).label} has no value {given}.")
    return found


def find_types(given: Any, name: str = "type") -> list[ListValue]:
    """Return incident types by ids or labels, once each, in the order given. Raise Invalid."""
    wanted = given if isinstance(given, list) else [given]
    found = [find_value(ListField.TYPE, one, name) for one in wanted]
    return list(dict.fromkeys(one for one in found if one is not None))


def restriction_of_severity(severity: Severity) -> ListValue | None:
    """Return the restriction that stands for a severity."""
    return ListValue.objects.filter(severity=severity).first()
