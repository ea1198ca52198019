"""What is done to incidents through the door: closing, phases, owners, investigators, relations, bulk (§4.2)."""

from typing import Any

import pytest
from django.contrib.auth.models import Group

from cases.models import Case, Customer, CustomerMembership, GroupCaseAccess, UserCaseAccess
from incidents.models import (
    CustomField,
    Folder,
    IncidentRelation,
    IncidentSettings,
    Investigator,
    ListValue,
)
from soar.core.models import AuditLog, User
from soar.core.permissions import AccessLevel
from tests.api.cloudsoar.answers import assert_shape
from tests.api.cloudsoar.incident_client import IncidentClient

pytestmark = pytest.mark.django_db
INVALID = "Invalid request"
NOTE_MISSING = {
    "error": "Invalid request",
    "description": "A closing note is required.",
    "fields": {"closing_note": ["This field is required."]},
}


@pytest.fixture
def client(analyst: User) -> IncidentClient:
    """The analyst's client."""
    return IncidentClient(analyst)


@pytest.fixture
def boss(administrator: User) -> IncidentClient:
    """The administrator's client."""
    return IncidentClient(administrator)


@pytest.fixture
def _note_required(db: None) -> None:
    """Incidents are closed with a note only."""
    IncidentSettings.objects.update(requires_closing_note=True)


def value(client: IncidentClient, pk: int, name: str) -> Any:
    """Return a field of an incident."""
    return client.get(f"{pk}/", flat="true").json()[name]


# --- closing and reopening


@pytest.mark.usefixtures("_note_required")
def test_closing_asks_for_a_note_where_it_is_required(client: IncidentClient) -> None:
    pk = client.open()
    answer = client.post(f"{pk}/close/", {})
    assert (answer.status_code, answer.json()) == (400, NOTE_MISSING)
    blank = client.post(f"{pk}/close/", {"closing_note": "  "})
    assert (blank.status_code, blank.json()) == (400, NOTE_MISSING)
    assert client.post(f"{pk}/close/", {"closing_note": "Harmless"}).status_code == 200


@pytest.mark.usefixtures("_note_required")
def test_a_closed_status_asks_for_a_note_too(client: IncidentClient) -> None:
    pk = client.open()
    assert client.put(f"{pk}/", {"status": "Closed"}).json() == NOTE_MISSING
    assert client.post("", {"status": "Closed"}).json() == NOTE_MISSING
    shown = client.put(f"{pk}/", {"status": "Closed", "closing_note": "Harmless"}).json()
    assert shown["closing_note"]["value"] == "Harmless"
    assert shown["closingtime"]["value"].endswith("Z")


def test_closing_sets_time_status_note_and_outcome(client: IncidentClient) -> None:
    pk = client.open()
    body = {"closing_note": "Harmless", "outcome": "False positive"}
    shown = client.post(f"{pk}/close/", body).json()
    assert (shown["status"]["value"], shown["closing_note"]["value"]) == ("Closed", "Harmless")
    assert shown["closingtime"]["value"].endswith("Z")
    assert Case.objects.get(pk=pk).outcome == 1
    line = AuditLog.objects.get(action="case.closed")
    assert (line.case_id, line.details["after"]["closing_note"]) == (pk, "Harmless")


def test_a_closed_incident_cannot_be_closed_nor_an_open_one_reopened(
    client: IncidentClient,
) -> None:
    pk = client.open()
    assert_shape(client.post(f"{pk}/reopen/"), 409, "Conflict")
    client.post(f"{pk}/close/")
    assert_shape(client.post(f"{pk}/close/"), 409, "Conflict")
    shown = client.post(f"{pk}/reopen/", {"note": "Came back", "status": "Containment"}).json()
    assert (shown["status"]["value"], shown["closingtime"]["value"]) == ("Containment", None)
    assert AuditLog.objects.get(action="case.reopened").summary.endswith(": Came back")


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        ("close/", {"status": "Containment"}, "status"),
        ("close/", {"status": "Sleeping"}, "status"),
        ("close/", {"outcome": "Perhaps"}, "outcome"),
        ("phase/", {"phase": "Party"}, "phase"),
        ("phase/", {}, "phase"),
        ("owner/", {"owner": "nobody"}, "owner"),
        ("owner/", {"owner": ""}, "owner"),
        ("owner/", {}, "owner"),
        ("folder/", {"folder_id": "x"}, "folder_id"),
        ("relations/", {"incident_id": 999, "relation": "parent"}, "incident_id"),
        ("relations/", {"incident_id": 1, "relation": "friend"}, "relation"),
        ("investigators/", {"role": "Viewer"}, "body"),
        ("investigators/", {"user": "nobody"}, "investigators"),
        ("investigators/", {"user": 1, "group": 1}, "body"),
    ],
)
def test_a_wrong_value_is_named(
    client: IncidentClient, path: str, body: dict[str, Any], name: str
) -> None:
    pk = client.open()
    lines = AuditLog.objects.count()
    method = "PATCH" if path in ("phase/", "owner/", "folder/") else "POST"
    refused = assert_shape(client.send(method, f"{pk}/{path}", body), 400, INVALID)["fields"]
    assert name in refused
    assert "None" not in str(refused)
    assert AuditLog.objects.count() == lines


