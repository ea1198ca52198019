"""Triage events become incidents, join incidents, and incidents become events. Source: contract §4.5."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from cases.models import Case
from cases.permissions import WRITE, require_case, visible_customers
from cases.selectors import find, visible_cases
from cases.services.cases import UNKNOWN_CASE
from cases.services.references import check_references
from incidents.models import (
    Alert,
    AlertStatus,
    Folder,
    Incident,
    IncidentLabel,
    IncidentTemplate,
    ListField,
    ListValue,
)
from incidents.selectors import visible_incidents
from incidents.services.alerts import add_alert, locked_alert, require_open
from incidents.services.carrying import carry_all, carry_back, merged_values, same_labels
from incidents.services.closing import close_incident
from incidents.services.incidents import incident_settings, update_incident
from incidents.services.lists import restriction_of_severity
from incidents.services.opening import Origin, open_from_fields
from incidents.services.triage import decide
from soar.core.actor import Actor
from soar.core.errors import Conflict, Invalid
from soar.core.history import is_possible_id
from soar.core.models import User
from soar.core.permissions import Permission
from soar.core.recording import Record, recording
from soar.core.rich_text import html_of

CONVERTED = "Already converted"
NO_INCIDENT = "There is no such incident."
NO_OWNER = "There is no user of this name who may work on this incident."
REQUIRED = "This field is required."
OTHER = "Other"
SOURCE = "incident"


def convert_alert(
    actor: Actor,
    alert_id: int,
    *,
    template_id: int | None = None,
    label_id: int | None = None,
    reference: str = "",
    folder_id: int | None = None,
    owner_id: int | None = None,
    custom: Mapping[str, Any] | None = None,
) -> Incident:
    """Open an incident from an event, with everything that is on it, and return it.

    Its owner is the actor unless another is named, here or by the template, which gives whatever the event
    does not; `custom` are values of the incident's own custom fields. Raise Forbidden, NotFound, Invalid, or
    Conflict, naming the incident, for an event that was converted before.
    """
    _require_converter(actor)
    check_references(
        template_id=(IncidentTemplate, template_id, "There is no such template."),
        label_id=(IncidentLabel, label_id, "There is no such label."),
        folder_id=(Folder, folder_id, "There is no such folder."),
    )
    with recording(actor) as record:
        alert = _locked_for_converting(actor, alert_id)
        _check_owner(actor, alert, owner_id)
        fields = _fields_of(alert) | dict(custom or {})
        if reference:
            fields["incidentid"] = reference
        if owner_id is not None:
            fields["owner"] = owner_id
        origin = Origin(
            template_id=template_id,
            label_id=label_id,
            folder_id=folder_id,
            customer_id=alert.customer_id,
            generated_by=f"#triage|{alert.pk}",
        )
        incident = open_from_fields(actor, fields, origin)
        carry_all(actor, record, alert, incident)
        _conclude(record, alert, incident, AlertStatus.ESCALATED, "alert.escalated", "converted")
    return incident


def merge_alert(actor: Actor, alert_id: int, *, incident_id: int) -> Incident:
    """Put an event with everything that is on it into an incident, and return that.

    What the incident has stays as it is. Raise Forbidden, NotFound, Invalid, or Conflict for an event that
    was converted before.
    """
    _require_converter(actor)
    with recording(actor) as record:
        cases = visible_cases(actor).select_for_update(of=("self",))
        case = cases.filter(pk=incident_id).first() if is_possible_id(incident_id) else None
        if case is None:
            raise Invalid.field("incident_id", NO_INCIDENT)
        alert = _locked_for_converting(actor, alert_id)
        if case.customer_id != alert.customer_id:
            raise Invalid.field("incident_id", "This incident is of another customer.")
        incident = Incident.objects.get(pk=case.pk)
        changes: dict[str, Any] = {"custom": merged_values(alert, incident)}
        types = list(incident.type_links.order_by("pk").values_list("value_id", flat=True))
        if alert.type_id not in types:
            changes["type_ids"] = [*types, alert.type_id]
            if case.classification_id:
                changes["classification_id"] = case.classification_id
        incident = update_incident(actor, case.pk, **changes)
        carry_all(actor, record, alert, incident)
        _conclude(record, alert, incident, AlertStatus.MERGED, "alert.merged", "merged")
    return incident


def move_to_triage(actor: Actor, incident_id: int, *, reason: str = "") -> Alert:
    """Make a pending event of an incident and close that, with the reason as its closing note.

    Raise Forbidden, NotFound, Invalid without a note where one is required, or Conflict when it is closed.
    """
    _require_converter(actor)
    find(visible_incidents(actor), incident_id, UNKNOWN_CASE)
    require_case(actor, incident_id)
    if not reason.strip() and incident_settings().requires_closing_note:
        raise Invalid.field("reason", REQUIRED)
    with recording(actor) as record:
        rows = visible_cases(actor, WRITE).select_for_update(of=("self",))
        case: Case = find(rows, incident_id, UNKNOWN_CASE)
        if case.closed_at is not None or case.closed_on is not None:
            raise Conflict("The incident is closed.")
        incident = Incident.objects.select_related("case").get(pk=case.pk)
        alert = _event_of(actor, incident)
        alert.incident = incident
        alert.save(update_fields=["incident"])
        carry_back(incident, alert)
        record(
            "alert.linked",
            alert,
            case_id=case.pk,
            summary=f"moved incident {incident.reference} to triage as event {alert}",
            after={"incident_id": case.pk, "reason": reason},
        )
        note = reason or f"Moved to triage as event {alert.pk}."
        close_incident(actor, case.pk, closing_note=note)
    return alert


def _require_converter(actor: Actor) -> None:
    actor.require(Permission.ALERTS_WRITE)
    actor.require(Permission.STANDARD_USER)


def _locked_for_converting(actor: Actor, alert_id: int) -> Alert:
    """Return a locked event that can be converted. Raise NotFound, or Conflict naming the incident."""
    alert = locked_alert(actor, alert_id)
    if alert.state == Alert.State.CONVERTED:
        known = visible_incidents(actor).filter(pk=alert.incident_id or 0).first()
        into = f" to incident {known.pk} ({known.reference})" if known else ""
        text = f"Triage event {alert_id} was converted{into}."
        raise Conflict(CONVERTED, details=[text])
    require_open(alert)
    return alert


def _conclude(
    record: Record, alert: Alert, incident: Incident, status_id: int, action: str, deed: str
) -> None:
    changes = {
        "state": Alert.State.CONVERTED,
        "status_id": status_id,
        "decided_at": timezone.now(),
        "incident_id": incident.pk,
    }
    decide(record, alert, changes, action, deed)


def _fields_of(alert: Alert) -> dict[str, Any]:
    """Return what a new incident takes from an event, by the names of the contract."""
    title = alert.title or f"{alert.type.label} from {alert.source or 'triage'}"
    text = alert.description if is_html(alert.description) else html_of(alert.description)
    fields: dict[str, Any] = {
        "description": title[:200],
        "additional_info": text,
        "type": [alert.type_id],
        "starttime": alert.created_at,
        "tags": alert.tags,
    }
    if alert.severity is not None:
        value = restriction_of_severity(alert.severity)
        fields["restriction"] = value.pk if value is not None else None
    given = {name: value for name, value in fields.items() if value not in (None, "")}
    return {**given, **same_labels("triage", "incidents", alert.custom)}


def is_html(text: str) -> bool:
    """Tell whether the text of an event came as HTML; else it is markdown, or plain."""
    return text.lstrip().startswith("<")


def _check_owner(actor: Actor, alert: Alert, owner_id: int | None) -> None:
    """Raise Invalid for a user who may not own an incident of the event's customer."""
    if owner_id in (None, actor.user_id):
        return
    users = User.objects.filter(is_active=True)
    user = users.filter(pk=owner_id or 0).first() if is_possible_id(owner_id) else None
    if user is not None:
        his = Actor.of(user, actor.channel)
        may_know = visible_customers(his).filter(pk=alert.customer_id).exists()
        if may_know and his.may(Permission.STANDARD_USER):
            return
    raise Invalid.field("owner_id", NO_OWNER)


def _event_of(actor: Actor, incident: Incident) -> Alert:
    """Take an incident in as an event."""
    case = incident.case
    types = ListValue.objects.filter(field=ListField.TYPE)
    link = incident.type_links.select_related("value").order_by("pk").first()
    kind = link.value if link else types.filter(label=OTHER).first() or types.first()
    if kind is None:
        raise Invalid.field("type", "There is no type of incidents.")
    alert, _ = add_alert(
        actor,
        type_id=kind.pk,
        customer_id=case.customer_id,
        title=case.name,
        description=case.description_html or case.description,
        severity_id=case.severity_id,
        tags=case.tags,
        source=SOURCE,
        content={"incidentid": incident.reference, "id": case.pk},
        custom=same_labels("incidents", "triage", incident.custom),
        is_complete=False,
    )
    return alert
