"""Lists of incidents: filters, favourites, orders, pages, searches and columns (contract §1.7, §4.2)."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.models import Case
from incidents.models import CustomField, FavoriteIncident, Folder, Incident, Investigator
from soar.api.cloudsoar import incident_filters
from soar.core.models import User
from tests.api.cloudsoar.answers import assert_shape
from tests.api.cloudsoar.incident_client import IncidentClient

pytestmark = pytest.mark.django_db
INVALID = "Invalid request"
ROW = [
    *("id", "incidentid", "type", "status", "restriction", "description", "owner", "folder"),
    *("tags", "openingtime", "starttime", "closingtime", "is_deleted", "favorite"),
]


@pytest.fixture
def client(analyst: User) -> IncidentClient:
    """The analyst's client; incident 1 is visible to him as well."""
    return IncidentClient(analyst)


@pytest.fixture
def phish(client: IncidentClient, analyst: User) -> int:
    """An incident with a value in everything a list can be filtered by."""
    Folder.objects.create(name="Pending")
    CustomField.objects.create(
        section="incidents", number=4, label="Insight", type="Text", use_as_filter=True
    )
    return client.open(
        incidentid="INSIGHT-28592",
        description="Invoice: see http://evil.example",
        type=["Malware", "Phishing"],
        status="Containment",
        restriction="HIGH",
        incident_kind="Threat hunting",
        incident_category="External",
        purpose="Exercise",
        folder="Pending",
        tags=["mail", "vip"],
        starttime="2025-03-04T08:55:00Z",
        endtime="2025-03-05T00:00:00Z",
        openingtime="2025-03-04T09:00:00Z",
        opt_4="INSIGHT-1",
        owner="analyst",
    )


@pytest.mark.parametrize(
    "text",
    [
        "Incident ID: INSIGHT-28592",
        'incidentid:"INSIGHT-28592"',
        "INSIGHT-28592",
        "incidentid=INSIGHT-28592",
        "http://evil.example",
        "Type: phishing",
        "type = Malware AND type = Phishing",
        "Status: containment",
        "Severity = HIGH",
        "restriction: 14",
        'Incident kind:"Threat hunting"',
        "incident_category: External",
        "purpose: Exercise",
        "Folder: pending",
        "tags = VIP",
        "Tags: vi",
        "Start time >= 2025-03-04 AND Start time < 2025-03-05",
        "openingtime: 2025-03-04",
        "End time > 2025-03-04T23:00:00Z",
        'Insight:"INSIGHT-1"',
        "opt_4: insight",
        "Description: invoice AND Owner: anal",
        "Created by = analyst AND tags = mail",
        "Deleted: false AND status != Identification",
    ],
)
def test_a_filter_finds(client: IncidentClient, phish: int, text: str) -> None:
    client.open(description="Another")
    assert client.found(filter=text) == [phish]
    rows = client.post("search/", {"all": True, "filter": text, "columns": ["incidentid"]})
    assert rows.json() == [{"id": phish, "incidentid": "INSIGHT-28592"}]


@pytest.mark.parametrize(
    "text",
    [
        "Status: Sleeping",
        "Start time > tomorrow",
        "Folder: Nowhere",
        "tags > a",
        "Owner < b",
        "Deleted: perhaps",
        "id: x",
        "type > Malware",
        "Incident ID:",
    ],
)
def test_a_known_field_with_an_impossible_value_is_refused(
    client: IncidentClient, text: str
) -> None:
    assert "filter" in assert_shape(client.get(filter=text), 400, INVALID)["fields"]
    assert_shape(client.post("search/", {"filter": text}), 400, INVALID)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "Containment"),
        ("status", "3"),
        ("type", "Phishing"),
        ("restriction", "HIGH"),
        ("folder", "Pending"),
        ("tag", "vip"),
        ("incidentid", "INSIGHT-28592"),
        ("description", "Invoice: see http://evil.example"),
        ("incident_kind", "Threat hunting"),
        ("purpose", "Exercise"),
        ("created_by", "analyst"),
        ("owner", "me"),
        ("opened_before", "2025-03-05T00:00:00Z"),
    ],
)
def test_a_parameter_narrows_the_list(
    client: IncidentClient, phish: int, name: str, value: str
) -> None:
    assert client.found(**{name: value}) == [phish]
    assert_shape(client.get(status="Sleeping"), 400, INVALID)


def test_owners_are_users_or_groups(client: IncidentClient, phish: int, analyst: User) -> None:
    group = Group.objects.create(name="Night shift")
    given = client.open(owner={"group": group.pk})
    assert client.found(owner="analyst") == client.found(owner=str(analyst.pk)) == [phish]
    assert client.found(owner="Night shift (group)") == [given]
    assert client.found(filter="Owner: night") == [given]
    assert client.found(filter='Owner != "Night shift (group)"') == [phish, 1]


