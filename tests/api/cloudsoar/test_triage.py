"""Triage events through the door: whole answers, filters, decisions, and who sees which (contract §4.5, §5)."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.models import Alert, CustomField, Incident
from incidents.services.converting import convert_alert
from incidents.services.triage import discard_alert, grab_alert
from soar.core.actor import Actor
from soar.core.models import User
from tests.api.cloudsoar.answers import assert_shape
from tests.triage_cast import Caller

pytestmark = pytest.mark.django_db
Make = Callable[..., Alert]
EVENT = {
    "type": "Phishing",
    "source": "mailgate",
    "external_id": "MG-99183",
    "opt_1": "invoice.example.com",
    "opt_2": "Urgent invoice",
}


def ids(answer: Any) -> list[int]:
    """Return the ids of a list."""
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()]


# --- taking in (example 12)


def test_an_event_is_taken_in_as_documented(caller: Caller, triage_fields: Any) -> None:
    answer = caller.post("triage/", **EVENT)
    alert = Alert.objects.get()
    assert answer.status_code == 201
    created = answer.json()["created_at"]
    assert answer.json() == {
        "id": alert.pk,
        "state": "pending",
        "status": "New",
        "type": "Phishing",
        "owner": None,
        "created_at": created,
        "opt_1": "invoice.example.com",
        "opt_2": "Urgent invoice",
    }
    assert created == alert.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_the_same_event_again_answers_200_with_the_same(caller: Caller, triage_fields: Any) -> None:
    first, second = caller.post("triage/", **EVENT), caller.post("triage/", **EVENT)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert Alert.objects.count() == 1


def test_fields_may_stand_in_an_object_and_in_forms(ask: Any, triage_fields: Any) -> None:
    inside = json.dumps({"type": 17, "fields": {"opt_1": "a.example"}})
    form = "type=Phishing&fields[opt_1]=a.example&source=gate"
    for body, kind in ((inside, "application/json"), (form, "application/x-www-form-urlencoded")):
        answer = ask("POST", "triage/", body, kind)
        assert (answer.status_code, answer.json()["opt_1"]) == (201, "a.example")


@pytest.mark.parametrize(
    ("body", "culprit"),
    [
        ({}, "type"),
        ({"type": "No such"}, "type"),
        ({"type": 1}, "type"),
        ({"type": {"id": 17}}, "type"),
        ({"type": True}, "type"),
        ({"type": "Phishing", "status": "No such"}, "status"),
        ({"type": "Phishing", "restriction": "No such"}, "restriction"),
        ({"type": "Phishing", "customer_id": 10**6}, "customer_id"),
        ({"type": "Phishing", "opt_9": "x"}, "opt_9"),
        ({"type": "Phishing", "fields": {"nonsense": 1}}, "nonsense"),
        ({"type": "Phishing", "fields": "nonsense"}, "fields"),
        ({"type": "Phishing", "source": "x" * 201}, "source"),
    ],
)
def test_a_bad_event_is_refused_and_the_field_named(
    caller: Caller, body: dict[str, Any], culprit: str
) -> None:
    refusal = assert_shape(caller.post("triage/", **body), 400, "Invalid request")
    assert list(refusal["fields"]) == [culprit]
    assert not Alert.objects.exists()


# --- finding


@pytest.fixture
def several(make_alert: Make, as_analyst: Actor, triage_fields: Any) -> dict[str, int]:
    """Events of every state, by it."""
    values = {"pending": "a.example", "grabbed": "b.example", "discarded": "c.example"}
    made = {name: make_alert(custom={"opt_1": value}).pk for name, value in values.items()}
    made["converted"] = make_alert(type_id=18, source="edr").pk
    grab_alert(as_analyst, made["grabbed"])
    discard_alert(as_analyst, made["discarded"])
    convert_alert(as_analyst, made["converted"])
    return made


@pytest.mark.parametrize(
    ("query", "states"),
    [
        ({}, ["grabbed", "pending"]),
        ({"state": "discarded"}, ["discarded"]),
        ({"state": ["pending", "converted"]}, ["converted", "pending"]),
        ({"owner": "me"}, ["grabbed"]),
        ({"owner": "analyst"}, ["grabbed"]),
        ({"status": "New"}, ["pending"]),
        ({"status": "48"}, ["grabbed"]),
        ({"type": "Malware"}, []),
        ({"type": "18", "state": "converted"}, ["converted"]),
        ({"opt_1": "a.example"}, ["pending"]),
        ({"opt_1": "A"}, []),
        ({"filter": "Domain: EXAMPLE"}, ["grabbed", "pending"]),
        ({"filter": "opt_1 != a.example"}, ["grabbed"]),
        ({"filter": "b.exam"}, ["grabbed"]),
        ({"order_by": "opt_1"}, ["pending", "grabbed"]),
    ],
)
def test_the_list_finds_what_is_asked_for(
    caller: Caller, several: dict[str, int], query: dict[str, Any], states: list[str]
) -> None:
    assert ids(caller.get("triage/", **query)) == [several[state] for state in states]


@pytest.mark.parametrize(
    ("query", "culprit"),
    [
        ({"opt_2": "x"}, "opt_2"),
        ({"opt_7": "x"}, "opt_7"),
        ({"filter": "Subject: x"}, "filter"),
        ({"filter": "opt_2:x"}, "filter"),
        ({"order_by": "opt_2"}, "order_by"),
        ({"state": "odd"}, "state"),
        ({"status": "odd"}, "status"),
        ({"filter": "state:odd"}, "filter"),
        ({"page_size": "501"}, "page_size"),
    ],
)
def test_what_is_no_filter_is_refused(
    caller: Caller, several: dict[str, int], query: dict[str, str], culprit: str
) -> None:
    refusal = assert_shape(caller.get("triage/", **query), 400, "Invalid request")
    assert culprit in str(refusal["fields"])


@pytest.mark.parametrize(
    ("kind", "stored", "found", "missed"),
    [
        ("Numeric Textbox", 7, "opt_9 > 6", "opt_9 > 7"),
        ("Numeric Textbox", 7, "opt_9 != 6", "opt_9 != 7"),
        ("Numeric Textbox", 1.5, "opt_9 = 1.5", "opt_9 < 1.5"),
        ("Checkbox", True, "opt_9: true", "opt_9: no such"),
        ("Checkbox", True, "opt_9 != false", "opt_9: off"),
        ("Date", "2025-03-04", "opt_9 >= 2025-03-04", "opt_9 < 2025-03-04"),
        ("Tags", ["mail", "fürst"], 'opt_9: "fürst"', 'opt_9: "ürs"'),
        ("Tags", ["mail", "finance"], "opt_9: fin", "opt_9 = fin"),
        ("Tags", ["mail"], "opt_9 != fin", "opt_9 != mail"),
        ("Text", 'a"b', 'opt_9: "a"b"', 'opt_9: "a"'),
    ],
)
def test_custom_values_are_compared_as_what_they_are(
    caller: Caller, make_alert: Make, kind: str, stored: Any, found: str, missed: str
) -> None:
    given = {"section": "triage", "number": 9, "label": "Nine", "use_as_filter": True}
    CustomField.objects.create(type=kind, **given)
    alert = make_alert(custom={"opt_9": stored})
    assert ids(caller.get("triage/", filter=found)) == [alert.pk]
    answer = caller.get("triage/", filter=missed)
    assert answer.json() == [] or answer.status_code == 400


def test_a_search_looks_at_every_state_and_shows_what_is_asked_for(
    caller: Caller, several: dict[str, int]
) -> None:
    incident = Incident.objects.latest("pk")
    columns = ["state", "source", "incident", "opt_1"]
    answer = caller.post("triage/search/", columns=columns, filter='Source: "edr"')
    assert answer.json() == [
        {
            "id": several["converted"],
            "state": "converted",
            "source": "edr",
            "incident": incident.reference,
            "opt_1": None,
        }
    ]
    assert answer.headers["X-Total-Count"] == "1"
    assert sorted(ids(caller.post("triage/search/"))) == sorted(several.values())


def test_events_are_found_by_one_of_their_tags(caller: Caller, make_alert: Make) -> None:
    alert = make_alert(tags="vip, Mail-Gate")
    make_alert(tags="vips")
    for text, found in (("tags = VIP", [alert.pk]), ('tags: "mail-gate"', [alert.pk])):
        assert ids(caller.post("triage/search/", filter=text)) == found
    assert len(ids(caller.post("triage/search/", filter="tags: vip"))) == 2
    assert alert.pk not in ids(caller.post("triage/search/", filter="tags != vip"))


def test_a_search_may_be_for_ones_own(
    caller: Caller, boss: Caller, several: dict[str, int]
) -> None:
    assert len(ids(caller.post("triage/search/", all=False))) == 4
    assert ids(boss.post("triage/search/", all=False)) == []
    refusal = assert_shape(caller.post("triage/search/", columns=["odd"]), 400, "Invalid request")
    assert list(refusal["fields"]) == ["columns"]


def test_the_columns_tell_what_can_be_asked_for(caller: Caller, triage_fields: Any) -> None:
    columns = {row["field"]: row for row in caller.get("triage/columns/").json()}
    assert columns["opt_1"] == {
        "field": "opt_1",
        "label": "Domain",
        "type": "Text",
        "sortable": True,
        "filterable": True,
        "values": [],
    }
    assert (columns["opt_2"]["sortable"], columns["opt_2"]["filterable"]) == (False, False)
    assert {"id": 47, "label": "New"} in columns["status"]["values"]
    assert columns["id"]["label"] == "Event ID"


def test_a_list_takes_a_constant_number_of_queries(caller: Caller, make_alert: Make) -> None:
    def queries(path: str, **body: Any) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert caller.post(path, **body).status_code == 200
        return len(seen)

    body = {"columns": ["incident", "status", "owner", "restriction", "customer"]}
    make_alert()
    caller.post("triage/search/", **body)
    few = queries("triage/search/", **body)
    for _ in range(5):
        make_alert(severity_id=4)
    assert queries("triage/search/", **body) == few


# --- one event


def test_an_event_is_shown_wrapped_and_flat(
    caller: Caller, make_alert: Make, triage_fields: Any
) -> None:
    alert = make_alert(
        title="Urgent",
        description="<p>x</p><script>y</script>",
        severity_id=5,
        custom={"opt_1": "a"},
    )
    shown = caller.get(f"triage/{alert.pk}/").json()
    assert shown["id"] == alert.pk
    assert shown["status"] == {"name": "Status", "value": "New", "id": 47}
    assert shown["type"] == {"name": "Type", "value": "Phishing", "id": 17}
    assert shown["restriction"] == {"name": "Severity", "value": "HIGH", "id": 14}
    assert shown["additional_info"] == {"name": "Additional info", "value": "<p>x</p>"}
    assert (shown["opt_1"], shown["opt_2"]["value"]) == ({"name": "Domain", "value": "a"}, None)
    flat = caller.get(f"triage/{alert.pk}/", flat="true").json()
    assert flat == {name: part if name == "id" else part["value"] for name, part in shown.items()}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_only_what_is_given_changes(
    caller: Caller, make_alert: Make, triage_fields: Any, method: str
) -> None:
    alert = make_alert(title="Urgent", custom={"opt_1": "a"})
    body = {"status": "In progress", "opt_2": "b", "tags": "mail, finance"}
    shown = caller.send(method, f"triage/{alert.pk}/", **body).json()
    assert (shown["status"]["value"], shown["tags"]["value"]) == (
        "In progress",
        ["mail", "finance"],
    )
    alert.refresh_from_db()
    assert (alert.title, alert.custom) == ("Urgent", {"opt_1": "a", "opt_2": "b"})


def test_what_actions_change_is_refused_as_a_field(caller: Caller, make_alert: Make) -> None:
    path = f"triage/{make_alert().pk}/"
    body = {"owner": "analyst", "state": "grabbed", "description": "x"}
    refused = assert_shape(caller.send("PATCH", path, **body), 400, "Invalid request")
    assert refused["fields"] == {name: ["This field is read-only."] for name in ("owner", "state")}
    assert Alert.objects.get().title == ""


def test_deleting_needs_its_own_permission(caller: Caller, boss: Caller, alert: Alert) -> None:
    assert_shape(caller.send("DELETE", f"triage/{alert.pk}/"), 403, "Forbidden")
    answer = boss.send("DELETE", f"triage/{alert.pk}/")
    assert (answer.status_code, answer.content) == (204, b"")
    assert not Alert.objects.exists()


HIDDEN = [
    ("GET", ""),
    ("PUT", ""),
    ("POST", "grab/"),
    ("POST", "reassign/"),
    ("POST", "discard/"),
    ("POST", "restore/"),
    ("POST", "convert/"),
    ("GET", "notes/"),
    ("POST", "notes/"),
    ("GET", "entities/"),
    ("POST", "entities/"),
]


@pytest.mark.parametrize(("method", "path"), HIDDEN)
def test_an_event_of_another_customer_is_like_a_missing_one(
    outsider: User, alert: Alert, method: str, path: str
) -> None:
    body = {"owner": 1, "title": "x", "type": "domain", "value": "a.example"}
    body = {"type": "Phishing"} if method == "PUT" else body
    answers = [
        Caller(outsider).send(method, f"triage/{pk}/{path}", **body)
        for pk in (alert.pk, 10**6, 10**30)
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_lists_show_ones_own_customers_events_only(outsider: User, several: dict[str, int]) -> None:
    assert ids(Caller(outsider).get("triage/")) == []
    assert ids(Caller(outsider).post("triage/search/")) == []
