"""Incidents through the door: the forms of new ones, reading, partial changes, deleting (contract §4.2, §5)."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from cases.models import Case, Customer
from incidents.models import (
    Artifact,
    CustomField,
    Folder,
    Incident,
    IncidentLabel,
    IncidentSettings,
    IncidentTemplate,
    Investigator,
    ListValue,
)
from soar.core.models import AuditLog, User
from soar.core.permissions import AccessLevel
from tests.api.cloudsoar.answers import assert_shape
from tests.api.cloudsoar.conftest import Ask
from tests.api.cloudsoar.incident_client import IncidentClient
from tests.http import bearer, token_of

pytestmark = pytest.mark.django_db
INVALID = "Invalid request"


@pytest.fixture
def client(analyst: User) -> IncidentClient:
    """The analyst's client."""
    return IncidentClient(analyst)


@pytest.fixture
def site() -> CustomField:
    """A custom field of incidents."""
    fields = {"section": "incidents", "number": 1, "label": "Affected site", "type": "Text"}
    return CustomField.objects.create(**fields)


@pytest.fixture
def template() -> IncidentTemplate:
    """A template with a type, tags, a group as owner and a note."""
    Group.objects.create(name="Admins")
    return IncidentTemplate.objects.create(
        name="Account compromise",
        tags=["identity"],
        fields={"type": ["Account compromise"], "owner": "Admins (group)", "opt_1": "Milan"},
        notes=[{"title": "First steps", "additional_info": "<p>Lock the account</p>"}],
    )


def value_id(field: str, label: str) -> int:
    """Return the id of a list value."""
    return int(ListValue.objects.get(field=field, label=label).pk)


def documented_body(template: IncidentTemplate) -> dict[str, Any]:
    """Return the body of contract §5, example 2."""
    return {
        "template_id": template.pk,
        "fields": {
            "incidentid": "INC-2025-00042",
            "description": "Impossible travel for j.doe",
            "additional_info": "<p>Login from two countries in 9 minutes</p>",
            "starttime": "2025-03-04T08:55:00Z",
            "incident_kind": value_id("incident_kind", "Incident response"),
            "incident_category": value_id("incident_category", "General"),
            "status": value_id("status", "Identification"),
            "restriction": value_id("restriction", "HIGH"),
        },
    }


def chosen(name: str, field: str, label: str) -> dict[str, Any]:
    """Return how a list field looks in the detail."""
    return {"name": name, "value": label, "id": value_id(field, label)}


def test_the_documented_form_opens_an_incident(
    client: IncidentClient, site: CustomField, template: IncidentTemplate
) -> None:
    answer = client.post("", documented_body(template))
    shown = answer.json()
    assert answer.status_code == 201
    assert shown["openingtime"]["name"] == "Opening time"
    assert shown["openingtime"]["value"].endswith("Z")
    kind = value_id("type", "Account compromise")
    expected = {
        "incidentid": {"name": "Incident ID", "value": "INC-2025-00042"},
        "type": {"name": "Type", "value": ["Account compromise"], "id": [kind]},
        "status": chosen("Status", "status", "Identification"),
        "restriction": chosen("Severity", "restriction", "HIGH"),
        "description": {"name": "Description", "value": "Impossible travel for j.doe"},
        "owner": {"name": "Owner", "value": "Admins (group)"},
        "folder": {"name": "Folder", "value": "Incidents"},
        "closingtime": {"name": "Closing time", "value": None},
        "tags": {"name": "Tags", "value": ["identity"]},
        "is_deleted": {"name": "Deleted", "value": False},
        "created_by": {"name": "Created by", "value": "analyst"},
        "opt_1": {"name": "Affected site", "value": "Milan"},
    }
    assert {name: shown[name] for name in expected} == expected
    assert isinstance(shown["id"], int)


