"""The console's pages of the operational side; importing registers them."""

from incidents.admin import (
    entities,
    incident_people,
    incidents,
    lookups,
    notes,
    parts,
    setup,
    triage,
)

__all__ = [
    "entities",
    "incident_people",
    "incidents",
    "lookups",
    "notes",
    "parts",
    "setup",
    "triage",
]
