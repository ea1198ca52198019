"""The war room at the door (contract §3.5, §4.3, §5 example 10)."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.models import Case, Event
from cases.services.iocs import add_ioc
from cases.services.timeline import delete_event, update_event
from incidents.models import TimelineMark
from incidents.services.incidents import open_incident
from incidents.war_room import CATEGORIES, CATEGORY_NAMES, category_of, visible_steps
from soar.core.actor import Actor
from soar.core.models import AuditLog, User
from tests.api.cloudsoar.answers import assert_shape
from tests.api.cloudsoar.asking import Asking

LINES = "incidents/{}/timeline/"
ENTRY = {
    "title": "Called the user",
    "additional_info": "<p>He is <b>at home</b><script>x</script></p>",
    "starttime": "2025-03-04T09:33:02Z",
}


@pytest.fixture
def ask(analyst: User) -> Asking:
    """The analyst asking."""
    return Asking(analyst)


@pytest.fixture
def room(as_analyst: Actor) -> str:
    """The path of the war room of a new incident."""
    return LINES.format(open_incident(as_analyst, name="Noisy", customer_id=1).pk)


def case_id_of(room: str) -> int:
    """Return the incident of a path."""
    return int(room.split("/")[1])


def rows(ask: Asking, path: str) -> list[tuple[str, str]]:
    """Return category and title of each step, newest first."""
    return [(row["category"]["value"], row["title"]["value"]) for row in ask("GET", path).json()]


def events(room: str) -> list[str]:
    """Return the titles of the case's timeline."""
    return list(Event.objects.filter(case=case_id_of(room)).values_list("title", flat=True))


def test_an_entry_is_answered_in_the_documented_shape(ask: Asking, room: str) -> None:
    answer = ask("POST", room, ENTRY)
    told = answer.json()
    assert answer.status_code == 201
    assert told == {
        "id": AuditLog.objects.get(action="timeline_entry.created").pk,
        "starttime": {"name": "Start time", "value": 1741080782, "iso": "2025-03-04T09:33:02Z"},
        "endtime": {"name": "End time", "value": 0},
        "category": {"name": "Category", "value": "timeline"},
        "title": {"name": "Title", "value": "Called the user"},
        "additional_info": {
            "name": "Additional info",
            "value": "<p>He is <b>at home</b></p>",
        },
        "created_by": {"name": "Created by", "value": "analyst"},
        "is_locked": {"name": "Locked", "value": False},
        "is_printed": {"name": "Printed", "value": False},
        "is_deleted": {"name": "Deleted", "value": False},
    }
    assert ask("GET", room).json()[-1] == told


def test_whatever_is_done_is_a_step(ask: Asking, room: str, as_analyst: Actor) -> None:
    incident = room.removesuffix("timeline/")
    upload = {"file_name": "a.txt", "content_base64": "YQ=="}
    ask("POST", f"{incident}notes/", {"title": "Investigation", "additional_info": "<p>x</p>"})
    ask("POST", f"{incident}tasks/", {"title": "Call"})
    ask("POST", f"{incident}attachments/", upload)
    ask("POST", f"{incident}artifacts/", {"field": "subject", "value": "Invoice"})
    ask("POST", f"{incident}external_alerts/", {"type": "mailgate", "data": {}})
    add_ioc(as_analyst, case_id_of(room), type_id=20, tlp_id=2, value="evil.example")
    assert rows(ask, f"{room}?order_by=id") == [
        ("incident", f"opened case #{case_id_of(room)} - Noisy"),
        ("note", "Investigation"),
        ("task", "Call"),
        ("attachment", "a.txt"),
        ("artifact", "Invoice"),
        ("external_alert", "mailgate"),
        ("entity", "evil.example"),
    ]
    assert rows(ask, f"{room}?category=task") == [("task", "Call")]
    assert rows(ask, f"{room}?filter=category:note")[0] == ("note", "Investigation")


