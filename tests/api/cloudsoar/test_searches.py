"""`saved_searches/` over the wire (contract §4.7)."""

from typing import Any

import pytest

from incidents.services.saved_searches import add_search
from soar.core.actor import Actor
from soar.core.models import User
from tests.api.cloudsoar.answers import assert_shape
from tests.api.cloudsoar.callers import Caller

pytestmark = pytest.mark.django_db
NEW = {"name": "Mine", "filter": 'Status: "Closed"', "columns": ["status", "owner"]}


@pytest.fixture
def caller(analyst: User) -> Caller:
    """The analyst."""
    return Caller(analyst)


def test_a_search_is_kept_changed_and_forgotten(caller: Caller) -> None:
    answer = caller("POST", "saved_searches/", NEW)
    made = answer.json()
    assert answer.status_code == 201
    assert made == NEW | {"id": made["id"], "saved_at": made["saved_at"]}
    path = f"saved_searches/{made['id']}/"
    assert caller.get("saved_searches/") == [made] == [caller.get(path)]
    assert caller("PUT", path, {"columns": []}).json() == made | {"columns": []}
    assert caller("PATCH", path, {"name": "B"}).json()["filter"] == NEW["filter"]
    assert caller("DELETE", path).status_code == 204
    assert caller.get("saved_searches/") == []


def test_nobody_sees_the_searches_of_others(caller: Caller, administrator: User) -> None:
    made = caller("POST", "saved_searches/", NEW).json()
    other = Caller(administrator)
    assert other.get("saved_searches/") == []
    for method in ("GET", "PUT", "DELETE"):
        hidden = other(method, f"saved_searches/{made['id']}/", {"name": "x"})
        missing = other(method, "saved_searches/999999/", {"name": "x"})
        assert (hidden.status_code, hidden.content) == (404, missing.content)


@pytest.mark.parametrize(
    ("body", "culprit"),
    [
        ({}, "name"),
        ({"name": "Mine"}, "name"),
        ({"name": "A", "filter": "x" * 10_001}, "filter"),
        ({"name": "A", "columns": "status"}, "columns"),
    ],
)
def test_odd_searches_are_refused(caller: Caller, body: Any, culprit: str) -> None:
    caller("POST", "saved_searches/", NEW)
    answer = caller("POST", "saved_searches/", body)
    assert set(assert_shape(answer, 400, "Invalid request")["fields"]) == {culprit}


def test_more_searches_need_no_more_queries(caller: Caller, as_analyst: Actor) -> None:
    few = caller.queries("saved_searches/")
    for number in range(5):
        add_search(as_analyst, name=f"S{number}")
    assert caller.queries("saved_searches/") == few
