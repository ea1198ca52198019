"""`users/`: everybody knows his colleagues, administrators their e-mail addresses too (contract §4.7)."""

from collections.abc import Callable

import pytest

from soar.core.models import User
from soar.core.services.users import set_active
from tests.api.cloudsoar.answers import assert_shape
from tests.api.cloudsoar.callers import Caller

pytestmark = pytest.mark.django_db


def logins(rows: list[dict[str, object]]) -> list[object]:
    """Return the user names of rows."""
    return [row["username"] for row in rows]


def test_a_user_is_shown_as_in_the_contract(analyst: User) -> None:
    assert Caller(analyst).get(f"users/{analyst.pk}/") == {
        "id": analyst.pk,
        "username": "analyst",
        "first_name": "Analyst",
        "last_name": "",
        "email": "analyst@example.org",
        "is_active": True,
        "groups": [{"id": 2, "name": "Analysts"}],
        "profile": "Analyst",
    }


def test_only_administrators_see_the_addresses_of_others(
    analyst: User, administrator: User
) -> None:
    seen = {row["username"]: row["email"] for row in Caller(analyst).get("users/")}
    assert seen == {"administrator": None, "analyst": "analyst@example.org"}
    assert all(row["email"] for row in Caller(administrator).get("users/"))
    assert Caller(analyst).get("users/1")["email"] is None


def test_users_are_listed_by_activity_and_group(
    administrator: User, analyst: User, guest: User, as_administrator: object
) -> None:
    set_active(as_administrator, guest.pk, active=False)  # type: ignore[arg-type]
    caller = Caller(administrator)
    assert logins(caller.get("users/", active="false")) == ["guest"]
    assert logins(caller.get("users/", active="true")) == ["administrator", "analyst"]
    assert logins(caller.get("users/", group=2)) == ["analyst"]
    assert logins(caller.get("users/", group="administrators")) == ["administrator"]
    assert caller.get("users/", group="nobody") == []


@pytest.mark.parametrize("user_id", ["999999", "9" * 30])
def test_a_missing_user_is_404(analyst: User, user_id: str) -> None:
    assert_shape(Caller(analyst)("GET", f"users/{user_id}/"), 404, "Not found")


def test_more_users_need_no_more_queries(analyst: User, enrol: Callable[..., User]) -> None:
    caller = Caller(analyst)
    few = caller.queries("users/")
    for number in range(4):
        enrol(f"user{number}", 1, 2)
    assert caller.queries("users/") == few
