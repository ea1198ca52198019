"""`folders/` over the wire (contract §4.7)."""

from typing import Any

import pytest
from django.test import Client

from incidents.models import Folder
from incidents.services.folders import add_folder
from incidents.services.incidents import open_incident
from soar.api.cloudsoar.mounts import LEGACY
from soar.core.actor import Actor
from soar.core.models import AuditLog, User
from tests.api.cloudsoar.answers import assert_shape
from tests.api.cloudsoar.callers import Caller
from tests.http import bearer, token_of

pytestmark = pytest.mark.django_db
TOP = {"id": 1, "name": "Incidents", "parent": None}


@pytest.fixture
def caller(administrator: User) -> Caller:
    """The administrator."""
    return Caller(administrator)


def test_folders_are_listed_for_everybody_with_a_token(analyst: User) -> None:
    assert Caller(analyst).get("folders/") == [TOP]
    assert Caller(analyst).get("folders/1/") == TOP


def test_a_folder_is_added_moved_and_deleted(caller: Caller) -> None:
    added = caller("POST", "folders/", {"name": "CSE-Pending", "parent": 1})
    folder = added.json()
    assert (added.status_code, folder) == (
        201,
        {"id": folder["id"], "name": "CSE-Pending", "parent": 1},
    )
    path = f"folders/{folder['id']}/"
    assert caller("PUT", path, {"parent": None}).json() == folder | {"parent": None}
    assert caller("PATCH", path, {"name": "CSE"}).json()["name"] == "CSE"
    assert caller("DELETE", path).status_code == 204
    assert caller.get("folders/") == [TOP]
    assert AuditLog.objects.latest("id").channel == "cloudsoar"


def test_a_form_without_slash_does_as_well(administrator: User) -> None:
    client = Client(headers=bearer(token_of(administrator)))
    answer = client.post(f"{LEGACY}folders", {"name": "Form", "parent": ""})
    assert (answer.status_code, answer.json()["parent"]) == (201, None)


@pytest.mark.parametrize(
    ("body", "culprit"),
    [
        ({}, "name"),
        ({"name": "incidents"}, "name"),
        ({"name": "A", "parent": 999_999}, "parent"),
        ({"name": "A", "parent": "x"}, "parent"),
    ],
)
def test_the_culprit_is_named_as_on_the_wire(caller: Caller, body: Any, culprit: str) -> None:
    told = assert_shape(caller("POST", "folders/", body), 400, "Invalid request")
    assert set(told["fields"]) == {culprit}
    assert Folder.objects.count() == 1


def test_a_circle_is_refused(caller: Caller, as_administrator: Actor) -> None:
    below = add_folder(as_administrator, name="B", parent_id=1)
    answer = caller("PATCH", "folders/1/", {"parent": below.pk})
    told = assert_shape(answer, 400, "Invalid request")
    assert told["fields"] == {"parent": ["A folder cannot lie in itself or below."]}


def test_a_folder_that_is_not_empty_is_409(caller: Caller, as_administrator: Actor) -> None:
    open_incident(as_administrator, name="x", customer_id=1, folder_id=1)
    told = assert_shape(caller("DELETE", "folders/1/"), 409, "Conflict")
    assert "not empty" in told["description"]


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_a_missing_folder_is_404(caller: Caller, method: str) -> None:
    for folder_id in ("999999", "9" * 25):
        assert_shape(caller(method, f"folders/{folder_id}/", {"name": "A"}), 404, "Not found")


def test_an_analyst_writes_none(analyst: User) -> None:
    caller = Caller(analyst)
    assert_shape(caller("POST", "folders/", {"name": "A"}), 403, "Forbidden")
    for method in ("PUT", "PATCH", "DELETE"):
        assert_shape(caller(method, "folders/1/", {"name": "A"}), 403, "Forbidden")


def test_more_folders_need_no_more_queries(caller: Caller, as_administrator: Actor) -> None:
    few = caller.queries("folders/")
    for number in range(5):
        add_folder(as_administrator, name=f"F{number}", parent_id=1)
    assert caller.queries("folders/") == few
