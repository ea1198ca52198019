"""Triage events become incidents and join them with everything that is on them, and incidents become events."""

from collections.abc import Callable

import pytest

from cases.models import Case, Note
from cases.services.access import set_user_access
from cases.services.cases import close_case
from cases.services.iocs import add_ioc
from incidents.models import (
    Alert,
    AlertStatus,
    Attachment,
    CustomField,
    ExternalAlert,
    Folder,
    Incident,
    IncidentSettings,
    IncidentTemplate,
    StoredFile,
)
from incidents.services.alert_parts import add_alert_ioc, add_alert_note
from incidents.services.converting import convert_alert, merge_alert, move_to_triage
from incidents.services.incidents import open_incident, update_incident
from incidents.services.triage import discard_alert
from soar.core.actor import Actor
from soar.core.errors import Conflict, Forbidden, Invalid, NotFound
from soar.core.models import AuditLog, User
from soar.core.permissions import AccessLevel

Make = Callable[..., Alert]
pytestmark = pytest.mark.django_db
MALWARE = 18


@pytest.fixture
def full(make_alert: Make, as_analyst: Actor, triage_fields: list[CustomField]) -> Alert:
    """An event with everything on it."""
    alert = make_alert(
        title="Urgent invoice",
        description="<p>Opened by two</p>",
        severity_id=5,
        tags="mail,finance",
        custom={"opt_1": "evil.example", "opt_2": "Invoice"},
        content={"gate": "mx1"},
    )
    add_alert_ioc(as_analyst, alert.pk, type_id=1, value="evil.example", description="Sender")
    add_alert_note(as_analyst, alert.pk, title="Seen", content_html="<p>By two</p>")
    file = StoredFile.objects.create(sha256="a", sha1="b", md5="c", size_bytes=1, media_type="x/y")
    given = {"file_name": "mail.eml", "description": "The mail", "user_id": as_analyst.user_id}
    Attachment.objects.create(alert=alert, file=file, **given)
    return alert


def test_an_incident_is_opened_of_an_event(full: Alert, as_analyst: Actor) -> None:
    incident = convert_alert(as_analyst, full.pk)
    case = incident.case
    assert (case.name, case.description_html) == ("Urgent invoice", "<p>Opened by two</p>")
    assert (case.severity_id, case.tags, case.customer_id) == (5, "mail,finance", 1)
    assert (case.owner_id, incident.generated_by) == (as_analyst.user_id, f"#triage|{full.pk}")
    assert [one.label for one in incident.types.all()] == ["Phishing"]


def test_the_event_tells_what_became_of_it(full: Alert, as_analyst: Actor) -> None:
    incident = convert_alert(as_analyst, full.pk)
    full.refresh_from_db()
    assert (full.state, full.status_id) == (Alert.State.CONVERTED, AlertStatus.ESCALATED)
    assert (full.incident, full.decided_at is not None) == (incident, True)
    row = AuditLog.objects.get(action="alert.escalated")
    assert (row.object_id, row.case_id) == (full.pk, incident.pk)


def assert_carried(incident: Incident, actor: Actor) -> None:
    """Check that everything on the full event is in an incident."""
    case_ioc = incident.case.case_iocs.get()
    assert (case_ioc.ioc.value, case_ioc.description) == ("evil.example", "Sender")
    note = incident.case.notes.get(directory__name="Triage")
    assert (note.title, note.content_html, note.user_id) == ("Seen", "<p>By two</p>", actor.user_id)
    file = incident.attachments.get()
    assert (file.file_name, file.user_id) == ("mail.eml", actor.user_id)
    raw = incident.external_alerts.get()
    assert (raw.type, raw.data) == ("mailgate", {"gate": "mx1"})


def test_everything_on_an_event_is_carried(full: Alert, as_analyst: Actor) -> None:
    incident = convert_alert(as_analyst, full.pk)
    assert_carried(incident, as_analyst)
    assert incident.custom == {"opt_2": "evil.example", "opt_3": "Invoice"}
    assert full.attachments.count() == 1


def test_an_event_without_content_is_kept_by_its_fields(
    make_alert: Make, as_analyst: Actor, triage_fields: list[CustomField]
) -> None:
    alert = make_alert(custom={"opt_1": "evil.example"})
    incident = convert_alert(as_analyst, alert.pk)
    assert ExternalAlert.objects.get(incident=incident).data == {"Domain": "evil.example"}


