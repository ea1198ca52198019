"""Each of the 77 operations of v1.0.2 (operations.json): served, documented members, texts, methods."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cases.services.customers import add_customer
from cases.services.global_tasks import add_global_task
from cases.services.lookups import add_asset_type
from iocs.services import add_ioc_type
from soar.core.actor import Actor
from soar.core.models import User
from soar.core.services.users import set_active
from tests.http import ApiClient
from tests.modules.rows import add_row, subscribe

OPERATIONS = json.loads((Path(__file__).parent / "operations.json").read_text("utf-8"))
# Where v1.0.2 documents no text, that of iris-web (contract §2.1).
UNDOCUMENTED = {
    "/case/assets/update/{asset_id}": "Updated asset laptop",
    "/case/timeline/events/update/{event_id}": "Event updated",
    "/case/evidences/update/{evidence_id}": "Evidence disk.img updated",
    "/manage/users/update/{user_id}": "User updated",
    "/manage/users/add": "user created",
    "/dim/hooks/call": "Queued task with 1 objects",
}
REQUIRED = "Missing data for required field."
TEXTS = {
    "hook_name": "Missing hook_name",
    "targets": "Missing targets",
    "type": "Missing data type",
}
TASK = {"task_assignee_id": 1, "task_status_id": 1, "task_title": "Look"}
ASSET = {"asset_name": "laptop", "asset_type_id": 9, "analysis_status_id": 1}
EVENT = {
    "event_title": "Logon",
    "event_assets": [],
    "event_category_id": 1,
    "event_date": "2022-01-20T05:45:46.123456",
    "event_tz": "+02:00",
}
TYPE = {"type_name": "New type", "type_description": "New"}
ASSET_TYPE = {"asset_name": "New kind", "asset_description": "New"}
BODIES: dict[str, dict[str, Any]] = {
    "/manage/cases/add": {
        "case_soc_id": "soc_1",
        "case_customer": 1,
        "case_name": "New",
        "case_description": "New",
    },
    "/global/tasks/add": TASK,
    "/global/tasks/update/{task_id}": TASK,
    "/manage/customers/add": {"customer_name": "New client"},
    "/manage/customers/update/{customer_id}": {"customer_name": "Renamed client"},
    "/case/summary/update": {"case_description": "# New"},
    "/case/tasklog/add": {"log_content": "Called them"},
    "/case/assets/add": ASSET,
    "/case/assets/update/{asset_id}": ASSET,
    "/case/notes/groups/add": {"group_title": "Group"},
    "/case/notes/groups/update/{group_id}": {"group_title": "Group"},
    "/case/notes/add": {"note_title": "Note"},
    "/case/notes/update/{note_id}": {"note_title": "Note"},
    "/case/notes/search": {"search_term": "Full%"},
    "/case/ioc/add": {"ioc_type_id": 76, "ioc_tlp_id": 1, "ioc_value": "198.51.100.1"},
    "/case/ioc/update/{ioc_id}": {"ioc_value": "198.51.100.2"},
    "/case/timeline/events/add": EVENT,
    "/case/timeline/events/update/{event_id}": EVENT,
    "/case/tasks/add": TASK,
    "/case/tasks/update/{task_id}": TASK,
    "/case/evidences/update/{evidence_id}": {"filename": "disk.img"},
    "/case/evidences/add": {"filename": "disk.img"},
    "/manage/users/update/{user_id}": {"user_name": "Renamed"},
    "/manage/users/add": {
        "user_name": "New",
        "user_login": "new",
        "user_email": "new@example.org",
        "user_password": "Long-Enough-1",
    },
    "/manage/asset-type/add": ASSET_TYPE,
    "/manage/asset-type/update/{asset_type_id}": ASSET_TYPE,
    "/manage/ioc-types/add": TYPE,
    "/manage/ioc-types/update/{ioc_type_id}": TYPE,
    "/dim/hooks/call": {"hook_name": "on_manual_trigger_ioc", "type": "ioc"},
}


@pytest.fixture
def ids(filled: dict[str, int], as_administrator: Actor, guest: User) -> dict[str, int | str]:
    """A value for every placeholder of a path."""
    set_active(as_administrator, guest.pk, active=False)
    subscribe(add_row(), "on_manual_trigger_ioc")
    spare = {"name": "Spare", "description": "Spare"}
    nouns = ("asset", "group", "note", "ioc", "event", "task", "evidence", "case")
    return {f"{noun}_id": filled[noun] for noun in nouns} | {
        "global_id": add_global_task(as_administrator, title="Team", status_id=1, assignee_id=1).pk,
        "customer_id": add_customer(as_administrator, name="Spare").pk,
        "user_id": guest.pk,
        "asset_type_id": add_asset_type(as_administrator, **spare).pk,
        "ioc_type_id": add_ioc_type(as_administrator, **spare).pk,
        "task_status_id": 1,
        "analysis_status_id": 1,
        "object_type": "ioc",
    }


def request_of(operation: dict[str, Any], ids: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return path and body of a request that must succeed."""
    path, body = operation["path"], dict(BODIES.get(operation["path"], {}))
    values = ids | ({"task_id": ids["global_id"]} if path.startswith("/global") else {})
    if path == "/case/notes/add":
        body["group_id"] = ids["group_id"]
    if path == "/dim/hooks/call":
        body["targets"] = [ids["ioc_id"]]
    return f"{path.format(**values)}?cid={ids['case_id']}", body


