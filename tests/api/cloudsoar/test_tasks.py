"""Tasks at the door (contract §3.4, §4.3)."""

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from cases.models import Task
from cases.services.tasks import add_task
from incidents.models import CustomField, TaskDetails
from soar.core.actor import Actor
from soar.core.models import AuditLog, User
from tests.api.cloudsoar.answers import assert_shape
from tests.api.cloudsoar.asking import Asking
from tests.cast import ADMINISTRATORS, ANALYSTS

TASKS = "incidents/1/tasks/"
BODY = {
    "title": "Reset the password",
    "description": "<p>And end all <b>sessions</b>.</p><script>x</script>",
    "assigned_to": {"group": ANALYSTS},
    "authorizer": "administrator",
    "due_date": "2025-03-05T12:00:00Z",
    "priority": "High",
    "effort_hours": 1.5,
    "percentage": 10,
    "mandatory": True,
}


@pytest.fixture
def ask(analyst: User) -> Asking:
    """The analyst asking."""
    return Asking(analyst)


def add(ask: Asking, **more: Any) -> dict[str, Any]:
    """Add a task and return it."""
    answer = ask("POST", TASKS, {"title": "x"} | more)
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made


def decide(ask: Asking, task: dict[str, Any], deed: str, **body: Any) -> Any:
    """Return the answer to an action on a task."""
    return ask("POST", f"{TASKS}{task['id']}/{deed}/", body)


def test_a_task_is_answered_as_it_was_given(ask: Asking) -> None:
    told = add(ask, **BODY)
    assert told | {"id": 0, "opened_at": ""} == {
        "id": 0,
        "incident": 1,
        "title": "Reset the password",
        "description": "<p>And end all <b>sessions</b>.</p>",
        "status": "To do",
        "assigned_to": "Analysts (group)",
        "authorizer": "administrator",
        "priority": "High",
        "percentage": 10,
        "effort_hours": 1.5,
        "due_date": "2025-03-05T12:00:00Z",
        "opened_at": "",
        "closed_at": None,
        "mandatory": True,
        "source": "manual",
        "playbook_run": None,
    }
    assert ask("GET", f"{TASKS}{told['id']}/").json() == told
    line = AuditLog.objects.get(action="task.created")
    assert line.details["after"]["due_at"] == "2025-03-05 12:00:00+00:00"


def test_a_task_of_another_door_has_the_defaults(ask: Asking, as_analyst: Actor) -> None:
    made = add_task(as_analyst, 1, title="IRIS", status_id=1, assignee_ids=[1])
    told = ask("GET", f"{TASKS}{made.pk}/").json()
    assert (told["assigned_to"], told["percentage"], told["mandatory"]) == (
        "administrator",
        0,
        False,
    )
    assert not TaskDetails.objects.filter(task=made).exists()
    changed = ask("PATCH", f"{TASKS}{made.pk}/", {"percentage": 50}).json()
    assert changed == told | {"percentage": 50}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (1, "administrator"),
        ("1", "administrator"),
        ("administrator", "administrator"),
        ({"user": 1}, "administrator"),
        ({"group": ADMINISTRATORS}, "Administrators (group)"),
        ("Administrators (group)", "Administrators (group)"),
        (None, None),
    ],
)
def test_a_task_is_given_to_a_user_or_a_group(ask: Asking, given: Any, shown: str | None) -> None:
    assert add(ask, assigned_to=given)["assigned_to"] == shown


def test_what_is_not_given_stays(ask: Asking) -> None:
    made = add(ask, **BODY)
    told = ask("PUT", f"{TASKS}{made['id']}/", {"title": "New", "due_date": None}).json()
    assert told == made | {"title": "New", "due_date": None}
    moved = ask("PATCH", f"{TASKS}{made['id']}/", {"assigned_to": "analyst"}).json()
    assert moved["assigned_to"] == "analyst"
    assert TaskDetails.objects.get().group is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", ""),
        ("title", "x" * 401),
        ("assigned_to", "nobody"),
        ("assigned_to", {"group": 999}),
        ("assigned_to", [1]),
        ("authorizer", 10**30),
        ("priority", "HIGHEST"),
        ("priority", 1),
        ("effort_hours", -1),
        ("effort_hours", 10**7),
        ("percentage", 101),
        ("due_date", "soon"),
        ("opt_9", "x"),
    ],
)
def test_bad_tasks_change_nothing(ask: Asking, name: str, value: Any) -> None:
    told = assert_shape(ask("POST", TASKS, {"title": "x", name: value}), 400, "Invalid request")
    assert list(told["fields"]) == [name]
    assert not Task.objects.filter(title__startswith="x").exists()