def test_the_text_of_a_note_is_shown_sanitised(ask: Asking, room: str) -> None:
    path = room.replace("timeline", "notes")
    ask("POST", path, {"title": "x", "additional_info": "<p>Look <img src=x onerror=y></p>"})
    text = ask("GET", f"{room}?category=note").json()[0]["additional_info"]["value"]
    assert "Look" in text
    assert "<img" not in text


@pytest.mark.parametrize(
    "query", ["category=x", "order_by=title", "page_size=501", "is_deleted=perhaps"]
)
def test_what_means_nothing_is_refused(ask: Asking, room: str, query: str) -> None:
    assert_shape(ask("GET", f"{room}?{query}"), 400, "Invalid request")


def test_the_feed_is_paged(ask: Asking, room: str) -> None:
    for title in "abc":
        ask("POST", room, {"title": title})
    answer = ask("GET", f"{room}?page_size=2&page_number=2&category=timeline")
    assert [row["title"]["value"] for row in answer.json()] == ["a"]
    assert answer["X-Total-Count"] == "3"
    assert ask("GET", room)["X-Page-Size"] == "500"


def test_a_locked_step_is_only_unlocked(ask: Asking, room: str) -> None:
    path = f"{room}{ask('POST', room, ENTRY).json()['id']}/"
    assert ask("PATCH", path, {"is_locked": True}).json()["is_locked"]["value"]
    for marks in ({"is_printed": True}, {"title": "x"}, {"is_locked": False, "is_deleted": True}):
        assert_shape(ask("PATCH", path, marks), 409, "Conflict")
    assert not ask("PATCH", path, {"is_locked": False}).json()["is_locked"]["value"]
    assert ask("PATCH", path, {"title": "New"}).json()["title"]["value"] == "New"


def test_a_deleted_step_is_shown_on_demand(ask: Asking, room: str) -> None:
    made = ask("POST", room, ENTRY).json()
    ask("PATCH", f"{room}{made['id']}/", {"is_deleted": True})
    assert ("timeline", ENTRY["title"]) not in rows(ask, room)
    assert rows(ask, f"{room}?is_deleted=true") == [("timeline", ENTRY["title"])]
    ask("PATCH", f"{room}{made['id']}/", {"is_deleted": False})
    assert ("timeline", ENTRY["title"]) in rows(ask, room)


def test_a_printed_step_stands_in_the_timeline_of_the_case_once(ask: Asking, room: str) -> None:
    made = ask("POST", room, ENTRY).json()
    path, before = f"{room}{made['id']}/", rows(ask, room)
    for _ in range(2):
        assert ask("PATCH", path, {"is_printed": True}).json()["is_printed"]["value"]
    event = Event.objects.get(case=case_id_of(room))
    assert (event.title, event.date) == (
        ENTRY["title"],
        dt.datetime(2025, 3, 4, 9, 33, 2, tzinfo=dt.UTC),
    )
    assert "**at home**" in event.content
    assert rows(ask, room) == before


def test_a_step_printed_no_more_leaves_no_trace_in_the_feed(
    ask: Asking, room: str, as_analyst: Actor
) -> None:
    path, before = f"{room}{ask('POST', room, ENTRY).json()['id']}/", rows(ask, room)
    ask("PATCH", path, {"is_printed": True})
    ask("PATCH", path, {"title": "New"})
    assert events(room) == ["New"]
    update_event(as_analyst, case_id_of(room), Event.objects.latest("pk").pk, content="Else")
    ask("PATCH", path, {"is_printed": False, "title": ""})
    assert (events(room), rows(ask, room)) == ([], before)


def test_a_printed_event_that_was_deleted_can_be_printed_again(
    ask: Asking, room: str, as_analyst: Actor
) -> None:
    path = f"{room}{ask('POST', room, ENTRY).json()['id']}/"
    ask("PATCH", path, {"is_printed": True})
    delete_event(as_analyst, case_id_of(room), Event.objects.latest("pk").pk)
    for is_printed in (False, True):
        assert ask("PATCH", path, {"is_printed": is_printed}).status_code == 200
    assert events(room) == [ENTRY["title"]]


