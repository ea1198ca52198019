"""Notes and their directories in the console."""

from typing import Any

from django.contrib import admin

from cases.admin.base import ATTRIBUTES, BY_CASE, CaseRecordAdmin
from cases.models import Note, NoteDirectory
from cases.selectors import find, visible_activities, visible_note_directories, visible_notes
from cases.services.notes import (
    NO_GROUP,
    add_note,
    add_note_directory,
    delete_note,
    delete_note_directory,
    rename_note_directory,
    update_note,
)
from soar.core.actor import Actor
from soar.core.admin.base import Services


class NoteAdmin(CaseRecordAdmin):
    """Notes; the directory says which case one belongs to. Registered where their custom fields are known."""

    services = Services(visible_notes, add_note, update_note, delete_note, visible_activities)
    list_display = ("title", "case", "directory", "user", "updated_at")
    list_select_related = ("case", "directory", "user")
    search_fields = ("title", "content")
    autocomplete_fields = ("directory",)
    readonly_fields = ("user", "created_at", "updated_at")
    add_fieldsets: Any = ((None, {"fields": ("directory", "title", "content")}),)
    fieldsets: Any = (
        (None, {"fields": ("case", "directory", "title", "content")}),
        ("Written", {"fields": (("user", "created_at", "updated_at"),)}),
        ATTRIBUTES,
    )

    def perform_add(self, actor: Actor, values: dict[str, Any]) -> Note:
        """Write the note into the case of its directory."""
        directory = find(visible_note_directories(actor), values["directory_id"], NO_GROUP)
        return add_note(actor, directory.case_id, **values)


@admin.register(NoteDirectory)
class NoteDirectoryAdmin(CaseRecordAdmin):
    """Directories of notes; existing ones can be renamed."""

    services = Services(
        visible_note_directories,
        add_note_directory,
        rename_note_directory,
        delete_note_directory,
        visible_activities,
    )
    fixed_fields = ("case", "parent")
    list_display = ("name", "case", "parent", "updated_at")
    list_select_related = ("case", "parent")
    list_filter = (BY_CASE,)
    search_fields = ("name",)
    autocomplete_fields = ("case", "parent")
    readonly_fields = ("user", "created_at", "updated_at")
    add_fieldsets = ((None, {"fields": ("case", "parent", "name")}),)
    fieldsets = (
        (None, {"fields": ("case", "parent", "name", ("user", "created_at", "updated_at"))}),
    )
