"""What filters find: every kind of field and operator against real rows."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from cases.models import Case
from soar.api.cloudsoar.filters import Choices, FilterField, FilterTable, Flags, Moments, Texts
from soar.core.actor import Actor
from soar.core.errors import Invalid
from soar.core.models import User
from soar.core.services.users import set_active
from tests.api.cloudsoar.echo import CASES

pytestmark = pytest.mark.django_db
USERS = FilterTable(
    FilterField("login", "User name", Texts(), "login"),
    FilterField("is_active", "Active", Flags(), "is_active"),
    FilterField(
        "group", "Group", Choices(lambda: {"Administrators": 1, "SOC tier 2": 2}), "groups"
    ),
    FilterField("seen", "Last seen", Moments(), "last_login", is_sortable=False),
    free_text=("login", "name"),
)
MORNING = dt.datetime(2025, 3, 4, 8, 55, tzinfo=dt.UTC)


@pytest.fixture
def people(as_administrator: Actor, enrol: Callable[..., User]) -> None:
    """Three users: an analyst who was seen, one who was not, and one kept out."""
    ada, _, eve = enrol("ada", 2), enrol("bob_1", 2), enrol("eve")
    User.objects.filter(pk=ada.pk).update(last_login=MORNING)
    set_active(as_administrator, eve.pk, active=False)


def found(text: str) -> list[str]:
    """Return the logins of the users a filter finds."""
    rows = User.objects.filter(USERS.condition(text)).order_by("pk")
    return [login for login in rows.values_list("login", flat=True) if login != "administrator"]


@pytest.mark.parametrize(
    ("text", "logins"),
    [
        ("", ["ada", "bob_1", "eve"]),
        ("login:A", ["ada"]),
        ('login:"ad"', []),
        ('User Name: "ada"', ["ada"]),
        ("login=ada", ["ada"]),
        ("login=ad", []),
        ("login!=ada", ["bob_1", "eve"]),
        ("login:_", ["bob_1"]),
        ("login:%", []),
        ("b_", ["bob_1"]),
        ("EVE", ["eve"]),
        ("nothing such", []),
        ("active:true", ["ada", "bob_1"]),
        ("active:0", ["eve"]),
        ("Active != on", ["eve"]),
        ("group:soc  TIER 2", ["ada", "bob_1"]),
        ("group:2", ["ada", "bob_1"]),
        ('group="SOC tier 2" AND login:b', ["bob_1"]),
        ("group != 2", ["eve"]),
        ("seen:2025-03-04", ["ada"]),
        ("seen:2025-03-05", []),
        ("seen!=2025-03-04", ["bob_1", "eve"]),
        ("seen=2025-03-04T08:55:00Z", ["ada"]),
        ("seen=2025-03-04T09:55:00+01:00", ["ada"]),
        ("seen=2025-03-04 08:55", ["ada"]),
        ("seen>2025-03-04", []),
        ("seen>=2025-03-04", ["ada"]),
        ("seen<=2025-03-04", ["ada"]),
        ("seen<2025-03-04", []),
        ("seen>2025-03-04T08:54:59Z", ["ada"]),
        ("seen<2025-03-04T08:55:00Z", []),
    ],
)
def test_a_filter_finds_what_it_says(people: None, text: str, logins: list[str]) -> None:
    assert found(text) == logins


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("active:maybe", "Active is true or false."),
        ("active>1", "Active cannot be compared with < or >."),
        ("login>a", "User name cannot be compared with < or >."),
        ("group:nobody", "Group has no such value."),
        ("group:3", "Group has no such value."),
        ("group<2", "Group cannot be compared with < or >."),
        ("seen:yesterday", "Last seen is a date or time such as 2025-03-04T08:55:00Z."),
        ("seen:2025-02-30", "Last seen has no such day or time."),
        ("seen:9999-12-31", "Last seen has no such day or time."),
        ("seen:2025-03-04T25:00:00Z", "Last seen has no such day or time."),
    ],
)
def test_a_known_field_with_a_bad_value_is_refused_never_empty(text: str, told: str) -> None:
    with pytest.raises(Invalid) as refusal:
        USERS.condition(text)
    assert refusal.value.fields == {"filter": [told]}


@pytest.mark.parametrize("value", ["x", "1.5", "9" * 19, "", "1e3", "٣"])
def test_a_number_is_a_number(value: str) -> None:
    with pytest.raises(Invalid):
        CASES.condition(f"id:{value}")


@pytest.mark.parametrize(
    ("text", "count"),
    [("id:1", 1), ("id=-5", 0), ("id>0", 1), ("Number<=1", 1), ("id!=1", 0), ("id>1", 0)],
)
def test_numbers_are_compared(case: Case, text: str, count: int) -> None:
    assert Case.objects.filter(CASES.condition(text)).count() == count


def test_an_odd_moment_of_the_database_is_no_error(case: Case) -> None:
    for text in ("opened_at>=0001-01-01", "opened_at<9999-12-30T23:59:59-12:00"):
        assert Case.objects.filter(CASES.condition(text)).exists()


def test_sorting_ends_in_the_id() -> None:
    assert CASES.order("soc_id") == ("soc_id", "pk")
    assert CASES.order("-opened_at") == ("-opened_at", "-pk")


@pytest.mark.parametrize("name", ["password", "--login", "seen", "", "-", "login,pk", "User name"])
def test_what_cannot_be_sorted_by_is_refused(name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        USERS.order(name)
    assert refusal.value.fields == {"order_by": ["Sort by one of group, is_active, login."]}


def test_a_filter_is_part_of_one_query(people: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert found("login:a AND active:true AND seen>2000-01-01 AND d") == ["ada"]
