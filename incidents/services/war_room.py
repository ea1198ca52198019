"""Writing into the war room: entries of one's own, and marks on steps."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone

from cases.models import EventCategory
from cases.selectors import find
from cases.services.timeline import add_event, delete_event, update_event
from incidents.models import TimelineEntry, TimelineMark
from incidents.services.admission import locked_incident
from incidents.war_room import ENTRY, EVENT, PRINTED, body_of, title_of, visible_steps
from soar.core.actor import Actor
from soar.core.errors import Conflict
from soar.core.history import apply_changes
from soar.core.models import AuditLog
from soar.core.recording import Record, recording
from soar.core.rich_text import markdown_of

MARKS = frozenset({"is_locked", "is_printed", "is_deleted", "title"})
SOURCE = "War room"
UNKNOWN = "No such step in this incident"


def add_timeline_entry(
    actor: Actor,
    incident_id: int,
    *,
    title: str,
    body_html: str = "",
    started_at: dt.datetime | None = None,
) -> AuditLog:
    """Write an entry into the war room and return it as a step. Raise Forbidden or NotFound."""
    with transaction.atomic():
        with recording(actor) as record:
            locked_incident(actor, incident_id)
            made = TimelineEntry.objects.create(
                incident_id=incident_id,
                title=title,
                body_html=body_html,
                started_at=started_at or timezone.now(),
                user_id=actor.user_id,
            )
            record(
                "timeline_entry.created",
                made,
                case_id=incident_id,
                summary=f'wrote "{title}" into the war room',
                after={"title": title, "body_html": body_html, "started_at": made.started_at},
            )
        return visible_steps(actor, incident_id).get(object_type=ENTRY, object_id=made.pk)


def mark_step(actor: Actor, incident_id: int, step_id: int, **marks: Any) -> AuditLog:
    """Lock, print, delete or name a step of the war room, and return it.

    A printed one stands in the timeline of the case too, until it is printed no more. Raise Forbidden,
    NotFound, or Conflict for anything but unlocking a locked one.
    """
    with recording(actor) as record:
        locked_incident(actor, incident_id)
        step = find(visible_steps(actor, incident_id), step_id, UNKNOWN)
        mark = getattr(step, "mark", None) or TimelineMark(line=step, incident_id=incident_id)
        before, after = apply_changes(mark, marks, MARKS)
        if before.get("is_locked", mark.is_locked) and set(after) - {"is_locked"}:
            raise Conflict("This step is locked; unlock it first")
        if after:
            mark.save()
            step.mark = mark  # type: ignore[attr-defined]
            _print(actor, step, mark, after, record)
            record(
                "timeline_mark.updated",
                mark,
                case_id=incident_id,
                summary=f'marked "{title_of(step)}" in the war room',
                before=before,
                after=after,
            )
    return step


def _print(
    actor: Actor, step: Any, mark: TimelineMark, after: dict[str, Any], record: Record
) -> None:
    """Let the timeline of the case have what is printed of a step, which an event of it is already."""
    if step.object_type == EVENT:
        return
    case_id, event_id = mark.incident_id, mark.event_id
    if mark.is_printed and event_id is None and "is_printed" in after:
        event = add_event(
            actor,
            case_id,
            title=title_of(step),
            content=markdown_of(body_of(step)),
            source=SOURCE,
            date=step.happened_at,
            local_date=step.happened_at,
            tz="+00:00",
            category_id=EventCategory.UNSPECIFIED,
            asset_ids=[],
        )
        record(PRINTED, event, case_id=case_id, summary=f'printed "{event.title}"')
        mark.event = event
        mark.save(update_fields=["event"])
    elif event_id is not None and not mark.is_printed:
        mark.event = None
        mark.save(update_fields=["event"])
        delete_event(actor, case_id, event_id)
    elif event_id is not None and "title" in after:
        update_event(actor, case_id, event_id, title=title_of(step))
