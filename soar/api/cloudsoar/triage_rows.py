"""Triage events as rows, wrapped and as columns (contract §1.5, §4.5)."""

from collections.abc import Mapping
from typing import Any

from incidents.models import Alert, CustomField, ListValue
from incidents.services.calculations import values_as_shown
from soar.api.base import represent
from soar.api.cloudsoar.filters import FilterTable
from soar.api.cloudsoar.triage_shapes import TriageOut, TriageRowOut
from soar.core.errors import Invalid

ROW = tuple(TriageRowOut().fields)
Values = dict[str, Any]


def columns_of(
    customs: list[CustomField], table: FilterTable, values: Mapping[str, list[ListValue]]
) -> list[Values]:
    """Return every field with its values, and whether it sorts and filters."""
    types = {one.name: one.type for one in customs}
    labels = {name: str(part.label) for name, part in TriageOut().fields.items()}
    labels |= {"id": "Event ID"} | {one.name: one.label for one in customs}
    marked = {one.name for one in customs if one.use_as_filter}
    return [
        {
            "field": name,
            "label": label,
            "type": types.get(name) or type_of(name, values),
            "sortable": name in table.sortable,
            "filterable": name in (marked if name in types else table.fields),
            "values": [{"id": one.pk, "label": one.label} for one in values.get(name, [])]
            or [{"id": None, "label": text} for text in choices_of(name, customs)],
        }
        for name, label in labels.items()
    ]


def row_of(alert: Alert, customs: list[CustomField]) -> Values:
    """Return an event as it stands in lists."""
    alert.shown_incident = None  # type: ignore[attr-defined]  # no list shows it
    flat = flat_of(represent(TriageOut, alert))
    values = values_as_shown(customs, alert.custom, {"created_at": alert.created_at})
    given = {name: value for name, value in values.items() if value is not None}
    return {name: flat[name] for name in ROW} | given


def detail_of(alert: Alert, customs: list[CustomField]) -> Values:
    """Return an event, wrapped, with all custom fields there are."""
    shown = represent(TriageOut, alert)
    values = values_as_shown(customs, alert.custom, {"created_at": alert.created_at})
    for one in customs:
        shown[one.name] = {"name": one.label, "value": values[one.name]}
    return shown


def flat_of(shown: Values) -> Values:
    """Return the values of a wrapped object."""
    return {name: part if name == "id" else part["value"] for name, part in shown.items()}


def checked_columns(wanted: list[str], customs: list[CustomField]) -> list[str]:
    """Return the columns to show, the id among them. Raise Invalid."""
    known = {*TriageOut().fields, *(one.name for one in customs)}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise Invalid.field("columns", f"There is no column {unknown[0][:50]}.")
    return list(dict.fromkeys(["id", *wanted])) if wanted else []


def type_of(name: str, values: Mapping[str, Any]) -> str:
    """Return what the values of a default field are."""
    if name in values or name == "state":
        return "List"
    if name == "id":
        return "Numeric Textbox"
    return {"tags": "Tags", "owner": "User Details"}.get(
        name, "Date & Time" if name.endswith("_at") else "Text"
    )


def choices_of(name: str, customs: list[CustomField]) -> list[str]:
    """Return the values that have no id: states, and those of custom lists."""
    if name == "state":
        return list(Alert.State.values)
    return [text for one in customs if one.name == name for text in one.values]
