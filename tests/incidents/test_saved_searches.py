"""Saved searches: everybody keeps, changes and forgets his own."""

from typing import Any

import pytest

from incidents.models import SavedSearch
from incidents.selectors import visible_saved_searches
from incidents.services import saved_searches
from incidents.services.saved_searches import add_search, delete_search, update_search
from soar.core.actor import Actor
from soar.core.errors import Conflict, Invalid, NotFound
from soar.core.models import AuditLog

pytestmark = pytest.mark.django_db


def test_a_search_is_kept_for_its_user(as_analyst: Actor, as_administrator: Actor) -> None:
    search = add_search(as_analyst, name=" Mine ", filter="status: Closed", columns=["status"])
    assert (search.name, search.columns) == ("Mine", ["status"])
    assert list(visible_saved_searches(as_analyst)) == [search]
    assert not visible_saved_searches(as_administrator).exists()
    assert AuditLog.objects.latest("id").action == "saved_search.created"


def test_a_search_is_changed_and_forgotten(as_analyst: Actor) -> None:
    search = add_search(as_analyst, name="A")
    update_search(as_analyst, search.pk, name="B", columns=["owner"])
    search.refresh_from_db()
    assert (search.name, search.filter, search.columns) == ("B", "", ["owner"])
    delete_search(as_analyst, search.pk)
    assert not SavedSearch.objects.exists()


def test_a_search_of_another_user_is_missing(as_analyst: Actor, as_administrator: Actor) -> None:
    search = add_search(as_analyst, name="A")
    with pytest.raises(NotFound):
        update_search(as_administrator, search.pk, name="B")
    with pytest.raises(NotFound):
        delete_search(as_administrator, search.pk)
    assert SavedSearch.objects.get().name == "A"


@pytest.mark.parametrize(
    ("values", "culprit"),
    [
        ({"name": " "}, "name"),
        ({"name": "Taken"}, "name"),
        ({"filter": "x" * 10_001}, "filter"),
        ({"columns": ["x"] * 201}, "columns"),
    ],
)
def test_odd_searches_are_refused(as_analyst: Actor, values: Any, culprit: str) -> None:
    add_search(as_analyst, name="Taken")
    with pytest.raises(Invalid) as refusal:
        add_search(as_analyst, **{"name": "A"} | values)
    assert set(refusal.value.fields) == {culprit}


def test_two_users_may_choose_one_name(as_analyst: Actor, as_administrator: Actor) -> None:
    names = [add_search(actor, name="A").name for actor in (as_analyst, as_administrator)]
    assert names == ["A", "A"]


def test_nobody_keeps_searches_without_end(
    as_analyst: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_searches, "MOST_SEARCHES", 1)
    add_search(as_analyst, name="A")
    with pytest.raises(Conflict):
        add_search(as_analyst, name="B")