def test_custom_fields_of_tasks_are_kept(ask: Asking) -> None:
    for number, kind in ((1, "Text"), (2, "Numeric Textbox")):
        CustomField.objects.create(section="tasks", number=number, label=kind, type=kind)
    made = add(ask, opt_1="Milan", opt_2="7")
    assert (made["opt_1"], made["opt_2"]) == ("Milan", 7)
    told = ask("PATCH", f"{TASKS}{made['id']}/", {"opt_1": ""}).json()
    assert told["opt_1"] is None
    assert told["opt_2"] == 7


@pytest.mark.parametrize(
    ("deed", "status", "is_closed"),
    [
        ("approve", "In progress", False),
        ("approve_close", "Done", True),
        ("decline", "Canceled", True),
        ("close", "Done", True),
    ],
)
def test_a_decision_changes_the_status_once(
    ask: Asking, deed: str, status: str, is_closed: bool
) -> None:
    made = add(ask)
    told = decide(ask, made, deed, note="As agreed").json()
    assert (told["status"], told["closed_at"] is not None) == (status, is_closed)
    assert_shape(decide(ask, made, deed), 409, "Conflict")
    line = AuditLog.objects.filter(object_type="cases.task").latest("pk")
    assert (line.details["after"]["note"], line.case_id) == ("As agreed", 1)


@pytest.mark.parametrize("deed", ["approve", "approve_close", "decline", "close"])
def test_an_ended_task_takes_no_decision(ask: Asking, deed: str) -> None:
    made = add(ask)
    decide(ask, made, "decline")
    assert_shape(decide(ask, made, deed), 409, "Conflict")
    assert_shape(decide(ask, made, "reassign", assigned_to=1), 409, "Conflict")


def test_the_authorizer_decides(ask: Asking, colleague: User) -> None:
    made = add(ask, authorizer="colleague")
    for deed in ("approve", "approve_close", "decline"):
        assert_shape(decide(ask, made, deed), 403, "Forbidden")
    assert_shape(decide(ask, made, "close"), 409, "Conflict")
    assert decide(Asking(colleague), made, "approve").status_code == 200
    assert decide(ask, made, "close").json()["status"] == "Done"


def test_a_task_is_reassigned(ask: Asking) -> None:
    made = add(ask, assigned_to="analyst")
    told = decide(ask, made, "reassign", assigned_to={"group": ANALYSTS}, note="Shift").json()
    assert told["assigned_to"] == "Analysts (group)"
    assert AuditLog.objects.get(action="task.reassigned").details["after"]["note"] == "Shift"
    assert_shape(decide(ask, made, "reassign"), 400, "Invalid request")


def titles(ask: Asking, query: str) -> list[str]:
    """Return the titles of the tasks a query finds."""
    return [task["title"] for task in ask("GET", f"tasks/?{query}").json()]


def test_the_tasks_of_all_incidents_are_filtered(ask: Asking, analyst: User) -> None:
    past = (timezone.now() - dt.timedelta(hours=1)).isoformat()
    add(ask, title="mine", assigned_to="analyst", due_date=past)
    add(ask, title="ours", assigned_to={"group": ANALYSTS})
    decide(ask, add(ask, title="done", assigned_to=1, due_date=past), "close")
    assert titles(ask, "assigned_to=me") == ["mine", "ours"]
    assert titles(ask, f"assigned_to={analyst.pk}&incident=1") == ["mine", "ours"]
    assert titles(ask, "assigned_to=me&overdue=true") == ["mine"]
    assert titles(ask, "overdue=false&order_by=-id") == ["done", "ours"]
    assert titles(ask, "status=Done") == titles(ask, "status=4") == ["done"]
    assert titles(ask, "incident=77") == []
    for query in ("assigned_to=x", "status=x", "overdue=x", "incident=x"):
        assert_shape(ask("GET", f"tasks/?{query}"), 400, "Invalid request")


def test_the_tasks_of_hidden_incidents_stay_hidden(
    ask: Asking, outsider: User, outsider_case: Any
) -> None:
    theirs = Asking(outsider)
    theirs("POST", f"incidents/{outsider_case.pk}/tasks/", {"title": "secret"})
    assert titles(theirs, "") == ["secret"]
    assert titles(ask, "") == []
    assert titles(ask, f"incident={outsider_case.pk}") == []


def test_lists_take_a_constant_number_of_queries(
    ask: Asking, django_assert_num_queries: Any
) -> None:
    group = Group.objects.get(pk=ANALYSTS)
    counts = []
    for more in (1, 4):
        for number in range(more):
            add(ask, **BODY | {"assigned_to": [{"group": group.pk}, "analyst"][number % 2]})
        with django_assert_num_queries(6) as found:
            ask("GET", TASKS)
        counts.append(len(found))
    assert counts[0] == counts[1]


def test_a_deleted_task_is_gone(ask: Asking) -> None:
    made = add(ask, **BODY)
    assert ask("DELETE", f"{TASKS}{made['id']}/").status_code == 204
    assert not TaskDetails.objects.exists()
