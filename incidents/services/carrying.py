"""What an incident gets from the triage event it was made of, and an event from its incident."""

from typing import Any

from cases.models import NoteDirectory
from cases.services.iocs import add_ioc
from cases.services.notes import add_note, add_note_directory
from incidents.models import Alert, AlertIoc, Attachment, CustomField, Incident
from incidents.services.alert_parts import default_tlp_id
from incidents.services.custom_values import checked_value, checked_values
from incidents.services.external_alerts import add_external_alert
from soar.core.actor import Actor
from soar.core.recording import Record

DIRECTORY = "Triage"
LONGEST = 200
Values = dict[str, Any]


def carry_all(actor: Actor, record: Record, alert: Alert, incident: Incident) -> None:
    """Put what is on an event into an incident: indicators, notes, files, and the event as it came.

    Part of converting, inside its transaction.
    """
    case_id = incident.case_id
    for row in alert.alert_iocs.select_related("ioc").order_by("pk"):
        add_ioc(
            actor,
            case_id,
            type_id=row.ioc.type_id,
            tlp_id=row.tlp_id,
            value=row.ioc.value,
            description=row.description,
            tags=row.tags,
        )
    _carry_notes(actor, alert, case_id)
    _carry_attachments(actor, record, alert, case_id)
    _carry_content(actor, alert, case_id)


def same_labels(source: str, target: str, values: Values) -> Values:
    """Return the values of one section's custom fields for the fields of another that are labelled alike.

    What the other field cannot hold is left out.
    """
    fields = CustomField.objects.filter(section__in=(source, target), removed_at=None)
    by_label: dict[str, dict[str, CustomField]] = {source: {}, target: {}}
    for one in fields.order_by("-number"):
        by_label[one.section][one.label.strip().casefold()] = one
    found: Values = {}
    for label, field in by_label[target].items():
        given = by_label[source].get(label)
        if given is None or values.get(given.name) is None:
            continue
        try:
            found[field.name] = checked_value(field, values[given.name])
        except ValueError:
            continue
    return found


def merged_values(alert: Alert, incident: Incident) -> Values:
    """Return the custom values of an incident with those of an event where it has none. Raise Invalid."""
    carried = same_labels("triage", "incidents", alert.custom)
    missing = {name: value for name, value in carried.items() if name not in incident.custom}
    return checked_values("incidents", missing, incident.custom)


def labelled_values(alert: Alert) -> Values:
    """Return the custom values of an event by the labels of their fields."""
    fields = CustomField.objects.filter(section="triage", removed_at=None)
    return {one.label: alert.custom[one.name] for one in fields if one.name in alert.custom}


def carry_back(incident: Incident, alert: Alert) -> None:
    """Put the indicators of a case on the event it became. Part of moving, inside its transaction."""
    tlp_id = default_tlp_id()
    AlertIoc.objects.bulk_create(
        AlertIoc(
            alert=alert,
            ioc_id=row.ioc_id,
            tlp_id=row.tlp_id or tlp_id,
            description=row.description or "",
            tags=row.tags or "",
        )
        for row in incident.case.case_iocs.order_by("pk")
    )


def _carry_notes(actor: Actor, alert: Alert, case_id: int) -> None:
    notes = list(alert.notes.order_by("pk"))
    if not notes:
        return
    directories = NoteDirectory.objects.filter(case_id=case_id, parent=None, name=DIRECTORY)
    directory = directories.first() or add_note_directory(actor, case_id, name=DIRECTORY)
    for one in notes:
        add_note(
            actor,
            case_id,
            title=one.title,
            directory_id=directory.pk,
            content_html=one.content_html,
            user_id=one.user_id,
            written_at=one.created_at,
        )


def _carry_attachments(actor: Actor, record: Record, alert: Alert, case_id: int) -> None:
    """Put the files on the incident too; the store holds their bytes once."""
    for one in alert.attachments.order_by("pk"):
        row = Attachment.objects.create(
            incident_id=case_id,
            file_id=one.file_id,
            file_name=one.file_name,
            description=one.description,
            reference=one.reference,
            custom=one.custom,
            user_id=one.user_id,
        )
        after = {"file_name": one.file_name, "alert_id": alert.pk}
        summary = f'attached file "{one.file_name}"'
        record("attachment.created", row, case_id=case_id, summary=summary, after=after)


def _carry_content(actor: Actor, alert: Alert, case_id: int) -> None:
    """Keep the event as it came; one that came as fields only, by the labels of these."""
    data = alert.content or labelled_values(alert)
    if data:
        kind = alert.source or alert.type.label
        name = alert.title or alert.external_id
        add_external_alert(
            actor, case_id, type=kind[:LONGEST], name=name[:LONGEST], data=dict(data)
        )