def test_an_event_of_the_timeline_is_not_doubled_by_printing(
    ask: Asking, room: str, as_analyst: Actor
) -> None:
    other = f"{room}{ask('POST', room, ENTRY).json()['id']}/"
    ask("PATCH", other, {"is_printed": True})
    line = AuditLog.objects.filter(action="event.created").latest("pk")
    assert_shape(ask("PATCH", f"{room}{line.pk}/", {"is_printed": True}), 404, "Not found")
    assert len(events(room)) == 1


def test_marks_are_recorded_and_no_steps_themselves(ask: Asking, room: str) -> None:
    made = ask("POST", room, ENTRY).json()
    before = rows(ask, room)
    ask("PATCH", f"{room}{made['id']}/", {"is_locked": True})
    ask("PATCH", f"{room}{made['id']}/", {"is_locked": True})
    line = AuditLog.objects.get(action="timeline_mark.updated")
    assert (line.object_id, line.details["after"]) == (made["id"], {"is_locked": True})
    assert rows(ask, room) == before


def test_a_step_of_another_incident_takes_no_mark(
    administrator: User, ask: Asking, room: str, outsider_case: Case
) -> None:
    theirs = AuditLog.objects.filter(case_id=outsider_case.pk).latest("pk")
    for one in (ask, Asking(administrator)):
        assert_shape(one("PATCH", f"{room}{theirs.pk}/", {"is_locked": True}), 404, "Not found")
    assert not TimelineMark.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": "x" * 401}, "title"),
        ({"title": "x", "starttime": 5}, "starttime"),
    ],
)
def test_bad_entries_change_nothing(
    ask: Asking, room: str, body: dict[str, Any], field: str
) -> None:
    told = assert_shape(ask("POST", room, body), 400, "Invalid request")
    assert list(told["fields"]) == [field]
    assert len(rows(ask, room)) == 1


def test_the_feed_takes_a_constant_number_of_queries(
    ask: Asking, room: str, django_assert_num_queries: Any
) -> None:
    ask("GET", room)
    for _ in range(3):
        made = ask("POST", room, ENTRY).json()
        ask("PATCH", f"{room}{made['id']}/", {"is_printed": True})
        with django_assert_num_queries(3) as found:
            ask("GET", room)
        assert len(found) == 3


def test_the_category_of_a_step_is_the_one_it_is_found_by(as_administrator: Actor) -> None:
    nouns = {noun for some in CATEGORIES.values() for noun in some}
    for noun in (*nouns, *(f"{noun}s" for noun in nouns), "case", "unheard_of"):
        action = f"{noun}.created"
        AuditLog.objects.create(actor_login="x", action=action, object_type="x", case_id=1)
    steps = visible_steps(as_administrator, 1)
    assert {step.category for step in steps} == {*CATEGORY_NAMES}
    assert [category_of(step.action) for step in steps] == [step.category for step in steps]


def test_a_category_is_read_by_its_index_and_visibility_is_asked_once(
    ask: Asking, room: str
) -> None:
    incident = case_id_of(room)
    lines = {"actor_login": "x", "object_type": "x", "case_id": incident}
    actions = ["ioc.created"] * 3000 + ["note.created"] * 30
    AuditLog.objects.bulk_create(AuditLog(action=action, **lines) for action in actions)
    with CaptureQueriesContext(connection) as queries:
        assert len(ask("GET", f"{room}?category=note").json()) == 30
    (found,) = [query["sql"] for query in queries if "OVER ()" in query["sql"]]
    with connection.cursor() as cursor:
        is_portable = connection.vendor == "sqlite"
        if not is_portable:
            cursor.execute(f"ANALYZE {AuditLog._meta.db_table}")
        cursor.execute(f"EXPLAIN {'QUERY PLAN' if is_portable else ''} {found}")
        plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
    assert ("audit_case" if is_portable else "audit_case_action") in plan
    assert is_portable or "InitPlan" in plan
