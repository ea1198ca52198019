"""Files on incidents, alerts and indicators."""

from typing import Any

from django.conf import settings
from django.core.files import File

from cases.permissions import require_case
from cases.selectors import find
from incidents.models import Attachment, CustomField
from incidents.selectors import visible_alerts, visible_attachments, visible_entities
from incidents.services.admission import locked_incident
from incidents.services.custom_values import checked_values
from incidents.services.file_names import check_file_name
from incidents.services.file_store import (
    Content,
    bytes_kept,
    described,
    hold,
    open_bytes,
    release,
    release_unreferenced,
)
from soar.core.actor import Actor
from soar.core.errors import Conflict, Invalid
from soar.core.history import apply_changes
from soar.core.permissions import Permission
from soar.core.recording import recording

EDITABLE = frozenset({"file_name", "description", "reference", "custom"})
UNKNOWN = "No such attachment"


def largest_upload() -> int:
    """Return how many bytes a file may have."""
    return int(settings.SOAR_MAXIMUM_UPLOAD_MB) * 1024 * 1024


def add_attachment(
    actor: Actor,
    *,
    content: Content,
    file_name: str,
    description: str = "",
    reference: str = "",
    incident_id: int | None = None,
    alert_id: int | None = None,
    ioc_id: int | None = None,
    custom: dict[str, Any] | None = None,
) -> Attachment:
    """Keep a file on exactly one incident, alert or indicator; `custom` are values by opt_<number>.

    What is kept with an indicator needs no custom values and gets no defaults. The same bytes are stored once,
    whatever their names. Raise Forbidden, NotFound, Invalid, also for an extension that is not accepted, or
    Conflict for a locked indicator.
    """
    target = {"incident_id": incident_id, "alert_id": alert_id, "ioc_id": ioc_id}
    place = Attachment(**target, file_name=file_name, description=description, reference=reference)
    _admit(actor, place)
    check_file_name(file_name)
    place.custom = checked_values(
        CustomField.Section.ATTACHMENTS, custom or {}, is_new=ioc_id is None
    )
    wanted = described(content)
    if wanted.size_bytes > largest_upload():
        raise Invalid.field("content", "This file is too large.")
    with bytes_kept(content, wanted), recording(actor) as record:
        if incident_id is not None:
            locked_incident(actor, incident_id)
        place.file = hold(content, wanted)
        place.user_id = actor.user_id
        place.save()
        record(
            "attachment.created",
            place,
            case_id=incident_id,
            summary=f'attached "{file_name}"',
            after={
                **{name: pk for name, pk in target.items() if pk is not None},
                "file_name": file_name,
                "description": description,
                "reference": reference,
                "sha256": wanted.sha256,
                "size_bytes": wanted.size_bytes,
                "custom": place.custom,
            },
        )
    return place


def update_attachment(actor: Actor, attachment_id: int, **changes: Any) -> Attachment:
    """Change name, description, reference or custom values. Raise Forbidden, NotFound, Invalid or Conflict."""
    with recording(actor) as record:
        changed = _locked(actor, attachment_id)
        if changes.get("file_name", changed.file_name) != changed.file_name:
            check_file_name(changes["file_name"])
        if "custom" in changes:
            section = CustomField.Section.ATTACHMENTS
            changes["custom"] = checked_values(section, changes["custom"] or {}, changed.custom)
        before, after = apply_changes(changed, changes, EDITABLE)
        if after:
            changed.save(update_fields=[*after])
            record(
                "attachment.updated",
                changed,
                case_id=changed.incident_id,
                summary=f'updated attachment "{changed.file_name}"',
                before=before,
                after=after,
            )
    return changed


def delete_attachment(actor: Actor, attachment_id: int) -> None:
    """Delete an attachment, and its bytes with the last that names them. Raise Forbidden, NotFound or Conflict."""
    with recording(actor) as record:
        gone = _locked(actor, attachment_id)
        record(
            "attachment.deleted",
            gone,
            case_id=gone.incident_id,
            summary=f'deleted attachment "{gone.file_name}"',
            before={"file_name": gone.file_name, "sha256": gone.file.sha256},
        )
        file = gone.file
        gone.delete()
        release(file)


def open_attachment(actor: Actor, attachment_id: int) -> "tuple[Attachment, File[bytes]]":
    """Return an attachment with its bytes opened for reading. Raise NotFound, or Conflict when they are lost."""
    rows = visible_attachments(actor).select_related("file")
    found = find(rows, attachment_id, UNKNOWN)
    return found, open_bytes(found.file)


def drop_unreferenced_files() -> int:
    """Forget stored bytes whose attachments went with what they were on, and return how many."""
    return release_unreferenced()


def _locked(actor: Actor, attachment_id: int) -> Attachment:
    """Return an attachment to change, with what it is on locked before it. Raise NotFound or Forbidden."""
    seen = find(visible_attachments(actor), attachment_id, UNKNOWN)
    _admit(actor, seen)
    if seen.incident_id is not None:
        locked_incident(actor, seen.incident_id)
    rows = visible_attachments(actor).select_for_update(of=("self",)).select_related("file")
    return find(rows, attachment_id, UNKNOWN)


def _admit(actor: Actor, place: Attachment) -> None:
    """Raise unless the actor may write files onto what this one is on."""
    given = [place.incident_id, place.alert_id, place.ioc_id]
    if sum(pk is not None for pk in given) != 1:
        raise Invalid("A file is on an incident, an alert or an indicator.")
    if place.incident_id is not None:
        require_case(actor, place.incident_id)
    elif place.alert_id is not None:
        actor.require(Permission.ALERTS_WRITE)
        find(visible_alerts(actor), place.alert_id, "No such alert")
    else:
        actor.require(Permission.STANDARD_USER)
        ioc = find(visible_entities(actor), place.ioc_id or 0, "No such indicator")
        if ioc.locked_at is not None:
            raise Conflict("This entity is locked")