def test_the_detail_has_the_other_fields_too(
    client: IncidentClient, site: CustomField, template: IncidentTemplate
) -> None:
    shown = client.post("", documented_body(template)).json()
    text = "<p>Login from two countries in 9 minutes</p>"
    kind = chosen("Incident kind", "incident_kind", "Incident response")
    assert shown["incident_kind"] == kind
    assert shown["starttime"] == {"name": "Start time", "value": "2025-03-04T08:55:00Z"}
    assert shown["additional_info"] == {"name": "Additional info", "value": text}
    assert shown["phase"] == {"name": "Process phase", "value": None, "id": None}
    assert {"endtime", "timezone", "purpose", "generated_by", "inhibit_phases"} <= set(shown)


def test_a_template_brings_its_notes(
    client: IncidentClient, site: CustomField, template: IncidentTemplate
) -> None:
    pk = client.post("", {"template_id": template.pk}).json()["id"]
    note = Case.objects.get(pk=pk).notes.get()
    assert (note.title, note.content_html) == ("First steps", "<p>Lock the account</p>")


def test_the_other_known_form_opens_an_incident(ask: Ask, analyst: User) -> None:
    CustomField.objects.create(section="incidents", number=2, label="Insight", type="Text")
    template = IncidentTemplate.objects.create(name="Insight")
    body = (
        f'{{"name": "INSIGHT-28592", "incident_type": {{"id": {template.pk}}}, "owner": {analyst.pk},'
        ' "fields": {"description": "", "incidentid": "INSIGHT-28592", "opt_2": "INSIGHT-28592",'
        ' "type": ["Incident Management"]}}'
    )
    answer = ask("POST", "incidents", body, "application/json")
    shown = answer.json()
    assert answer.status_code == 201
    assert shown["incidentid"]["value"] == shown["opt_2"]["value"] == "INSIGHT-28592"
    assert (shown["description"]["value"], shown["owner"]["value"]) == ("", "analyst")
    assert Case.objects.get(pk=shown["id"]).name == "INSIGHT-28592"


def test_a_form_of_the_vendors_last_paragraph_opens_an_incident(analyst: User) -> None:
    template = IncidentTemplate.objects.create(name="Device")
    client = Client(headers=bearer(token_of(analyst)) | {"accept": "multipart/form-data"})
    data = {"template_id": template.pk, "fields[description]": "USB stick found"}
    answer = client.post(
        "/incmansuite_ng/api/v3/incidents", {**data, "type": ["Malware", "Physical"]}
    )
    assert answer.status_code == 201
    assert answer.json()["type"]["value"] == ["Malware", "Physical"]
    assert answer.json()["description"]["value"] == "USB stick found"


def test_an_incident_is_opened_from_nothing(client: IncidentClient) -> None:
    shown = client.post("", {}).json()
    assert shown["incidentid"]["value"].startswith("INC-")
    assert shown["description"]["value"] == ""
    assert shown["owner"]["value"] == "analyst"
    assert shown["restriction"]["value"] == "LOW"


def test_a_label_names_an_incident(client: IncidentClient) -> None:
    label = IncidentLabel.objects.create(name="Phish", value="PH-{counter}")
    shown = client.post("", {"label_id": label.pk, "description": "Mail"}).json()
    assert shown["incidentid"]["value"] == "PH-1"
    assert_shape(client.post("", {"label_id": 999}), 400, INVALID)


def test_a_taken_incident_id_gets_a_suffix_or_is_refused(client: IncidentClient) -> None:
    client.open(incidentid="A-1")
    assert client.post("", {"incidentid": "A-1"}).json()["incidentid"]["value"] == "A-1-2"
    IncidentSettings.objects.update(prohibits_duplicates=True)
    before = Incident.objects.count()
    assert_shape(client.post("", {"incidentid": "A-1"}), 409, "Conflict")
    assert Incident.objects.count() == before