def test_a_status_that_is_open_reopens(client: IncidentClient) -> None:
    pk = client.open(status="Closed")
    assert value(client, pk, "closingtime") is not None
    shown = client.put(f"{pk}/", {"status": "Recovery", "tags": "again"}).json()
    assert (shown["closingtime"]["value"], shown["tags"]["value"]) == (None, ["again"])
    assert AuditLog.objects.filter(action="case.reopened", case_id=pk).exists()


# --- cloning, folders


def test_a_clone_has_the_fields_of_the_other_one(client: IncidentClient) -> None:
    CustomField.objects.create(section="incidents", number=6, label="Site", type="Text")
    pk = client.open(description="Travel", type=["Malware"], opt_6="Milan", status="Closed")
    shown = client.post(f"{pk}/clone/", {"incidentid": "COPY-1"}).json()
    assert shown["incidentid"]["value"] == "COPY-1"
    assert (shown["description"]["value"], shown["opt_6"]["value"]) == ("Travel", "Milan")
    assert (shown["type"]["value"], shown["status"]["value"]) == (["Malware"], "Identification")
    untitled = client.post(f"{client.open()}/clone/").json()
    assert untitled["description"]["value"] == ""


def test_an_incident_moves_to_a_folder(client: IncidentClient) -> None:
    pk, folder = client.open(), Folder.objects.create(name="Pending")
    answer = client.send("PATCH", f"{pk}/folder/", {"folder_id": folder.pk})
    assert answer.json() == {"id": pk, "folder": {"id": folder.pk, "name": "Pending"}}
    assert value(client, pk, "folder") == "Pending"
    assert_shape(client.send("PATCH", f"{pk}/folder/", {"folder_id": 999}), 404, "Not found")


# --- owners


def test_an_owner_is_a_user_or_a_group_and_gets_in(
    client: IncidentClient, outsider: User, boss: IncidentClient
) -> None:
    pk, group = client.open(), Group.objects.create(name="Night")
    for owner in ("outsider", outsider.pk, {"user": outsider.pk}):
        answer = client.send("PATCH", f"{pk}/owner/", {"owner": owner})
        assert answer.json() == {"id": pk, "owner": "outsider"}
    answer = client.send("PATCH", f"{pk}/owner/", {"owner": {"group": group.pk}})
    assert (
        answer.json() == client.get(f"{pk}/owner/").json() == {"id": pk, "owner": "Night (group)"}
    )
    assert IncidentClient(outsider).get(f"{pk}/").status_code == 200
    assert GroupCaseAccess.objects.get(group=group).level == AccessLevel.FULL_ACCESS
    client.put(f"{pk}/", {"owner": "outsider"})
    assert client.get(f"{pk}/owner/").json()["owner"] == "outsider"


def test_whom_a_record_denies_becomes_neither_owner_nor_investigator(
    client: IncidentClient, outsider: User
) -> None:
    pk = client.open()
    CustomerMembership.objects.create(user=outsider, customer_id=1, level=AccessLevel.DENY_ALL)
    answer = client.send("PATCH", f"{pk}/owner/", {"owner": "outsider"})
    assert "owner" in assert_shape(answer, 400, INVALID)["fields"]
    assert_shape(client.post(f"{pk}/investigators/", {"user": "outsider"}), 400, INVALID)
    assert_shape(client.post("", {"owner": "outsider"}), 400, INVALID)
    assert_shape(IncidentClient(outsider).get(f"{pk}/"), 404, "Not found")


# --- phases


def test_a_phase_brings_its_status(client: IncidentClient) -> None:
    pk = client.open()
    shown = client.send("PATCH", f"{pk}/phase/", {"phase": "Eradication"}).json()
    assert (shown["phase"]["value"], shown["status"]["value"]) == ("Eradication", "Eradication")
    shown = client.put(f"{pk}/", {"phase": "Recovery", "status": "Reporting"}).json()
    assert (shown["phase"]["value"], shown["status"]["value"]) == ("Recovery", "Reporting")
    assert client.post("", {"phase": "Containment"}).json()["status"]["value"] == "Containment"


