"""Triage events as rows, wrapped and as columns (contract §1.5, §4.5)."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from incidents.models import Alert, CustomField, ListValue
from incidents.selectors import visible_alerts
from incidents.services.alerts import OPEN_STATES, UNKNOWN_ALERT
from incidents.services.calculations import values_as_shown
from soar.api.base import represent
from soar.api.cloudsoar.filters import FilterTable
from soar.api.cloudsoar.triage_shapes import TriageOut, TriageRowOut
from soar.api.fast import FastRead
from soar.core.actor import Actor
from soar.core.compiled import CompiledPage, CompiledRows
from soar.core.errors import Invalid, NotFound
from soar.core.history import is_possible_id

ROW = tuple(TriageRowOut().fields)
# What a row is made of, in the order of ROW, and the custom values.
ROW_COLUMNS = ("pk", "state", "status_label", "type__label", "owner__login", "created_at", "custom")
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


def in_words(alerts: QuerySet[Alert]) -> QuerySet[Any]:
    """Return the events with the label of their status."""
    return alerts.annotate(
        status_label=Coalesce("status__list_value__label", "status__name"),
    )


def waiting(actor: Actor) -> QuerySet[Alert]:
    """Return the events that lists show unless they are asked for others."""
    return visible_alerts(actor).filter(state__in=OPEN_STATES)


def listed(actor: Actor) -> QuerySet[Any]:
    """Return the same with what is shown of them, newest first."""
    return in_words(waiting(actor)).order_by("-pk")


def _one(actor: Actor, alert: int) -> QuerySet[Any]:
    rows = in_words(visible_alerts(actor)).filter(pk=alert)
    return rows.order_by().values_list(*ROW_COLUMNS)


# Without custom fields the database builds the rows; values of those can be calculated only here.
OPEN_LIST = FastRead(TriageRowOut, listed, counted=waiting)
OPEN_PAGE = CompiledPage(listed, *ROW_COLUMNS)
_ONE = CompiledRows(_one, alert=int)


def found_row(actor: Actor, alert_id: int, customs: list[CustomField]) -> Values:
    """Return an event as it stands in lists. Raise NotFound."""
    row = _ONE.first(actor=actor, alert=alert_id) if is_possible_id(alert_id) else None
    if row is None:
        raise NotFound(UNKNOWN_ALERT)
    return row_of(row, customs)


def row_of(row: Sequence[Any], customs: list[CustomField]) -> Values:
    """Return an event, read as ROW_COLUMNS, as it stands in lists, its time as a moment."""
    *plain, created_at, custom = row
    shown: Values = dict(zip(ROW, (*plain, created_at), strict=True))
    if customs:
        values = values_as_shown(customs, custom, {"created_at": created_at})
        shown |= {name: value for name, value in values.items() if value is not None}
    return shown


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