def test_what_comes_with_a_new_incident(client: IncidentClient, colleague: User) -> None:
    parent, folder = client.open(), Folder.objects.create(name="Pending")
    pk = client.open(
        parent_id=parent,
        folder_id=folder.pk,
        artifacts=[{"field": "ip", "value": "203.0.113.7"}],
        investigators=[{"user": "colleague", "role": "Observer"}],
    )
    shown = client.get(f"{pk}/", flat="true").json()
    relation = client.get(f"{pk}/relations/").json()[0]
    assert shown["folder"] == "Pending"
    assert (relation["incident_id"], relation["relation"]) == (parent, "parent")
    assert Artifact.objects.get().value == "203.0.113.7"
    assert Investigator.objects.get().user == colleague
    assert colleague.case_access.get().level == AccessLevel.READ_ONLY


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"fields": {"nonsense": 1}}, "fields.nonsense"),
        ({"playbooks": []}, "playbooks"),
        ({"opt_9": "x"}, "opt_9"),
        ({"fields": {"opt_9": "x"}}, "opt_9"),
        ({"status": "Sleeping"}, "status"),
        ({"status": 12}, "status"),
        ({"restriction": 999}, "restriction"),
        ({"type": ["Malware", "Nonsense"]}, "type"),
        ({"closingtime": "2025-03-04T08:55:00Z"}, "closingtime"),
        ({"is_deleted": True}, "is_deleted"),
        ({"owner": "nobody"}, "owner"),
        ({"owner": {"group": 999}}, "owner"),
        ({"owner": True}, "owner"),
        ({"starttime": "yesterday"}, "starttime"),
        ({"folder_id": 999}, "folder_id"),
        ({"folder": "Nowhere"}, "folder"),
        ({"template_id": 999}, "template_id"),
        ({"parent_id": 999}, "parent_id"),
        ({"customer_id": 999}, "customer_id"),
        ({"investigators": [{"role": "Observer"}]}, "investigators.0"),
        ({"investigators": [{"user": 999}]}, "investigators"),
        ({"description": "x" * 201}, "description"),
        ({"fields": []}, "fields"),
        ({"fields": "x"}, "fields"),
    ],
)
def test_a_wrong_field_of_a_new_incident_is_named_and_opens_nothing(
    client: IncidentClient, body: dict[str, Any], name: str
) -> None:
    before = Incident.objects.count()
    assert name in assert_shape(client.post("", body), 400, INVALID)["fields"]
    assert Incident.objects.count() == before


def test_all_unknown_fields_are_listed_and_a_custom_one_has_a_hint(client: IncidentClient) -> None:
    fields = client.post("", {"a": 1, "b": 2}).json()["fields"]
    assert set(fields) == {"a", "b"}
    refused = client.post("", {"opt_9": 2}).json()
    hint = refused["fields"]["opt_9"][0]
    assert refused["description"] == f"opt_9: {hint}"
    assert hint == "There is no such custom field; it must be created first."


def test_the_customer_is_the_first_one_the_caller_may_write(
    client: IncidentClient, outsider: User, other_customer: Customer
) -> None:
    other = IncidentClient(outsider)
    assert Case.objects.get(pk=client.open()).customer_id == 1
    assert Case.objects.get(pk=other.open()).customer_id == other_customer.pk
    assert_shape(other.post("", {"customer_id": 1}), 400, INVALID)
    assert_shape(client.post("", {"customer_id": other_customer.pk}), 400, INVALID)


# --- reading


def test_the_detail_can_be_flat(client: IncidentClient, site: CustomField) -> None:
    pk = client.open(opt_1="Milan", type="Malware", purpose="Monitoring")
    shown = client.get(f"{pk}/", flat="true").json()
    assert shown["opt_1"] == "Milan"
    assert (shown["type"], shown["purpose"], shown["phase"]) == (["Malware"], "Monitoring", None)


def test_rich_text_is_stored_as_given_and_shown_sanitised(client: IncidentClient) -> None:
    text = "<p onclick='x()'>Hi</p><script>alert(1)</script>"
    pk = client.open(additional_info=text)
    assert client.get(f"{pk}/").json()["additional_info"]["value"] == "<p>Hi</p>"
    assert Case.objects.get(pk=pk).description_html == text


def test_markdown_of_another_door_is_shown_as_html(client: IncidentClient) -> None:
    shown = client.get("1/", flat="true").json()
    assert shown["additional_info"] == "<p>This is a demonstration.</p>"


# --- changing


