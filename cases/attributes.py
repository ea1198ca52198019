"""Custom attributes: filling the administrators' structure with the values of a request."""

import copy
from typing import Any

from cases.models import AttributeDefinition

FAMILIES = {
    "ioc": "IOC",
    "event": "Events",
    "asset": "Assets",
    "task": "Tasks",
    "note": "Notes",
    "evidence": "Evidences",
    "case": "Cases",
    "client": "Customers",
}
Attributes = dict[str, Any]


def merge_attributes(
    family: str, given: Attributes | None, current: Attributes | None = None
) -> Attributes | None:
    """Return the stored form of the given values: the family's structure with them filled in.

    None stays what is current. Unknown tabs and fields are ignored, never an error (contract §2.2);
    those that are stored already, such as the report of a module, stay as they are.
    """
    if given is None:
        return current
    definition = AttributeDefinition.objects.filter(family=family).values_list("content", flat=True)
    merged: Attributes = copy.deepcopy(definition.first() or {})
    for tab, fields in merged.items():
        for name, field in fields.items():
            for source in (current or {}, given):
                values = source.get(tab)
                if isinstance(values, dict) and name in values:
                    value = values[name]
                    is_stored = isinstance(value, dict) and "value" in value
                    field["value"] = value["value"] if is_stored else value
    for tab, fields in (current or {}).items():
        if isinstance(fields, dict):
            merged[tab] = fields | merged.get(tab, {})
    return merged
