"""How this installation handles incidents: one row, changed by administrators."""

from typing import Any

from cases.selectors import find
from incidents.models import IncidentSettings
from incidents.services.file_names import checked_extensions
from soar.core.actor import Actor
from soar.core.history import apply_changes
from soar.core.permissions import Permission
from soar.core.recording import recording

EDITABLE = frozenset(
    {
        "requires_closing_note",
        "prohibits_duplicates",
        "extracts_from_incidents",
        "extracts_from_tasks",
        "extracts_from_notes",
        "extracts_from_iris",
        "allowed_extensions",
    }
)
UNKNOWN = "There are no such settings."


def update_settings(actor: Actor, settings_id: int, **changes: Any) -> IncidentSettings:
    """Change how incidents are handled, from the next request on. Raise Forbidden, NotFound or Invalid."""
    actor.require(Permission.SERVER_ADMINISTRATOR)
    if "allowed_extensions" in changes:
        changes["allowed_extensions"] = checked_extensions(changes["allowed_extensions"] or [])
    with recording(actor) as record:
        settings = find(IncidentSettings.objects.select_for_update(), settings_id, UNKNOWN)
        before, after = apply_changes(settings, changes, EDITABLE)
        settings.save()
        if after:
            summary = "updated the settings of incidents"
            record(
                "incident_settings.updated", settings, summary=summary, before=before, after=after
            )
    return settings
