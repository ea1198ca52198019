"""`audit/` in the vendor's shape, and `dashboard/summary/` (contract §3.11, §4.7)."""

import re
from typing import Any

import pytest

from cases.services.tasks import add_task, update_task
from incidents.services.folders import add_folder
from soar.core.actor import Actor
from soar.core.models import AuditLog, User
from soar.core.permissions import Permission
from soar.core.services.groups import add_group
from soar.core.services.users import set_groups
from tests.api.cloudsoar.answers import assert_shape
from tests.api.cloudsoar.callers import Caller

pytestmark = pytest.mark.django_db
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
MEMBERS = {
    "accountId",
    "eventId",
    "eventName",
    "eventTime",
    "eventFormatVersion",
    "operator",
    "subsystem",
    "severityLevel",
    "identity",
    "object",
    "from",
    "to",
}


@pytest.fixture
def caller(administrator: User) -> Caller:
    """The administrator."""
    return Caller(administrator)


def names(rows: list[dict[str, Any]]) -> list[str]:
    """Return the names of events."""
    return [row["eventName"] for row in rows]


@pytest.fixture
def event(caller: Caller, as_administrator: Actor) -> dict[str, Any]:
    """The change of a task, as an event."""
    task = add_task(as_administrator, 1, title="Ask", status_id=1, assignee_ids=[1])
    update_task(as_administrator, 1, task.pk, status_id=2)
    found: dict[str, Any] = caller.get("audit/", event_name="TaskUpdated")[0]
    assert found["identity"] == {"id": task.pk, "type": "task", "incident": 1}
    return found


def test_an_event_has_the_vendors_shape(event: dict[str, Any]) -> None:
    assert set(event) == MEMBERS
    assert UUID.fullmatch(event["eventId"])
    assert (event["eventFormatVersion"], event["severityLevel"]) == ("1.0", "Info")
    assert event["eventTime"].endswith("Z")


def test_an_event_tells_who_changed_what_and_how(event: dict[str, Any]) -> None:
    operator = {"id": 1, "username": "administrator", "interface": "iris", "sourceIp": ""}
    assert (event["operator"], event["subsystem"]) == (operator, "oarTasks")
    assert (event["from"], event["to"]) == ({"status_id": 1}, {"status_id": 2})


def test_what_the_system_did_has_no_operator(caller: Caller) -> None:
    seeded = caller.get("audit/", event_name="user.created")
    assert [row["operator"] for row in seeded] == [None]


def test_a_refusal_is_a_warning(caller: Caller, analyst: User) -> None:
    Caller(analyst)("GET", "users/1/tokens/")
    event = caller.get("audit/", page_size=1)[0]
    assert (event["eventName"], event["severityLevel"]) == ("ApiTokenRefused", "Warning")


def test_events_are_found_by_what_they_are(caller: Caller, as_administrator: Actor) -> None:
    folder = add_folder(as_administrator, name="A")
    for asked in (
        {"subsystem": "oarFolders"},
        {"event_name": "FolderCreated"},
        {"event_name": "folder.created"},
        {"filter": "added folder"},
        {"subsystem": "oarFolders", "operator": "Administrator"},
        {"subsystem": "oarFolders", "operator": 1, "object_id": folder.pk},
    ):
        rows = caller.get("audit/", **asked)
        assert [row["identity"]["id"] for row in rows] == [folder.pk], asked


def test_what_nobody_did_is_an_empty_list(caller: Caller) -> None:
    for asked in ({"operator": "nobody"}, {"object_id": 999_999}, {"event_name": "Nothing"}):
        assert caller.get("audit/", **asked) == []


def test_what_belongs_to_no_part_is_of_the_settings(caller: Caller) -> None:
    rows = caller.get("audit/", subsystem="oarSettings", page_size=500)
    assert "UserCreated" in names(rows)
    assert {row["subsystem"] for row in rows} == {"oarSettings"}


def test_events_are_found_by_time(caller: Caller, as_administrator: Actor) -> None:
    add_folder(as_administrator, name="A")
    moment = caller.get("audit/", page_size=1)[0]["eventTime"]
    since = caller.get("audit/", **{"from": moment})
    assert names(since) == ["FolderCreated"]
    assert "FolderCreated" not in names(caller.get("audit/", to="2020-01-01T00:00:00Z"))
    assert len(caller.get("audit/", to=moment)) == AuditLog.objects.count()


def test_events_come_in_pages_the_newest_first(caller: Caller, as_administrator: Actor) -> None:
    for name in "ABC":
        add_folder(as_administrator, name=name)
    answer = caller("GET", "audit/", page_size=2, page_number=1)
    assert [row["to"]["name"] for row in answer.json()] == ["C", "B"]
    assert answer["X-Total-Count"] == str(AuditLog.objects.count())
    assert 'rel="next"' in answer["Link"]
    assert caller.get("audit/", order_by="id", page_size=1)[0]["eventName"] != "FolderCreated"


@pytest.mark.parametrize(
    ("asked", "culprit"),
    [
        ({"subsystem": "oarNothing"}, "subsystem"),
        ({"object_id": "x"}, "object_id"),
        ({"from": "yesterday"}, "from"),
        ({"page_size": 501}, "page_size"),
        ({"order_by": "summary"}, "order_by"),
    ],
)
def test_odd_questions_are_refused(caller: Caller, asked: Any, culprit: str) -> None:
    told = assert_shape(caller("GET", "audit/", **asked), 400, "Invalid request")
    assert set(told["fields"]) == {culprit}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_the_trail_only_grows(caller: Caller, method: str) -> None:
    count = AuditLog.objects.count()
    assert_shape(caller(method, "audit/", {}), 405, "Method not allowed")
    assert AuditLog.objects.count() == count


def test_who_may_read_all_activities_may_read_the_trail(
    as_administrator: Actor, guest: User, analyst: User
) -> None:
    bits = Permission.API_USE | Permission.ALL_ACTIVITIES_READ
    group = add_group(as_administrator, name="Auditors", permissions=bits)
    set_groups(as_administrator, guest.pk, group_ids=[group.pk])
    assert names(Caller(guest).get("audit/"))
    assert_shape(Caller(analyst)("GET", "audit/"), 403, "Forbidden")


def test_no_secret_is_in_the_trail(caller: Caller, analyst: User) -> None:
    caller("POST", f"users/{analyst.pk}/tokens/", {"name": "x"})
    assert "eyJ" not in caller("GET", "audit/", page_size=500).content.decode()


def test_more_events_need_no_more_queries(caller: Caller, as_administrator: Actor) -> None:
    few = caller.queries("audit/")
    for name in "ABCDE":
        add_folder(as_administrator, name=name)
    assert caller.queries("audit/") == few


def test_the_summary_is_over_what_the_caller_may_see(analyst: User, outsider_case: Any) -> None:
    shown = Caller(analyst).get("dashboard/summary/", days=7)
    assert (shown["days"], shown["open"]["total"], shown["mean_seconds_to_close"]) == (7, 1, None)
    assert shown["open"]["by_severity"] == [{"id": 12, "label": "LOW", "count": 1}]
    assert Caller(analyst).get("dashboard/summary/")["days"] == 30


@pytest.mark.parametrize("days", ["0", "3651", "x"])
def test_the_summary_is_of_a_number_of_days(analyst: User, days: str) -> None:
    answer = Caller(analyst)("GET", "dashboard/summary/", days=days)
    assert set(assert_shape(answer, 400, "Invalid request")["fields"]) == {"days"}