def test_label_template_folder_and_owner_are_those_asked_for(
    alert: Alert, as_analyst: Actor, colleague: User
) -> None:
    folder = Folder.objects.create(name="Mail")
    template = IncidentTemplate.objects.create(name="Phish", folder=folder)
    incident = convert_alert(
        as_analyst, alert.pk, template_id=template.pk, owner_id=colleague.pk, reference="PH-1"
    )
    assert (incident.reference, incident.folder, incident.template) == ("PH-1", folder, template)
    assert incident.case.owner == colleague
    update_incident(Actor.of(colleague, "cloudsoar"), incident.pk, ended_at=None)


def test_a_template_gives_what_the_event_does_not(alert: Alert, as_analyst: Actor) -> None:
    notes = [{"title": "First steps", "additional_info": "<p>Ask the sender</p>"}]
    fields = {"purpose": "Exercise", "description": "Not this title", "restriction": "HIGH"}
    template = IncidentTemplate.objects.create(name="P", fields=fields, notes=notes, tags=["t"])
    incident = convert_alert(as_analyst, alert.pk, template_id=template.pk)
    assert (str(incident.purpose), incident.case.name) == ("Exercise", "Urgent invoice")
    assert (incident.case.severity.name, incident.case.tags) == ("High", "t")
    assert incident.case.notes.get().title == "First steps"


@pytest.mark.parametrize("name", ["template_id", "label_id", "folder_id", "owner_id"])
def test_what_does_not_exist_is_named_and_nothing_opened(
    alert: Alert, as_analyst: Actor, name: str
) -> None:
    before = Case.objects.count()
    with pytest.raises(Invalid) as refusal:
        convert_alert(as_analyst, alert.pk, **{name: 10**6})  # type: ignore[arg-type]
    assert list(refusal.value.fields) == [name]
    assert Case.objects.count() == before


def test_an_owner_who_may_not_know_the_customer_is_refused(
    alert: Alert, as_analyst: Actor, outsider: User
) -> None:
    with pytest.raises(Invalid):
        convert_alert(as_analyst, alert.pk, owner_id=outsider.pk)


def test_a_required_field_of_incidents_is_asked_for(alert: Alert, as_analyst: Actor) -> None:
    given = {"section": "incidents", "type": "Text", "is_required": True}
    CustomField.objects.create(number=1, label="Site", **given)
    with pytest.raises(Invalid) as refusal:
        convert_alert(as_analyst, alert.pk)
    assert list(refusal.value.fields) == ["opt_1"]
    assert convert_alert(as_analyst, alert.pk, custom={"opt_1": "Milan"}).custom == {
        "opt_1": "Milan"
    }


def test_converting_again_names_the_incident(alert: Alert, as_analyst: Actor) -> None:
    incident = convert_alert(as_analyst, alert.pk)
    with pytest.raises(Conflict) as refusal:
        convert_alert(as_analyst, alert.pk)
    text = (
        f"Triage event {alert.pk} was converted to incident {incident.pk} ({incident.reference})."
    )
    assert (refusal.value.message, refusal.value.details) == ("Already converted", [text])
    with pytest.raises(Conflict):
        discard_alert(as_analyst, alert.pk)


def test_an_incident_the_caller_may_not_see_is_not_named(
    alert: Alert, as_analyst: Actor, as_colleague: Actor, as_administrator: Actor, colleague: User
) -> None:
    incident = convert_alert(as_analyst, alert.pk)
    set_user_access(as_administrator, incident.pk, user_id=colleague.pk, level=AccessLevel.DENY_ALL)
    with pytest.raises(Conflict) as refusal:
        convert_alert(as_colleague, alert.pk)
    assert refusal.value.details == [f"Triage event {alert.pk} was converted."]


def test_what_is_discarded_is_not_converted(alert: Alert, as_analyst: Actor) -> None:
    discard_alert(as_analyst, alert.pk)
    with pytest.raises(Conflict):
        convert_alert(as_analyst, alert.pk)


def test_an_event_of_another_customer_is_not_converted(alert: Alert, as_outsider: Actor) -> None:
    with pytest.raises(NotFound):
        convert_alert(as_outsider, alert.pk)


# --- joining an incident


