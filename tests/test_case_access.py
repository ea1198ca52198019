"""The access rule of docs/permissions.md over every combination of records, in every place that applies it."""

import itertools
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from cases.models import Case, Customer, CustomerMembership, GroupCaseAccess, UserCaseAccess
from cases.permissions import level_on_case
from cases.selectors import cases_with_level, visible_cases
from soar.core.actor import Actor
from soar.core.models import User
from soar.core.permissions import AccessLevel
from tests.cast import ADMINISTRATORS
from tests.http import ApiClient, key_of

DENY, READ, FULL = AccessLevel.DENY_ALL, AccessLevel.READ_ONLY, AccessLevel.FULL_ACCESS
LEVELS = (None, DENY, READ, FULL)
COMBINATIONS = list(itertools.product(LEVELS, repeat=4))  # two groups, the customer, the user
Expected = dict[int, int]


def rule(
    first: int | None, second: int | None, customer: int | None, own: int | None
) -> int | None:
    """Return the level the document promises, None where no record stands."""
    groups = [level for level in (first, second) if level is not None]
    of_groups = DENY if DENY in groups else max(groups, default=None)
    return next((level for level in (own, customer, of_groups) if level is not None), None)


@pytest.fixture(params=["member", "administrator"])
def user(request: pytest.FixtureRequest, enrol: Callable[..., User]) -> User:
    """A user of two groups of his own, once with and once without the right to administer."""
    groups = [Group.objects.create(name=f"Group {number}").pk for number in (1, 2)]
    return enrol(
        "combined", *groups, *([ADMINISTRATORS] if request.param == "administrator" else [])
    )


@pytest.fixture
def expected(user: User) -> Expected:
    """The levels of a case per combination of records, by the id of the case."""
    default = FULL if Actor.of(user, "iris").is_administrator else DENY
    customers = {level: Customer.objects.create(name=f"Client {level}") for level in LEVELS}
    for level in filter(None, LEVELS):
        CustomerMembership.objects.create(customer=customers[level], user=user, level=level)
    groups = list(Group.objects.filter(name__startswith="Group "))
    levels = {}
    for first, second, customer, own in COMBINATIONS:
        case = Case.objects.create(
            name="Case",
            customer=customers[customer],
            opened_by_id=1,
            owner_id=1,
            opened_on=timezone.now().date(),
        )
        for group, level in zip(groups, (first, second), strict=True):
            if level is not None:
                GroupCaseAccess.objects.create(case=case, group=group, level=level)
        if own is not None:
            UserCaseAccess.objects.create(case=case, user=user, level=own)
        levels[case.pk] = rule(first, second, customer, own) or default
    return levels


def test_the_annotation_follows_the_rule(user: User, expected: Expected) -> None:
    rows = cases_with_level(Actor.of(user, "iris")).filter(pk__in=expected)
    assert dict(rows.values_list("pk", "access_level")) == expected


def test_the_single_look_follows_the_rule(user: User, expected: Expected) -> None:
    actor = Actor.of(user, "iris")
    assert {pk: level_on_case(actor, pk) for pk in expected} == expected


def test_lists_hold_what_may_be_read(user: User, expected: Expected) -> None:
    readable = {pk for pk, level in expected.items() if level != DENY}
    found = visible_cases(Actor.of(user, "iris")).filter(pk__in=expected)
    assert set(found.values_list("pk", flat=True)) == readable


def test_the_door_lets_readers_read(user: User, expected: Expected) -> None:
    client = ApiClient(key_of(user))
    statuses = {pk: client.get("/case/timeline/state", cid=pk).status_code for pk in expected}
    assert statuses == {pk: 403 if level == DENY else 200 for pk, level in expected.items()}


def test_the_door_lets_only_full_access_write(user: User, expected: Expected) -> None:
    client, body = ApiClient(key_of(user)), {"log_content": "Looked"}
    statuses = {pk: client.post(f"/case/tasklog/add?cid={pk}", body).status_code for pk in expected}
    assert statuses == {pk: 200 if level == FULL else 403 for pk, level in expected.items()}
