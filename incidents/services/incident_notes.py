"""Notes of an incident: notes of its case, with values of custom fields, in a directory of their own."""

import datetime as dt
from typing import Any

from cases.models import Note, NoteDirectory
from cases.selectors import WRITE, find, visible_note_directories, visible_notes
from cases.services.notes import NOT_IN_CASE, add_note, add_note_directory, update_note
from incidents.models import CustomField
from incidents.services.admission import locked_incident
from incidents.services.custom_values import checked_values
from soar.core.actor import Actor
from soar.core.recording import recording
from soar.core.selectors import visible_users

DIRECTORY = "Notes"
SECTION = CustomField.Section.NOTES


def write_note(
    actor: Actor,
    incident_id: int,
    *,
    title: str,
    content_html: str = "",
    author: str = "",
    written_at: dt.datetime | None = None,
    custom: dict[str, Any] | None = None,
) -> Note:
    """Write a note in HTML into the directory of the incident's notes, which is made when it is missing.

    `author` is a login; it counts where the actor may speak for that user: for himself, and for everybody as
    an administrator. The audit trail always names the actor. Raise as add_incident_note.
    """
    with recording(actor):
        locked_incident(actor, incident_id)
        return add_incident_note(
            actor,
            incident_id,
            custom=custom,
            title=title,
            content_html=content_html,
            directory_id=_directory(actor, incident_id).pk,
            user_id=_author(actor, author),
            written_at=written_at,
        )


def add_incident_note(
    actor: Actor, incident_id: int, *, custom: dict[str, Any] | None = None, **values: Any
) -> Note:
    """Write a note; `custom` are values by opt_<number>, the rest is what add_note takes.

    Raise Forbidden, NotFound, Conflict for a deleted incident, or Invalid.
    """
    with recording(actor):
        locked_incident(actor, incident_id)
        kept = checked_values(SECTION, custom or {}, is_new=True)
        return add_note(actor, incident_id, custom=kept, **values)


def update_incident_note(
    actor: Actor,
    incident_id: int,
    note_id: int,
    *,
    custom: dict[str, Any] | None = None,
    **changes: Any,
) -> Note:
    """Change a note; custom values that are not given stay. Raise as add_incident_note."""
    with recording(actor):
        locked_incident(actor, incident_id)
        if custom:
            rows = visible_notes(actor, WRITE).filter(case_id=incident_id)
            known = find(rows.select_for_update(of=("self",)), note_id, NOT_IN_CASE)
            changes["custom"] = checked_values(SECTION, custom, known.custom)
        return update_note(actor, incident_id, note_id, **changes)


def _directory(actor: Actor, incident_id: int) -> NoteDirectory:
    known = visible_note_directories(actor).filter(case_id=incident_id, parent=None, name=DIRECTORY)
    return known.order_by("pk").first() or add_note_directory(actor, incident_id, name=DIRECTORY)


def _author(actor: Actor, login: str) -> int:
    if not login or login == actor.login or not actor.is_administrator:
        return actor.user_id
    named = visible_users(actor).filter(login=login).values_list("pk", flat=True).first()
    return named or actor.user_id
