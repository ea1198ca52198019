"""`/case/tasks/*`: tasks of a case."""

from typing import Any

import pytest

from cases.models import Case, Task
from cases.services.lookups import define_attributes
from soar.core.actor import Actor
from soar.core.models import AuditLog, ChangeCounter, User
from tests.api.iris import shapes
from tests.api.iris.answers import assert_data_error, assert_denied, assert_refused, data_of
from tests.api.iris.shapes import assert_fits
from tests.http import ApiClient

HUGE = 111155551111
NEW = {"task_assignee_id": 1, "task_status_id": 1, "task_title": "Image the disk"}
UNKNOWN = "Invalid task ID for this case"
NO_STATUS = "Invalid task status ID"
NO_USER = "Invalid user id for assignee"


def add(client: ApiClient, cid: int = 1, **changes: Any) -> Any:
    """Return the answer to adding a task."""
    return client.post("/case/tasks/add", NEW | changes | {"cid": cid})


def add_v2(client: ApiClient, assignees: Any) -> Any:
    """Return the answer to adding a task as v2 clients do."""
    body = {"task_assignees_id": assignees, "task_status_id": 1, "task_title": "Image", "cid": 1}
    return client.post("/case/tasks/add", body)


def rows(client: ApiClient, case_id: int = 1) -> list[dict[str, Any]]:
    """Return the rows of the list, whose every member must fit."""
    data = data_of(client.get("/case/tasks/list", cid=case_id))
    shape = {
        "tasks": [shapes.TASK_ROW],
        "tasks_status": [shapes.TASK_STATUS],
        "state": shapes.STATE,
    }
    assert_fits(data, shape)
    return data["tasks"]  # type: ignore[no-any-return]


def test_a_new_task_is_answered_whole(api_analyst: ApiClient, analyst: User) -> None:
    data = data_of(add(api_analyst, task_description="Text", task_tags="a,b"))
    assert_fits(data, shapes.TASK)
    expected = NEW | {
        "task_description": "Text",
        "task_tags": "a,b",
        "task_case_id": 1,
        "task_userid_open": analyst.pk,
        "task_userid_update": analyst.pk,
        "task_assignees": [{"id": 1, "name": "administrator", "user": "administrator"}],
        "custom_attributes": None,
    }
    assert data.items() >= expected.items()


def test_adding_is_counted_and_audited(api_analyst: ApiClient) -> None:
    task_id = data_of(add(api_analyst))["id"]
    assert ChangeCounter.objects.get(case_id=1, family="tasks").value == 1
    assert AuditLog.objects.get(action="task.created").object_id == task_id


def test_v2_gives_a_task_to_several(api_analyst: ApiClient, analyst: User) -> None:
    data = data_of(add_v2(api_analyst, [analyst.pk, "1", analyst.pk]))
    assert [one["id"] for one in data["task_assignees"]] == [analyst.pk, 1]
    assert data["task_assignee_id"] == analyst.pk