def test_a_mandatory_phase_is_not_skipped(client: IncidentClient) -> None:
    ListValue.objects.filter(field="phase", label="Containment").update(is_mandatory=True)
    pk = client.open()
    body = assert_shape(
        client.send("PATCH", f"{pk}/phase/", {"phase": "Recovery"}),
        409,
        "A mandatory phase was skipped",
    )
    assert body["description"] == "Recovery comes after Containment."
    for phase in ("Identification", "Containment", "Recovery", "Identification"):
        assert client.send("PATCH", f"{pk}/phase/", {"phase": phase}).status_code == 200


def test_phases_mean_nothing_to_an_incident_that_inhibits_them(client: IncidentClient) -> None:
    ListValue.objects.filter(field="phase", label="Containment").update(is_mandatory=True)
    pk = client.open(inhibit_phases=True)
    shown = client.send("PATCH", f"{pk}/phase/", {"phase": "Recovery"}).json()
    assert (shown["phase"]["value"], shown["status"]["value"]) == ("Recovery", "Identification")


@pytest.mark.usefixtures("_note_required")
def test_a_phase_that_closes_asks_for_a_note(client: IncidentClient) -> None:
    closed = ListValue.objects.get(field="status", label="Closed")
    ListValue.objects.filter(field="phase", label="Recovery").update(sets_status=closed)
    pk = client.open()
    assert client.send("PATCH", f"{pk}/phase/", {"phase": "Recovery"}).json() == NOTE_MISSING
    assert value(client, pk, "phase") is None


# --- investigators


def test_investigators_get_in_by_their_role(client: IncidentClient, outsider: User) -> None:
    pk, other = client.open(), IncidentClient(outsider)
    rows = client.post(f"{pk}/investigators/", [{"user": "outsider", "role": "Read only"}])
    shown = {"id": outsider.pk, "kind": "user", "name": "outsider", "role": "Read only"}
    assert (rows.status_code, rows.json()) == (201, [shown])
    assert other.get(f"{pk}/").status_code == 200
    assert_shape(other.put(f"{pk}/", {"tags": "x"}), 403, "Forbidden")
    client.post(f"{pk}/investigators/", {"user": outsider.pk})
    assert other.get(f"{pk}/investigators/").json() == [shown | {"role": "Investigator"}]
    assert other.put(f"{pk}/", {"tags": "x"}).status_code == 200


def test_a_group_investigates(client: IncidentClient, outsider: User) -> None:
    pk, group = client.open(), outsider.groups.get()
    rows = client.post(f"{pk}/investigators/", {"group": group.name, "role": "viewer"}).json()
    assert rows == [{"id": group.pk, "kind": "group", "name": group.name, "role": "viewer"}]
    assert IncidentClient(outsider).get(f"{pk}/").status_code == 200
    assert client.send("DELETE", f"{pk}/investigators/", {"group": group.pk}).status_code == 204
    assert_shape(IncidentClient(outsider).get(f"{pk}/"), 404, "Not found")


def test_one_who_leaves_loses_access_unless_he_opened_or_owns_it(
    client: IncidentClient, outsider: User, analyst: User
) -> None:
    pk = client.open()
    client.post(f"{pk}/investigators/", [{"user": "outsider"}, {"user": "analyst"}])
    for login in ("outsider", "analyst"):
        removed = client.send("DELETE", f"{pk}/investigators/", user=login)
        assert removed.status_code == 204
    records = UserCaseAccess.objects.filter(case=pk).values_list("user", "level")
    assert list(records) == [(analyst.pk, AccessLevel.FULL_ACCESS)]
    assert_shape(client.send("DELETE", f"{pk}/investigators/", {"user": 1}), 404, "Not found")


def test_investigators_are_added_all_or_none(client: IncidentClient, colleague: User) -> None:
    pk = client.open()
    body = [{"user": "colleague"}, {"user": "nobody"}]
    assert_shape(client.post(f"{pk}/investigators/", body), 400, INVALID)
    assert_shape(client.post(f"{pk}/investigators/", []), 400, INVALID)
    assert client.get(f"{pk}/investigators/").json() == []


def test_no_role_takes_away_what_administrators_and_following_groups_have(
    client: IncidentClient, boss: IncidentClient
) -> None:
    pk = client.open()
    body = [{"user": 1, "role": "viewer"}, {"group": "Administrators", "role": "viewer"}]
    client.post(f"{pk}/investigators/", body)
    client.send("DELETE", f"{pk}/investigators/", body[1:])
    assert Investigator.objects.count() == 1
    assert boss.put(f"{pk}/", {"tags": "x"}).status_code == 200
    assert GroupCaseAccess.objects.get(case=pk, group=1).level == AccessLevel.FULL_ACCESS


