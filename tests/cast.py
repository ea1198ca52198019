"""The cast: the users every test plays with, and the same people acting through the IRIS door."""

from collections.abc import Callable
from functools import partial

import pytest
from django.contrib.auth.models import Group
from django.contrib.auth.models import Permission as DjangoPermission

from cases.models import Case, Customer
from cases.services.access import set_user_access
from cases.services.customers import add_customer, set_membership
from incidents.services.incidents import open_incident
from soar.core.actor import Actor
from soar.core.models import User
from soar.core.permissions import AccessLevel
from soar.core.services.users import add_user, set_groups

ADMINISTRATORS, ANALYSTS = 1, 2
PASSWORD = "Correct-Horse-7-Battery"


@pytest.fixture
def administrator(db: None) -> User:
    """User 1, in Administrators: full access to every case, customer 1 is his."""
    return User.objects.get(pk=1)


@pytest.fixture
def as_administrator(administrator: User) -> Actor:
    """The administrator acting through the IRIS door."""
    return Actor.of(administrator, "iris")


def enrolled(actor: Actor, login: str, *group_ids: int) -> User:
    """Make a user of a login, a member of the groups with the given ids."""
    names = {"login": login, "name": login.title(), "email": f"{login}@example.org"}
    user, _ = add_user(actor, **names, password=PASSWORD)
    return set_groups(actor, user.pk, group_ids=list(group_ids)) if group_ids else user


def enrolled_reader(actor: Actor) -> User:
    """Make a member of Analysts whose own record on case 1 says read only."""
    user = enrolled(actor, "reader", ANALYSTS)
    set_user_access(actor, 1, user_id=user.pk, level=AccessLevel.READ_ONLY)
    return user


def enrolled_outsider(actor: Actor, customer: Customer) -> User:
    """Make an analyst of another customer: Analysts' permissions through a group of his own."""
    group = Group.objects.create(name="Other analysts")
    group.permissions.set(DjangoPermission.objects.filter(group=ANALYSTS))
    user = enrolled(actor, "outsider", group.pk)
    set_membership(actor, customer.pk, user_id=user.pk, level=AccessLevel.FULL_ACCESS)
    return user


@pytest.fixture
def enrol(as_administrator: Actor) -> Callable[..., User]:
    """Make a user of a login, a member of the groups with the given ids."""
    return partial(enrolled, as_administrator)


@pytest.fixture
def case(db: None) -> Case:
    """Case 1, of customer 1; full access for Administrators and Analysts."""
    return Case.objects.get(pk=1)


@pytest.fixture
def analyst(enrol: Callable[..., User], as_administrator: Actor) -> User:
    """A member of Analysts and full member of customer 1."""
    user = enrol("analyst", ANALYSTS)
    set_membership(as_administrator, 1, user_id=user.pk, level=AccessLevel.FULL_ACCESS)
    return user


@pytest.fixture
def colleague(enrol: Callable[..., User]) -> User:
    """Another member of Analysts, of no customer: case 1 is open to him through the group."""
    return enrol("colleague", ANALYSTS)


@pytest.fixture
def guest(enrol: Callable[..., User]) -> User:
    """A user without any group or record: no permission, no case."""
    return enrol("guest")


@pytest.fixture
def reader(as_administrator: Actor) -> User:
    """A member of Analysts whose own record on case 1 says read only."""
    return enrolled_reader(as_administrator)


@pytest.fixture
def limited(enrol: Callable[..., User], as_administrator: Actor) -> User:
    """A full member of customer 1 in a group of his own, which lacks what touches others."""
    group = Group.objects.create(name="Customer's analysts")
    others = ["entities_manage", "investigators_manage"]
    held = DjangoPermission.objects.filter(group=ANALYSTS).exclude(codename__in=others)
    group.permissions.set(held)
    user = enrol("limited", group.pk)
    set_membership(as_administrator, 1, user_id=user.pk, level=AccessLevel.FULL_ACCESS)
    return user


@pytest.fixture
def other_customer(as_administrator: Actor) -> Customer:
    """A customer that nobody of customer 1 but the administrator may know of."""
    return add_customer(as_administrator, name="Other Client")


@pytest.fixture
def outsider(as_administrator: Actor, other_customer: Customer) -> User:
    """An analyst of the other customer: Analysts' permissions through a group of his own."""
    return enrolled_outsider(as_administrator, other_customer)


@pytest.fixture
def outsider_case(outsider: User, other_customer: Customer) -> Case:
    """The outsider's own case, hidden from everybody of customer 1 but the administrators."""
    incident = open_incident(
        Actor.of(outsider, "iris"),
        name="Outsider's case",
        description="Of another customer",
        customer_id=other_customer.pk,
        soc_id="soc_other",
    )
    return incident.case


@pytest.fixture
def denied_administrator(enrol: Callable[..., User], as_administrator: Actor) -> User:
    """A second administrator whose own record on case 1 denies it to him."""
    user = enrol("denied", ADMINISTRATORS)
    set_user_access(as_administrator, 1, user_id=user.pk, level=AccessLevel.DENY_ALL)
    return user


# --- the same people acting


@pytest.fixture
def as_analyst(analyst: User) -> Actor:
    """The analyst acting."""
    return Actor.of(analyst, "iris")


@pytest.fixture
def as_guest(guest: User) -> Actor:
    """The guest acting."""
    return Actor.of(guest, "iris")


@pytest.fixture
def as_reader(reader: User) -> Actor:
    """The reader acting."""
    return Actor.of(reader, "iris")


@pytest.fixture
def as_limited(limited: User) -> Actor:
    """The limited analyst acting."""
    return Actor.of(limited, "iris")


@pytest.fixture
def as_outsider(outsider: User) -> Actor:
    """The outsider acting."""
    return Actor.of(outsider, "iris")


@pytest.fixture
def as_denied_administrator(denied_administrator: User) -> Actor:
    """The denied administrator acting."""
    return Actor.of(denied_administrator, "iris")