@pytest.mark.parametrize("assignees", [[], [HUGE], [0, 2**62]])
def test_v2_drops_unknown_assignees(api_analyst: ApiClient, assignees: list[int]) -> None:
    data = data_of(add_v2(api_analyst, assignees))
    assert (data["task_assignees"], data["task_assignee_id"]) == ([], None)
    assert rows(api_analyst)[0]["assignee_name"] is None


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"task_assignee_id": HUGE}, {"task_assignee_id": NO_USER}),
        ({"task_assignee_id": "x"}, {"task_assignee_id": "Not a valid integer."}),
        ({"task_status_id": HUGE}, {"task_status_id": NO_STATUS}),
        ({"task_status_id": None}, {"task_status_id": "Field may not be null."}),
        ({"task_title": ""}, {"task_title": "Shorter than minimum length 1."}),
        ({"task_title": "x" * 401}, {"task_title": "Longer than maximum length 400."}),
        ({"task_assignees_id": "1"}, {"task_assignees_id": "Not a valid list."}),
    ],
)
def test_a_faulty_task_is_refused_and_nothing_written(
    api_analyst: ApiClient, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    assert_data_error(add(api_analyst, **changes), **errors)
    assert not Task.objects.filter(case=1).exists()


def test_tags_and_description_may_be_empty_and_a_title_short(api_analyst: ApiClient) -> None:
    data = data_of(add(api_analyst, task_title="x", task_tags="", task_description=""))
    assert (data["task_title"], data["task_tags"], data["task_description"]) == ("x", "", "")


def test_a_row_serves_both_generations(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    row = rows(api_administrator, filled["case"])[0]
    expected = {
        "task_title": "Full task",
        "status_name": "To do",
        "status_bscolor": "danger",
        "task_assignee_id": 1,
        "assignee_name": "administrator",
        "task_assignees": [{"id": 1, "name": "administrator", "user": "administrator"}],
    }
    assert row.items() >= expected.items()


def test_the_list_carries_the_states_of_tasks(api_analyst: ApiClient) -> None:
    states = data_of(api_analyst.get("/case/tasks/list", cid=1))["tasks_status"]
    names = ["To do", "In progress", "On hold", "Done", "Canceled"]
    assert [(one["id"], one["status_name"]) for one in states] == list(enumerate(names, 1))


def test_a_task_is_fetched_whole(api_administrator: ApiClient, filled: dict[str, int]) -> None:
    data = data_of(api_administrator.get(f"/case/tasks/{filled['task']}", cid=filled["case"]))
    assert_fits(data, shapes.TASK)
    assert data["task_title"] == "Full task"


def test_an_updated_task_is_answered_whole(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    path = f"/case/tasks/update/{filled['task']}?cid={filled['case']}"
    data = data_of(api_administrator.post(path, NEW | {"task_status_id": 4}))
    assert_fits(data, shapes.TASK)
    assert (data["task_title"], data["task_status_id"]) == ("Image the disk", 4)
    assert (data["task_close_date"], data["task_userid_close"]) == (None, None)
    assert data["task_last_update"] > data["task_open_date"]
    actions = [line["action"] for _, line in sorted(data["modification_history"].items())]
    assert actions == ["created", "updated"]


def test_an_update_replaces_who_has_the_task(
    api_administrator: ApiClient, filled: dict[str, int], analyst: User
) -> None:
    path = f"/case/tasks/update/{filled['task']}?cid={filled['case']}"
    data = data_of(api_administrator.post(path, NEW | {"task_assignee_id": analyst.pk}))
    assert [one["user"] for one in data["task_assignees"]] == ["analyst"]


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"task_assignee_id": HUGE}, {"task_assignee_id": NO_USER}),
        ({"task_status_id": HUGE}, {"task_status_id": NO_STATUS}),
    ],
)
def test_a_faulty_update_changes_nothing(
    api_administrator: ApiClient,
    filled: dict[str, int],
    changes: dict[str, Any],
    errors: dict[str, str],
) -> None:
    path = f"/case/tasks/update/{filled['task']}?cid={filled['case']}"
    assert_data_error(api_administrator.post(path, NEW | changes), **errors)
    assert Task.objects.get(pk=filled["task"]).title == "Full task"


def test_attributes_of_a_task_are_filled(api_analyst: ApiClient, as_administrator: Actor) -> None:
    field = {"type": "raw", "mandatory": False, "value": ""}
    define_attributes(as_administrator, 4, content={"Tab": {"a": field}})
    data = data_of(add(api_analyst, custom_attributes={"Tab": {"a": [1]}, "x": 1}))
    assert data["custom_attributes"] == {"Tab": {"a": field | {"value": [1]}}}


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_task_is_deleted(
    api_administrator: ApiClient, filled: dict[str, int], method: str
) -> None:
    path = f"/case/tasks/delete/{filled['task']}?cid={filled['case']}"
    assert data_of(getattr(api_administrator, method)(path), "Task deleted") == []
    assert rows(api_administrator, filled["case"]) == []
    assert ChangeCounter.objects.get(case_id=filled["case"], family="tasks").value == 2


@pytest.mark.parametrize("pk", [0, HUGE, 10**25])
def test_an_unknown_task_is_refused(api_analyst: ApiClient, pk: int) -> None:
    assert_refused(api_analyst.get(f"/case/tasks/{pk}", cid=1), UNKNOWN)
    assert_refused(api_analyst.post(f"/case/tasks/update/{pk}", NEW), UNKNOWN)
    assert_refused(api_analyst.post(f"/case/tasks/delete/{pk}"), UNKNOWN)


def test_a_task_of_another_case_is_unknown(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    pk = filled["task"]
    assert_refused(api_administrator.get(f"/case/tasks/{pk}", cid=1), UNKNOWN)
    assert_refused(api_administrator.post(f"/case/tasks/update/{pk}?cid=1", NEW), UNKNOWN)
    assert_refused(api_administrator.get(f"/case/tasks/delete/{pk}", cid=1), UNKNOWN)


def test_a_reader_adds_no_task(api_reader: ApiClient, case: Case) -> None:
    assert_denied(add(api_reader), case.pk)
    assert not Task.objects.filter(case=1).exists()