def test_a_form_changes_the_one_field_it_has(ask: Ask, client: IncidentClient) -> None:
    pk = client.open(description="Travel", tags=["a"], type=["Malware"])
    before = client.get(f"{pk}/").json()
    text = "<p>Login from two countries</p><br>incident field Priority modified to HIGH"
    body = f"additional_info={text.replace('<', '%3C').replace('>', '%3E').replace(' ', '+')}"
    answer = ask("PUT", f"incidents/{pk}", body, "application/x-www-form-urlencoded")
    assert answer.status_code == 200
    after = answer.json()
    assert "modified to HIGH" in after.pop("additional_info")["value"]
    assert {name: value for name, value in before.items() if name != "additional_info"} == after


def test_fields_are_changed_in_an_object_or_beside_it(client: IncidentClient) -> None:
    pk = client.open()
    body = {"fields": {"restriction": "CRITICAL", "type": "Phishing"}, "tags": "a, b"}
    shown = client.put(f"{pk}/", body).json()
    assert shown["restriction"]["value"] == "CRITICAL"
    assert (shown["type"]["value"], shown["tags"]["value"]) == (["Phishing"], ["a", "b"])
    assert Case.objects.get(pk=pk).classification_id == 30


def test_an_empty_change_changes_nothing(client: IncidentClient) -> None:
    pk = client.open(description="Travel")
    lines = AuditLog.objects.count()
    assert client.put(f"{pk}/", {}).status_code == 200
    assert AuditLog.objects.count() == lines


def test_a_wrong_field_changes_nothing(client: IncidentClient) -> None:
    pk = client.open(description="Travel")
    for body in ({"nonsense": 1}, {"created_by": "x"}, {"incidentid": ""}, {"status": None}):
        assert_shape(client.put(f"{pk}/", {"description": "Other", **body}), 400, INVALID)
    assert Case.objects.get(pk=pk).name == "Travel"


def test_an_incident_without_a_title_is_called_by_its_id(client: IncidentClient) -> None:
    pk = client.open(incidentid="A-1")
    assert client.put(f"{pk}/", {"incidentid": "B-1"}).json()["description"]["value"] == ""
    assert Case.objects.get(pk=pk).name == "B-1"
    client.put(f"{pk}/", {"description": "Travel"})
    assert client.put(f"{pk}/", {"description": ""}).json()["description"]["value"] == ""


def test_custom_values_are_checked_by_their_type(client: IncidentClient) -> None:
    CustomField.objects.create(section="incidents", number=3, label="Hosts", type="Numeric Textbox")
    pk = client.open(opt_3="12")
    assert client.get(f"{pk}/").json()["opt_3"] == {"name": "Hosts", "value": 12}
    wrong = assert_shape(client.put(f"{pk}/", {"opt_3": "many"}), 400, INVALID)
    assert wrong["fields"] == {"opt_3": ["Not a number."]}


# --- deleting


def test_a_deleted_incident_is_shown_as_such_and_cannot_be_changed(client: IncidentClient) -> None:
    pk = client.open()
    assert client.send("DELETE", f"{pk}/").status_code == 204
    assert client.get(f"{pk}/").json()["is_deleted"]["value"] is True
    assert_shape(client.put(f"{pk}/", {"tags": "a"}), 409, "Conflict")
    assert_shape(client.send("DELETE", f"{pk}/"), 409, "Conflict")
    assert client.post(f"{pk}/restore/").json()["is_deleted"]["value"] is False
    assert_shape(client.post(f"{pk}/restore/"), 409, "Conflict")


def test_only_administrators_delete_for_good(client: IncidentClient, administrator: User) -> None:
    pk = client.open()
    boss = IncidentClient(administrator)
    client.send("DELETE", f"{pk}/")
    assert_shape(client.send("DELETE", f"{pk}/", physical="true"), 403, "Forbidden")
    assert boss.send("DELETE", f"{pk}/", physical="true").status_code == 204
    assert_shape(boss.get(f"{pk}/"), 404, "Not found")
    assert not Case.objects.filter(pk=pk).exists()
