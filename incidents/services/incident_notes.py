"""Notes of an incident: notes of its case, in a directory of their own."""

import datetime as dt

from cases.models import Note, NoteDirectory
from cases.selectors import visible_note_directories
from cases.services.notes import add_note, add_note_directory
from incidents.services.admission import locked_incident
from soar.core.actor import Actor
from soar.core.recording import recording
from soar.core.selectors import visible_users

DIRECTORY = "Notes"


def write_note(
    actor: Actor,
    incident_id: int,
    *,
    title: str,
    content_html: str = "",
    author: str = "",
    written_at: dt.datetime | None = None,
) -> Note:
    """Write a note in HTML into the directory of the incident's notes, which is made when it is missing.

    `author` is a login; it counts where the actor may speak for that user: for himself, and for everybody as
    an administrator. The audit trail always names the actor. Raise Forbidden or NotFound.
    """
    with recording(actor):
        locked_incident(actor, incident_id)
        return add_note(
            actor,
            incident_id,
            title=title,
            content_html=content_html,
            directory_id=_directory(actor, incident_id).pk,
            user_id=_author(actor, author),
            written_at=written_at,
        )


def _directory(actor: Actor, incident_id: int) -> NoteDirectory:
    known = visible_note_directories(actor).filter(case_id=incident_id, parent=None, name=DIRECTORY)
    return known.order_by("pk").first() or add_note_directory(actor, incident_id, name=DIRECTORY)


def _author(actor: Actor, login: str) -> int:
    if not login or login == actor.login or not actor.is_administrator:
        return actor.user_id
    named = visible_users(actor).filter(login=login).values_list("pk", flat=True).first()
    return named or actor.user_id