# --- relations


def test_relations_show_on_both_sides(client: IncidentClient) -> None:
    child, parent = client.open(incidentid="C"), client.open(incidentid="P")
    row = client.post(f"{child}/relations/", {"incident_id": parent, "relation": "parent"})
    pk = row.json()["id"]
    shown = {"id": pk, "incident_id": parent, "incidentid": "P", "relation": "parent"}
    assert (row.status_code, row.json()) == (201, shown)
    assert client.get(f"{parent}/relations/").json() == [
        {"id": pk, "incident_id": child, "incidentid": "C", "relation": "child"}
    ]
    assert client.send("DELETE", f"{parent}/relations/{pk}/").status_code == 204
    assert client.get(f"{child}/relations/").json() == []


def test_an_incident_is_never_its_own_relative(client: IncidentClient) -> None:
    first, second, third = (client.open() for _ in range(3))
    for one, other in ((first, second), (second, third)):
        client.post(f"{one}/relations/", {"incident_id": other, "relation": "child"})
    for one, other in ((first, first), (third, first), (second, first)):
        answer = client.post(f"{one}/relations/", {"incident_id": other, "relation": "child"})
        assert "incident_id" in assert_shape(answer, 400, INVALID)["fields"]
    body = {"incident_id": second, "relation": "related"}
    assert_shape(client.post(f"{first}/relations/", body), 409, "Conflict")
    assert IncidentRelation.objects.count() == 2


def test_a_hidden_incident_is_no_relative(
    client: IncidentClient, boss: IncidentClient, outsider_case: Case
) -> None:
    pk = client.open()
    body = {"incident_id": outsider_case.pk, "relation": "related"}
    hidden = client.post(f"{pk}/relations/", body).json()
    assert hidden == client.post(f"{pk}/relations/", body | {"incident_id": 999}).json()
    boss.post(f"{pk}/relations/", body)
    assert len(boss.get(f"{pk}/relations/").json()) == 1
    assert client.get(f"{pk}/relations/").json() == []


# --- bulk


def test_bulk_work_asks_each_incident(
    client: IncidentClient, outsider_case: Case, other_customer: Customer
) -> None:
    first, second = client.open(), client.open(status="Closed")
    ids = [first, second, outsider_case.pk, 999]
    answer = client.post("bulk/", {"ids": ids, "action": "close", "params": {"closing_note": "x"}})
    body = answer.json()
    assert (answer.status_code, body["done"]) == (200, [first])
    errors = {one["id"]: one["error"] for one in body["failed"]}
    assert errors[second] == "The incident is closed already"
    assert errors[outsider_case.pk] == errors[999]


@pytest.mark.parametrize(
    ("action", "params", "name", "expected"),
    [
        ("edit", {"tags": "a", "fields": {"restriction": "HIGH"}}, "restriction", "HIGH"),
        ("close", {}, "status", "Closed"),
        ("delete", {}, "is_deleted", True),
        ("change_owner", {"owner": 1}, "owner", "administrator"),
        ("add_investigator", {"user": 1}, "status", "Identification"),
    ],
)
def test_bulk_actions_do_what_they_do_to_one(
    client: IncidentClient, action: str, params: dict[str, Any], name: str, expected: Any
) -> None:
    ids = [client.open(), client.open()]
    answer = client.post("bulk/", {"ids": ids, "action": action, "params": params})
    assert answer.json() == {"done": ids, "failed": []}
    assert {value(client, pk, name) for pk in ids} == {expected}


def test_bulk_actions_can_be_taken_back(client: IncidentClient) -> None:
    ids = [client.open(), client.open(status="Closed")]
    client.post("bulk/", {"ids": ids, "action": "delete"})
    assert client.post("bulk/", {"ids": ids, "action": "restore"}).json()["done"] == ids
    answer = client.post("bulk/", {"ids": ids, "action": "reopen"}).json()
    assert (answer["done"], answer["failed"][0]["error"]) == (ids[1:], "The incident is open")


@pytest.mark.parametrize(
    "body",
    [
        {"ids": [1], "action": "explode"},
        {"ids": [], "action": "close"},
        {"ids": [1], "action": "edit", "params": {"nonsense": 1}},
        {"ids": [1], "action": "change_owner", "params": {}},
        {"ids": [1], "action": "add_investigator", "params": {"user": "nobody"}},
        {"ids": "x", "action": "close"},
    ],
)
def test_bulk_work_that_means_nothing_is_refused_as_a_whole(
    client: IncidentClient, body: dict[str, Any]
) -> None:
    lines = AuditLog.objects.count()
    assert_shape(client.post("bulk/", body), 400, INVALID)
    assert AuditLog.objects.count() == lines
