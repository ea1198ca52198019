"""Notes and their directories."""

import datetime as dt
from typing import Any

from django.utils import timezone

from cases.attributes import merge_attributes
from cases.models import Note, NoteDirectory
from cases.permissions import require_case
from cases.selectors import WRITE, find, visible_note_directories, visible_notes
from cases.services.rich_texts import with_both
from soar.core.actor import Actor
from soar.core.errors import Invalid, NotFound
from soar.core.history import apply_changes, note
from soar.core.recording import recording

COUNTER = "notes"
EDITABLE = frozenset(
    {"title", "content", "content_html", "custom_attributes", "directory_id", "custom"}
)
NO_GROUP = "Invalid group ID"
NOT_IN_CASE = "Invalid note ID for this case"


def add_note_directory(
    actor: Actor, case_id: int, *, name: str, parent_id: int | None = None
) -> NoteDirectory:
    """Make a directory of notes. Raise Forbidden, or Invalid for a parent of another case."""
    require_case(actor, case_id)
    with recording(actor) as record:
        _check_directory(actor, case_id, parent_id, field="parent_id")
        directory = NoteDirectory.objects.create(
            case_id=case_id, name=name, parent_id=parent_id, user_id=actor.user_id
        )
        record(
            "note_directory.created",
            directory,
            case_id=case_id,
            counter=COUNTER,
            summary=f'added notes group "{name}"',
            after={"name": name, "parent_id": parent_id},
        )
    return directory


def rename_note_directory(
    actor: Actor, case_id: int, directory_id: int, *, name: str
) -> NoteDirectory:
    """Give a directory another name. Raise Forbidden or NotFound."""
    require_case(actor, case_id)
    with recording(actor) as record:
        directory = _directory(actor, case_id, directory_id, f"Group ID {directory_id} not found")
        before, after = apply_changes(directory, {"name": name}, frozenset({"name"}))
        directory.updated_at = timezone.now()
        directory.save()
        record(
            "note_directory.updated",
            directory,
            case_id=case_id,
            counter=COUNTER,
            summary=f'renamed notes group "{name}"',
            before=before,
            after=after,
        )
    return directory


def delete_note_directory(actor: Actor, case_id: int, directory_id: int) -> None:
    """Delete a directory with everything in it. Raise Forbidden or NotFound."""
    require_case(actor, case_id)
    with recording(actor) as record:
        directory = _directory(actor, case_id, directory_id, NO_GROUP)
        titles = list(directory.notes.values_list("title", flat=True)[:1000])
        record(
            "note_directory.deleted",
            directory,
            case_id=case_id,
            counter=COUNTER,
            summary=f'deleted notes group "{directory.name}"',
            before={"name": directory.name, "notes": titles},
        )
        directory.delete()


def add_note(
    actor: Actor,
    case_id: int,
    *,
    title: str,
    directory_id: int,
    content: str = "",
    content_html: str = "",
    custom_attributes: dict[str, Any] | None = None,
    user_id: int | None = None,
    written_at: dt.datetime | None = None,
    custom: dict[str, Any] | None = None,
) -> Note:
    """Write a note into a directory of the case, as markdown or HTML. Raise Forbidden or Invalid.

    `user_id` and `written_at` are who wrote it and when, where that is not the actor, now; whether he may say
    so is the caller's to decide, and values of custom fields are his to check.
    """
    require_case(actor, case_id)
    written_at = written_at or timezone.now()
    with recording(actor) as record:
        _check_directory(actor, case_id, directory_id, field="directory_id")
        text = {"content_html": content_html} if content_html else {"content": content}
        new = Note(
            case_id=case_id,
            directory_id=directory_id,
            title=title,
            **with_both(text, "content"),
            user_id=user_id or actor.user_id,
            created_at=written_at,
            updated_at=written_at,
            custom_attributes=merge_attributes("note", custom_attributes),
            custom=custom or {},
        )
        note(actor, new, "created note")
        new.save()
        record(
            "note.created",
            new,
            case_id=case_id,
            counter=COUNTER,
            summary=f'created note "{title}"',
            after={
                "title": title,
                "content": new.content,
                "directory_id": directory_id,
                **({"custom": custom} if custom else {}),
            },
        )
    return new


def update_note(actor: Actor, case_id: int, note_id: int, **changes: Any) -> Note:
    """Change a note. Raise Forbidden, NotFound or Invalid."""
    require_case(actor, case_id)
    with recording(actor) as record:
        changed = _note(actor, case_id, note_id)
        _check_directory(actor, case_id, changes.get("directory_id"), field="directory_id")
        if "custom_attributes" in changes:
            changes["custom_attributes"] = merge_attributes(
                "note", changes["custom_attributes"], changed.custom_attributes
            )
        changes = with_both(changes, "content")
        before, after = apply_changes(changed, changes, EDITABLE)
        changed.updated_at = timezone.now()
        note(actor, changed, "updated note")
        changed.save()
        record(
            "note.updated",
            changed,
            case_id=case_id,
            counter=COUNTER,
            summary=f'updated note "{changed.title}"',
            before=before,
            after=after,
        )
    return changed


def delete_note(actor: Actor, case_id: int, note_id: int) -> None:
    """Delete a note. Raise Forbidden or NotFound."""
    require_case(actor, case_id)
    with recording(actor) as record:
        gone = _note(actor, case_id, note_id)
        record(
            "note.deleted",
            gone,
            case_id=case_id,
            counter=COUNTER,
            summary=f'deleted note "{gone.title}"',
            before={"title": gone.title, "content": gone.content},
        )
        gone.delete()


def _directory(actor: Actor, case_id: int, directory_id: int, message: str) -> NoteDirectory:
    rows = visible_note_directories(actor, WRITE).filter(case_id=case_id)
    return find(rows.select_for_update(of=("self",)), directory_id, message)


def _note(actor: Actor, case_id: int, note_id: int) -> Note:
    rows = visible_notes(actor, WRITE).filter(case_id=case_id)
    return find(rows.select_for_update(of=("self",)), note_id, NOT_IN_CASE)


def _check_directory(actor: Actor, case_id: int, pk: int | None, *, field: str) -> None:
    """Raise Invalid unless the directory is of this case; lock it so that it cannot go meanwhile."""
    if pk is None:
        return
    try:
        _directory(actor, case_id, pk, "")
    except NotFound as error:
        raise Invalid.field(field, NO_GROUP) from error
