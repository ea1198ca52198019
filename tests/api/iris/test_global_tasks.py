"""`/global/tasks/*`: tasks that belong to no case."""

from typing import Any

import pytest

from cases.models import GlobalTask
from soar.core.models import AuditLog, User
from tests.api.iris import shapes
from tests.api.iris.answers import assert_data_error, assert_refused, data_of
from tests.api.iris.shapes import assert_fits
from tests.http import ApiClient

HUGE = 111155551111
NEW = {"task_assignee_id": 1, "task_status_id": 1, "task_title": "Rotate keys"}
UNKNOWN = "Invalid global task ID"


def add(client: ApiClient, **changes: Any) -> Any:
    """Return the answer to adding a task of the team."""
    return client.post("/global/tasks/add", NEW | changes)


@pytest.fixture
def task_id(api_guest: ApiClient) -> int:
    """A new task."""
    return int(data_of(add(api_guest), "Saved !")["task_id"])


def test_any_key_adds_a_task_that_is_answered_whole(api_guest: ApiClient, guest: User) -> None:
    data = data_of(add(api_guest, task_description="Text", task_tags="a", cid=HUGE), "Saved !")
    assert_fits(data, shapes.GLOBAL_TASK)
    expected = NEW | {"task_description": "Text", "task_tags": "a", "task_userid_update": guest.pk}
    assert data.items() >= expected.items()
    assert AuditLog.objects.latest("id").summary == 'created new global task "Rotate keys"'


@pytest.mark.parametrize("verb", ["add", "update"])
@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"task_assignee_id": HUGE}, {"task_assignee_id": "Invalid user id for assignee"}),
        ({"task_assignee_id": None}, {"task_assignee_id": "Field may not be null."}),
        ({"task_status_id": HUGE}, {"task_status_id": "Invalid task status ID"}),
        ({"task_status_id": "x"}, {"task_status_id": "Not a valid integer."}),
        ({"task_title": "x" * 401}, {"task_title": "Longer than maximum length 400."}),
    ],
)
def test_a_faulty_task_is_refused(
    api_guest: ApiClient, task_id: int, verb: str, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    suffix = f"/{task_id}" if verb == "update" else ""
    assert_data_error(api_guest.post(f"/global/tasks/{verb}{suffix}", NEW | changes), **errors)
    assert GlobalTask.objects.values_list("title", flat=True).get() == "Rotate keys"


def test_a_new_title_has_two_characters(api_guest: ApiClient, task_id: int) -> None:
    assert_data_error(add(api_guest, task_title="x"), task_title="Shorter than minimum length 2.")
    data_of(
        api_guest.post(f"/global/tasks/update/{task_id}", NEW | {"task_title": "x"}), "Updated !"
    )


def test_the_list_shows_tasks_and_states(api_guest: ApiClient, task_id: int) -> None:
    data = data_of(api_guest.get("/global/tasks/list", cid=1))
    shape = {"tasks": [shapes.GLOBAL_TASK_ROW], "tasks_status": [shapes.TASK_STATUS]}
    assert_fits(data, shape)
    row = data["tasks"][0]
    assert (row["task_id"], row["user_name"], row["status_name"]) == (
        task_id,
        "administrator",
        "To do",
    )
    assert len(data["tasks_status"]) == 5


def test_a_task_is_fetched_whole(api_guest: ApiClient, task_id: int) -> None:
    data = data_of(api_guest.get(f"/global/tasks/{task_id}", cid=1))
    assert_fits(data, shapes.GLOBAL_TASK_ROW)
    assert data["task_title"] == "Rotate keys"


def test_an_updated_task_is_answered_whole(api_guest: ApiClient, task_id: int) -> None:
    body = NEW | {"task_title": "Rotate more", "task_status_id": 4, "cid": 1}
    data = data_of(api_guest.post(f"/global/tasks/update/{task_id}", body), "Updated !")
    assert_fits(data, shapes.GLOBAL_TASK)
    assert (data["task_title"], data["task_status_id"]) == ("Rotate more", 4)
    assert data["task_last_update"] > data["task_open_date"]


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_task_is_deleted(api_guest: ApiClient, task_id: int, method: str) -> None:
    answer = getattr(api_guest, method)(f"/global/tasks/delete/{task_id}")
    assert data_of(answer, "Task deleted") == []
    assert not GlobalTask.objects.exists()


@pytest.mark.parametrize("pk", [0, HUGE, 10**25])
def test_an_unknown_task_is_refused(api_guest: ApiClient, pk: int) -> None:
    assert_refused(api_guest.get(f"/global/tasks/{pk}"), f"Global task ID {pk} not found")
    assert_refused(api_guest.post(f"/global/tasks/update/{pk}", NEW), UNKNOWN)
    assert_refused(api_guest.post(f"/global/tasks/delete/{pk}"), UNKNOWN)
