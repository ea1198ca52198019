"""The console's pages for investigations; importing registers them."""

from cases.admin import (
    access,
    assets,
    attributes,
    customers,
    evidences,
    iocs,
    lookups,
    notes,
    tasks,
    timeline,
)

__all__ = [
    "access",
    "assets",
    "attributes",
    "customers",
    "evidences",
    "iocs",
    "lookups",
    "notes",
    "tasks",
    "timeline",
]