def test_a_list_shows_what_is_not_deleted_and_favourites(client: IncidentClient) -> None:
    gone, kept, plain = client.open(), client.open(), client.open()
    for pk in (gone, kept):
        client.send("DELETE", f"{pk}/")
    client.post(f"{kept}/favorite/")
    assert client.found() == [plain, kept, 1]
    assert client.found(is_deleted="true") == [kept, gone]
    assert client.found(is_deleted="false", favorite="false") == [plain, 1]
    assert client.found(favorite="true") == [kept]


def test_a_filter_shows_deleted_matches_and_then_favourites(client: IncidentClient) -> None:
    gone = client.open(incidentid="A-1")
    client.send("DELETE", f"{gone}/")
    favorite = client.open(incidentid="B-1")
    client.post(f"{favorite}/favorite/")
    client.open(incidentid="C-1")
    assert client.found(filter="Incident ID: A-1") == [gone, favorite]
    rows = client.post("search/", {"filter": "Incident ID: A-1"}).json()
    assert [row["id"] for row in rows] == [gone]


def test_favourites_are_everyones_own(
    client: IncidentClient, administrator: User, analyst: User
) -> None:
    client.post("1/favorite/")
    client.post("1/favorite/")
    assert [row.user for row in FavoriteIncident.objects.all()] == [analyst]
    assert IncidentClient(administrator).found(favorite="true") == []
    assert client.get().json()[0]["favorite"] is True
    assert client.send("DELETE", "1/favorite/").status_code == 204
    assert client.found(favorite="true") == []


def test_only_what_the_caller_is_involved_in(
    client: IncidentClient, administrator: User, colleague: User
) -> None:
    boss, other = IncidentClient(administrator), IncidentClient(colleague)
    own, strange, investigated = client.open(), boss.open(), boss.open()
    boss.post(f"{investigated}/investigators/", {"user": "analyst"})
    assert client.found() == [investigated, strange, own, 1]
    assert client.found(only_involved="true") == [investigated, own]
    rows = client.post("search/", {"all": False, "columns": []}).json()
    assert [row["id"] for row in rows] == [investigated, own]
    assert other.found(only_involved="true") == []


def test_an_incident_of_the_callers_group_involves_him(
    client: IncidentClient, administrator: User
) -> None:
    boss = IncidentClient(administrator)
    owned, followed = boss.open(owner={"group": 2}), boss.open()
    boss.post(f"{followed}/investigators/", {"group": "Analysts"})
    assert Investigator.objects.get().group_id == 2
    assert client.found(only_involved="true") == [followed, owned]


def test_open_and_closed_ones(client: IncidentClient) -> None:
    pk = client.open()
    client.post(f"{pk}/close/")
    assert client.found(closed="true") == [pk]
    assert client.found(closed="false") == [1]


def test_a_row_of_the_list_is_flat(client: IncidentClient, phish: int) -> None:
    row = client.get().json()[0]
    assert list(row) == ROW
    assert (row["type"], row["tags"]) == (["Malware", "Phishing"], ["mail", "vip"])
    assert (row["status"], row["restriction"]) == ("Containment", "HIGH")
    assert row["openingtime"] == "2025-03-04T09:00:00Z"


def test_an_unpaged_list_ends_at_500(client: IncidentClient) -> None:
    client.open()
    answer = client.get()
    assert (answer["X-Total-Count"], answer["X-Page-Size"]) == ("2", "500")
    page = client.get(page_number="2", page_size="1")
    assert (page["X-Total-Count"], len(page.json())) == ("2", 1)
    assert client.get(page_number="1")["X-Page-Size"] == "50"
    assert_shape(client.get(page_size="501"), 400, INVALID)


def test_an_unpaged_list_leads_on_to_pages_of_its_size(
    client: IncidentClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incident_filters, "LARGEST_SIZE", 1)
    client.open()
    answer = client.get()
    assert len(answer.json()) == 1
    assert "page_number=2" in answer["Link"]
    assert "page_size=1" in answer["Link"]


@pytest.mark.parametrize("name", ["status", "restriction", "owner", "incidentid", "folder", "id"])
def test_lists_are_ordered_both_ways(client: IncidentClient, phish: int, name: str) -> None:
    rows = client.get(order_by=name).json()
    assert [row["id"] for row in client.get(order_by=f"-{name}").json()] == [
        row["id"] for row in reversed(rows)
    ]
    assert_shape(client.get(order_by="nonsense"), 400, INVALID)


