"""What is on a triage event: files, indicators and notes."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from cases.services.references import check_references
from incidents.models import Alert, AlertIoc, AlertNote
from incidents.services.alerts import add_alert, locked_alert
from incidents.services.attachments import add_attachment
from iocs.models import IocType, Tlp
from iocs.services import ensure_ioc
from soar.core.actor import Actor
from soar.core.errors import Invalid
from soar.core.inserting import insert_if_absent
from soar.core.models import User
from soar.core.permissions import Permission
from soar.core.recording import recording
from soar.core.tags import check_tags

REQUIRED = "This field is required."
DEFAULT_TLP = "amber"


def take_in(
    actor: Actor, *, files: Sequence[Mapping[str, Any]] = (), **values: Any
) -> tuple[Alert, bool]:
    """Take an event in with its files, and return it, and whether it is new.

    `files` are what add_attachment takes. The files of an event that was taken in before are passed over.
    Raise as add_alert and add_attachment do.
    """
    if not files:
        return add_alert(actor, **values)
    with recording(actor):
        alert, is_new = add_alert(actor, **values)
        for one in files if is_new else ():
            add_attachment(actor, alert_id=alert.pk, **one)
    return alert, is_new


def add_alert_ioc(
    actor: Actor,
    alert_id: int,
    *,
    type_id: int,
    value: str,
    tlp_id: int | None = None,
    description: str = "",
    tags: str = "",
) -> tuple[AlertIoc, bool]:
    """Put an indicator on an event and return it, and whether it was not on it yet.

    One that is on it already is returned unchanged. Raise Forbidden, NotFound or Invalid.
    """
    actor.require(Permission.ALERTS_WRITE)
    if not value.strip():
        raise Invalid.field("value", REQUIRED)
    check_references(
        type_id=(IocType, type_id, "There is no such type."),
        tlp_id=(Tlp, tlp_id, "There is no such TLP."),
    )
    check_tags(tags)
    with recording(actor) as record:
        alert = locked_alert(actor, alert_id)
        ioc, _ = ensure_ioc(type_id=type_id, value=value.strip())
        row = AlertIoc(
            alert=alert,
            ioc=ioc,
            tlp_id=tlp_id or default_tlp_id(),
            description=description,
            tags=tags,
        )
        if not insert_if_absent(row):
            return AlertIoc.objects.get(alert=alert, ioc=ioc), False
        record(
            "alert.ioc_added",
            alert,
            case_id=alert.incident_id,
            summary=f'added ioc "{ioc.value[:100]}" to event {alert}',
            after={"ioc_id": ioc.pk, "type_id": type_id, "value": ioc.value},
        )
    return row, True


def add_alert_note(
    actor: Actor,
    alert_id: int,
    *,
    title: str,
    content_html: str = "",
    created_at: dt.datetime | None = None,
    user_id: int | None = None,
) -> AlertNote:
    """Write a note on an event; in another's name only who administers the server may.

    Raise Forbidden, NotFound or Invalid.
    """
    actor.require(Permission.ALERTS_WRITE)
    if not title.strip():
        raise Invalid.field("title", REQUIRED)
    check_references(user_id=(User, user_id, "There is no such user."))
    with recording(actor) as record:
        alert = locked_alert(actor, alert_id)
        writer_id = user_id if user_id is not None and actor.is_administrator else actor.user_id
        row = AlertNote.objects.create(
            alert=alert,
            title=title,
            content_html=content_html,
            user_id=writer_id,
            created_at=created_at or timezone.now(),
        )
        after: Mapping[str, Any] = {"title": title, "content": content_html, "user_id": row.user_id}
        summary = f'wrote note "{title}" on event {alert}'
        record("alert.note_added", alert, case_id=alert.incident_id, summary=summary, after=after)
    return row


def default_tlp_id() -> int:
    """Return the level of an indicator nobody gave one. Source: contract §4.8 (amber)."""
    found = Tlp.objects.filter(name=DEFAULT_TLP).values_list("pk", flat=True).first()
    return found or Tlp.objects.order_by("pk").values_list("pk", flat=True)[0]
