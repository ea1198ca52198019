"""Notes in the console, with their custom fields, which the cases they are in do not know."""

from typing import Any

from django.contrib import admin

from cases.admin.base import ATTRIBUTES
from cases.admin.notes import NoteAdmin
from cases.models import Note
from cases.selectors import find, visible_activities, visible_note_directories, visible_notes
from cases.services.notes import NO_GROUP, delete_note
from incidents.admin.custom_values import ChangedCustomValues
from incidents.services.incident_notes import add_incident_note, update_incident_note
from soar.core.actor import Actor
from soar.core.admin.base import Services


class NoteForm(ChangedCustomValues):
    """A note with its custom fields."""


@admin.register(Note)
class IncidentNoteAdmin(NoteAdmin):
    """Notes, with their custom fields."""

    services = Services(
        visible_notes, add_incident_note, update_incident_note, delete_note, visible_activities
    )
    form = NoteForm
    add_fieldsets = ((None, {"fields": ("directory", "title", "content", "custom")}),)
    fieldsets = (
        (None, {"fields": ("case", "directory", "title", "content", "custom")}),
        ("Written", {"fields": (("user", "created_at", "updated_at"),)}),
        ATTRIBUTES,
    )

    def perform_add(self, actor: Actor, values: dict[str, Any]) -> Note:
        """Write the note into the case of its directory."""
        directory = find(visible_note_directories(actor), values["directory_id"], NO_GROUP)
        return add_incident_note(actor, directory.case_id, **values)