def test_a_search_answers_the_columns_asked_for(client: IncidentClient) -> None:
    client.open(incidentid="INSIGHT-28592", type=["Incident Management"], owner="analyst")
    body = {
        "all": True,
        "page_size": 50,
        "page_number": 1,
        "columns": ["incidentid", "status", "openingtime", "owner", "description", "type"],
        "filter": "Incident ID: INSIGHT-28592",
    }
    answer = client.post("search/", body)
    row = answer.json()[0]
    assert answer["X-Total-Count"] == "1"
    assert list(row) == ["id", *body["columns"]]  # type: ignore[misc]
    assert (row["description"], row["type"]) == ("", ["Incident Management"])


def test_a_search_shows_long_texts_and_custom_fields(client: IncidentClient, phish: int) -> None:
    client.put(f"{phish}/", {"additional_info": "<b>x</b><script>y</script>"})
    body = {"filter": "opt_4: INSIGHT", "columns": ["additional_info", "opt_4"]}
    row = client.post("search/", body).json()[0]
    assert row == {"id": phish, "additional_info": "<b>x</b>", "opt_4": "INSIGHT-1"}


def test_an_unknown_column_is_refused(client: IncidentClient) -> None:
    body = {"columns": ["incidentid", "nonsense", "opt_9"]}
    answer = assert_shape(client.post("search/", body), 400, INVALID)
    assert answer["fields"] == {"columns": ["There is no column nonsense, opt_9."]}


def test_the_columns_tell_values_and_what_can_be_done(client: IncidentClient, phish: int) -> None:
    found = {one["field"]: one for one in client.get("columns/").json()}
    status = found["status"]
    assert (status["label"], status["type"], status["sortable"]) == ("Status", "list", True)
    assert {"id": 9, "label": "Closed"} in status["values"]
    assert found["folder"]["values"][1]["label"] == "Pending"
    assert found["opt_4"]["filterable"] is True
    assert found["closing_note"]["filterable"] is False
    for name, one in found.items():
        expected = 200 if one["sortable"] else 400
        assert client.get(order_by=name).status_code == expected


@pytest.mark.parametrize("text", ["Site: Milan", "opt_5=Milan", "Closing note: x", "timezone:UTC"])
def test_a_field_that_is_no_filter_is_refused_and_no_free_text(
    client: IncidentClient, text: str
) -> None:
    CustomField.objects.create(section="incidents", number=5, label="Site", type="Text")
    client.open(opt_5="Milan")
    assert "filter" in assert_shape(client.get(filter=text), 400, INVALID)["fields"]
    assert_shape(client.post("search/", {"filter": text}), 400, INVALID)


def test_custom_fields_are_parameters_where_they_are_filters(
    client: IncidentClient, phish: int
) -> None:
    CustomField.objects.create(section="incidents", number=5, label="Site", type="Text")
    assert client.found(opt_4="INSIGHT-1") == [phish]
    assert client.found(opt_4="INSIGHT") == []
    assert client.found(opt_4="") == [phish, 1]
    assert_shape(client.get(opt_4=["a", "b"]), 400, INVALID)
    for name in ("opt_5", "opt_6"):
        assert name in assert_shape(client.get(**{name: "x"}), 400, INVALID)["fields"]


def test_the_whole_id_comes_before_longer_ones(client: IncidentClient, phish: int) -> None:
    whole, longer = client.open(incidentid="INSIGHT-2859"), client.open(incidentid="INSIGHT-28599")
    text = "Incident ID: INSIGHT-2859"
    rows = client.post("search/", {"filter": text}).json()
    assert [row["id"] for row in rows] == [whole, longer, phish]
    assert client.found(filter=text) == [whole, longer, phish]
    assert client.found(filter=text, order_by="-id") == [longer, whole, phish]


def test_lists_take_a_constant_number_of_queries(
    client: IncidentClient, phish: int, enrol: Callable[..., User]
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            rows = client.get(filter="incidentid: INSIGHT").json()
            client.post("search/", {"columns": ["additional_info", "opt_4", "type"]})
            client.get("columns/")
        assert rows
        return len(captured)

    few = queries()
    for number in range(3):
        owner = enrol(f"user{number}", 2)
        folder = Folder.objects.create(name=f"F{number}")
        client.open(incidentid=f"INSIGHT-{number}", owner=owner.login, folder=folder.pk)
    assert queries() == few


def test_others_see_nothing_of_it(client: IncidentClient, phish: int, outsider: User) -> None:
    other = IncidentClient(outsider)
    assert other.found() == other.found(filter="INSIGHT") == []
    assert other.post("search/", {}).json() == []
    assert set(client.found()) == set(Incident.objects.values_list("pk", flat=True))
    assert Case.objects.count() == 2
