"""The columns of incidents: how their fields are called, and what can be done with each (contract §4.2)."""

from typing import Any

from rest_framework import serializers

from incidents.models import CustomField
from incidents.selectors import visible_folders, visible_list_values
from incidents.services.incident_facts import LABELS
from soar.api.base import shared
from soar.api.cloudsoar.fields import Html, Integer, Moment
from soar.api.cloudsoar.incident_filters import (
    custom_filters,
    fields_of,
    incident_custom_fields,
)
from soar.api.cloudsoar.incident_shapes import FlatIncidentOut
from soar.core.actor import Actor

TYPES = (
    (Html, "html"),
    (Moment, "datetime"),
    (Integer, "number"),
    (serializers.BooleanField, "boolean"),
)
SEVERAL = {"type": "multi-select list", "tags": "tags", "owner": "user or group"}
Column = dict[str, Any]


def columns(actor: Actor) -> list[Column]:
    """Return every column, our own first, with the values it can have."""
    own = {one.name: one for one in fields_of(actor)}
    custom_fields = incident_custom_fields(actor)
    values: dict[str, list[Column]] = {}
    for field, pk, label in visible_list_values(actor).values_list("field", "pk", "label"):
        values.setdefault(field, []).append({"id": pk, "label": label})
    values["folder"] = [
        {"id": pk, "label": name} for pk, name in visible_folders(actor).values_list("pk", "name")
    ]
    names: dict[str, Any] = dict(shared(FlatIncidentOut).fields)
    shown = [
        {
            "field": name,
            "label": LABELS.get(name, "ID"),
            "type": _type(name, names[name], has_values=name in values),
            "sortable": name in own and own[name].is_sortable,
            "filterable": name in own,
            "values": values.get(name, []),
        }
        for name in names
    ]
    filterable = {one.name for one in custom_filters(custom_fields)}
    return shown + [_custom(one, is_filterable=one.name in filterable) for one in custom_fields]


def _type(name: str, field: Any, *, has_values: bool) -> str:
    if name in SEVERAL or has_values:
        return SEVERAL.get(name, "list")
    return next((word for kind, word in TYPES if isinstance(field, kind)), "text")


def _custom(field: CustomField, *, is_filterable: bool) -> Column:
    return {
        "field": field.name,
        "label": field.label,
        "type": field.type.lower(),
        "sortable": False,
        "filterable": is_filterable,
        "values": [{"id": None, "label": label} for label in field.values],
    }