def send(client: ApiClient, method: str, path: str, body: dict[str, Any]) -> Any:
    """Send a request; a GET carries no body."""
    return client.get(path) if method == "GET" else client.post(path, body)


def named(operation: dict[str, Any]) -> str:
    """Return the name of an operation among the test's."""
    return f"{operation['method']} {operation['path']}"


def parts(data: Any, place: str) -> Iterator[dict[str, Any]]:
    """Yield the objects at a place such as `timeline[].assets[]`."""
    found = [data]
    for step in place.split("."):
        inner = [item[step.removesuffix("[]")] for item in found]
        found = [one for item in inner for one in item] if step.endswith("[]") else inner
    yield from found


def assert_documented(operation: dict[str, Any], data: Any) -> None:
    """Check that data is of the documented kind and has every documented member."""
    assert isinstance(data, dict if operation["kind"] == "object" else list)
    for item in data if isinstance(data, list) else [data]:
        assert set(operation["keys"]) <= set(item)
    for place, keys in operation["nested"].items():
        for item in parts(data, place):
            assert set(keys) <= set(item), place


@pytest.mark.parametrize("operation", OPERATIONS, ids=named)
def test_an_operation_answers_with_the_documented_members_and_text(
    operation: dict[str, Any], ids: dict[str, Any], api_administrator: ApiClient
) -> None:
    path, body = request_of(operation, ids)
    response = send(api_administrator, operation["method"], path, body)
    answer = json.loads(response.getvalue())
    assert (response.status_code, answer["status"]) == (200, "success"), answer
    template = operation["message"]
    text = UNDOCUMENTED[operation["path"]] if template is None else template.format(**ids | body)
    assert answer["message"] == text
    assert_documented(operation, answer["data"])


@pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS if len(one["accepts"]) == 2], ids=named
)
def test_a_v1_delete_works_by_post_as_well(
    operation: dict[str, Any], ids: dict[str, Any], api_administrator: ApiClient
) -> None:
    path, _ = request_of(operation, ids)
    response = api_administrator.post(path)
    assert (response.status_code, response.json()["status"]) == (200, "success")


@pytest.mark.parametrize("operation", OPERATIONS, ids=named)
def test_another_method_is_refused_in_the_envelope(
    operation: dict[str, Any], ids: dict[str, Any], api_administrator: ApiClient
) -> None:
    path, _ = request_of(operation, ids)
    wrong = {"get", "post", "put", "patch", "delete"} - {
        one.lower() for one in operation["accepts"]
    }
    for method in sorted(wrong):
        response = getattr(api_administrator.client, method)(
            path, headers=api_administrator.headers
        )
        body = {"status": "error", "message": "Method not allowed", "data": []}
        assert (response.status_code, response.json()) == (405, body)
        assert set(operation["accepts"]) <= set(response["Allow"].split(", "))


NEEDED = [(one, name) for one in OPERATIONS for name in one["required"]]


@pytest.mark.parametrize(
    ("operation", "name"), NEEDED, ids=[f"{named(one)} {name}" for one, name in NEEDED]
)
def test_a_required_field_is_asked_for(
    operation: dict[str, Any], name: str, ids: dict[str, Any], api_administrator: ApiClient
) -> None:
    path, body = request_of(operation, ids)
    del body[name]
    answer = api_administrator.post(path, body)
    assert answer.status_code == 400
    if operation["path"] == "/dim/hooks/call":
        assert answer.json()["message"] == TEXTS[name]
    elif "groups/update" in operation["path"]:
        assert answer.json()["message"] == "Missing field group_title"
    else:
        expected = {"status": "error", "message": "Data error", "data": {name: [REQUIRED]}}
        assert answer.json() == expected


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one["one_of"]], ids=named)
def test_one_of_the_alternatives_is_asked_for(
    operation: dict[str, Any], ids: dict[str, Any], api_administrator: ApiClient
) -> None:
    path, body = request_of(operation, ids)
    for name in operation["one_of"][0]:
        body.pop(name, None)
    answer = api_administrator.post(path, body)
    data = {operation["one_of"][0][0]: [REQUIRED]}
    assert (answer.status_code, answer.json()["data"]) == (400, data)


@pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS if one["method"] == "POST"], ids=named
)
def test_unknown_members_of_a_body_are_ignored(
    operation: dict[str, Any], ids: dict[str, Any], api_administrator: ApiClient
) -> None:
    path, body = request_of(operation, ids)
    answer = api_administrator.post(path, body | {"no_such_member": {"x": [1]}})
    assert answer.json()["status"] == "success"


def test_all_seventy_seven_operations_are_here() -> None:
    assert len({(one["method"], one["path"]) for one in OPERATIONS}) == 77