@pytest.fixture
def incident(as_analyst: Actor) -> Incident:
    """An incident of customer 1: malware, with a domain already."""
    return open_incident(
        as_analyst,
        name="Open",
        customer_id=1,
        type_ids=[MALWARE],
        custom={"opt_2": "known.example"},
    )


def test_an_event_joins_an_incident(full: Alert, incident: Incident, as_analyst: Actor) -> None:
    merged = merge_alert(as_analyst, full.pk, incident_id=incident.pk)
    full.refresh_from_db()
    assert (full.state, full.status_id) == (Alert.State.CONVERTED, AlertStatus.MERGED)
    assert full.incident == incident
    assert_carried(merged, as_analyst)
    assert AuditLog.objects.get(action="alert.merged").case_id == incident.pk


def test_what_the_incident_has_stays(full: Alert, incident: Incident, as_analyst: Actor) -> None:
    merge_alert(as_analyst, full.pk, incident_id=incident.pk)
    incident.refresh_from_db()
    assert incident.custom == {"opt_2": "known.example", "opt_3": "Invoice"}
    links = incident.type_links.order_by("pk")
    assert [one.value.label for one in links] == ["Malware", "Phishing"]


def test_an_event_joins_no_incident_of_another_customer(
    alert: Alert, as_analyst: Actor, as_administrator: Actor, outsider_case: Case
) -> None:
    for actor in (as_analyst, as_administrator):
        with pytest.raises(Invalid) as refusal:
            merge_alert(actor, alert.pk, incident_id=outsider_case.pk)
        assert list(refusal.value.fields) == ["incident_id"]


def test_who_only_reads_an_incident_puts_nothing_into_it(alert: Alert, as_reader: Actor) -> None:
    with pytest.raises(Forbidden):
        merge_alert(as_reader, alert.pk, incident_id=1)
    assert not ExternalAlert.objects.exists()


# --- the way back


def test_an_incident_goes_back_to_triage(
    as_analyst: Actor, triage_fields: list[CustomField]
) -> None:
    text = {"name": "Nothing", "description": "Much ado", "tags": "mail"}
    given = {"customer_id": 1, "type_ids": [MALWARE], "custom": {"opt_2": "a.example"}}
    incident = open_incident(as_analyst, **text, **given)  # type: ignore[arg-type]
    add_ioc(as_analyst, incident.pk, type_id=1, tlp_id=1, value="a.example")
    alert = move_to_triage(as_analyst, incident.pk, reason="No evidence")
    assert (alert.state, alert.incident_id, alert.type_id) == ("pending", incident.pk, MALWARE)
    assert (alert.title, alert.description, alert.tags) == ("Nothing", "Much ado", "mail")
    assert (alert.custom, alert.iocs.get().value) == ({"opt_1": "a.example"}, "a.example")
    case = Case.objects.get(pk=incident.pk)
    assert (case.closing_note, case.closed_at is not None) == ("No evidence", True)


def test_a_closed_incident_does_not_go_back(incident: Incident, as_analyst: Actor) -> None:
    close_case(as_analyst, incident.pk)
    with pytest.raises(Conflict):
        move_to_triage(as_analyst, incident.pk)
    assert not Alert.objects.exists()


def test_a_note_is_required_where_closing_needs_one(incident: Incident, as_analyst: Actor) -> None:
    IncidentSettings.objects.update(requires_closing_note=True)
    with pytest.raises(Invalid) as refusal:
        move_to_triage(as_analyst, incident.pk)
    assert list(refusal.value.fields) == ["reason"]


def test_who_only_reads_an_incident_moves_it_nowhere(as_reader: Actor) -> None:
    with pytest.raises(Forbidden):
        move_to_triage(as_reader, 1)


def test_a_hidden_incident_is_missing(as_analyst: Actor, outsider_case: Case) -> None:
    with pytest.raises(NotFound):
        move_to_triage(as_analyst, outsider_case.pk)


def test_notes_of_two_events_lie_in_one_directory(
    make_alert: Make, incident: Incident, as_analyst: Actor
) -> None:
    for title in ("One", "Two"):
        alert = make_alert(title=title)
        add_alert_note(as_analyst, alert.pk, title=title, content_html="<b>x</b>")
        merge_alert(as_analyst, alert.pk, incident_id=incident.pk)
    assert Note.objects.filter(case_id=incident.pk).values("directory").distinct().count() == 1
