"""`groups/`: what members may do, for administrators (contract §3.10, §4.7)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group

from soar.api.cloudsoar.groups import GIVEN_BY
from soar.core.models import AuditLog, User
from soar.core.permissions import ALL_PERMISSIONS
from soar.core.services.groups import mask_of_group
from tests.api.cloudsoar.answers import assert_shape
from tests.api.cloudsoar.callers import Caller
from tests.cast import ANALYSTS

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller(administrator: User) -> Caller:
    """The administrator."""
    return Caller(administrator)


def test_a_group_is_made_with_a_profile_and_members(caller: Caller, guest: User) -> None:
    body = {"name": "Tier 2", "description": "d", "profile": "Analyst", "members": [guest.pk]}
    answer = caller("POST", "groups/", body)
    made = answer.json()
    assert answer.status_code == 201
    assert made == body | {
        "id": made["id"],
        "members": [{"id": guest.pk, "username": "guest"}],
        "permissions": [bit.codename for bit in GIVEN_BY["Analyst"]],
    }
    assert caller.get(f"groups/{made['id']}/") == made
    assert AuditLog.objects.filter(channel="cloudsoar", action="group.created").exists()


def test_new_members_may_at_once_what_the_group_gives(caller: Caller, guest: User) -> None:
    caller("POST", "groups/", {"name": "A", "profile": "Analyst", "members": [guest.pk]})
    guest.refresh_from_db()
    assert guest.permission_mask == GIVEN_BY["Analyst"]


def test_the_profile_of_analysts_is_that_of_the_group_of_analysts(db: None) -> None:
    assert mask_of_group(Group.objects.get(pk=ANALYSTS)) == GIVEN_BY["Analyst"]
    assert GIVEN_BY["Administrator"] == ALL_PERMISSIONS


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_group_changes_in_part(caller: Caller, method: str, guest: User) -> None:
    made = caller("POST", "groups/", {"name": "A", "members": [guest.pk]}).json()
    body = {"permissions": ["api_use", "alerts_read"]}
    changed = caller(method, f"groups/{made['id']}/", body).json()
    assert changed == made | {"permissions": ["alerts_read", "api_use"]}
    emptied = caller(method, f"groups/{made['id']}/", {"members": [], "profile": ""}).json()
    assert emptied == made | {"members": []}


def test_members_come_and_go(caller: Caller, guest: User, analyst: User) -> None:
    made = caller("POST", "groups/", {"name": "A", "members": [guest.pk]}).json()
    path = f"groups/{made['id']}/members/"
    added = caller("POST", path, {"members": [analyst.pk, guest.pk]})
    assert (added.status_code, len(added.json()["members"])) == (200, 2)
    gone = caller("DELETE", path, {"members": [guest.pk]})
    assert (gone.status_code, gone.content) == (204, b"")
    left = caller.get(f"groups/{made['id']}/")["members"]
    assert left == [{"id": analyst.pk, "username": "analyst"}]


def test_a_group_is_deleted(caller: Caller) -> None:
    made = caller("POST", "groups/", {"name": "A"}).json()
    assert caller("DELETE", f"groups/{made['id']}/").status_code == 204
    assert_shape(caller("GET", f"groups/{made['id']}/"), 404, "Not found")


@pytest.mark.parametrize(
    ("body", "culprit"),
    [
        ({}, "name"),
        ({"name": "analysts"}, "name"),
        ({"name": "A", "profile": "King"}, "profile"),
        ({"name": "A", "profile": "Analyst", "permissions": []}, "profile"),
        ({"name": "A", "permissions": ["everything"]}, "permissions"),
        ({"name": "A", "members": [999_999]}, "members"),
        ({"name": "A", "members": ["x"]}, "members.0"),
    ],
)
def test_odd_groups_are_refused(caller: Caller, body: Any, culprit: str) -> None:
    told = assert_shape(caller("POST", "groups/", body), 400, "Invalid request")
    assert {name.removesuffix(".0") for name in told["fields"]} == {culprit.removesuffix(".0")}
    assert not Group.objects.filter(name="A").exists()


def test_the_last_administrator_stays(caller: Caller) -> None:
    for method, path, body in (
        ("DELETE", "groups/1/", None),
        ("DELETE", "groups/1/members/", {"members": [1]}),
        ("PATCH", "groups/1/", {"members": []}),
        ("PATCH", "groups/1/", {"profile": ""}),
    ):
        assert_shape(caller(method, path, body), 409, "Conflict")
    assert Group.objects.get(pk=1).user_set.count() == 1


def test_more_groups_need_no_more_queries(caller: Caller, enrol: Callable[..., User]) -> None:
    few = caller.queries("groups/")
    for number in range(4):
        body = {"name": f"G{number}", "profile": "Analyst", "members": [1]}
        caller("POST", "groups/", body)
    assert caller.queries("groups/") == few
