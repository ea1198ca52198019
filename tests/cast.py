"""The cast: the users every test plays with, and the same people acting through the IRIS door.

They are written as rows: thousands of tests need them, and the services, which look up, lock and record, take
ten times as long. tests/test_cast.py shows that the services write the same.
"""

from collections.abc import Callable

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.contrib.auth.models import Permission as DjangoPermission

from cases.models import Case, Customer, CustomerMembership, UserCaseAccess
from cases.services.customers import add_customer
from incidents.services.incidents import open_incident
from soar.core.actor import Actor
from soar.core.models import User
from soar.core.permissions import AccessLevel, Permission
from soar.core.services.api_keys import issue_key
from soar.core.services.standing import ENTERING

ADMINISTRATORS, ANALYSTS = 1, 2
PASSWORD = "Correct-Horse-7-Battery"
STORED_PASSWORD = make_password(PASSWORD)


@pytest.fixture
def administrator(db: None) -> User:
    """User 1, in Administrators: full access to every case, customer 1 is his."""
    return User.objects.get(pk=1)


@pytest.fixture
def as_administrator(administrator: User) -> Actor:
    """The administrator acting through the IRIS door."""
    return Actor.of(administrator, "iris")


def enrolled(login: str, *group_ids: int) -> User:
    """Make a user of a login, a member of the groups with the given ids."""
    mask = _mask_of(group_ids)
    user = User(
        login=login,
        name=login.title(),
        email=f"{login}@example.org",
        password=STORED_PASSWORD,
        permission_mask=int(mask),
        is_staff=bool(mask & ENTERING),
    )
    user.save(force_insert=True)
    issue_key(user)
    link = User.groups.through
    link.objects.bulk_create([link(user_id=user.pk, group_id=group) for group in group_ids])
    return user


def _mask_of(group_ids: tuple[int, ...]) -> Permission:
    if not group_ids:
        return Permission(0)
    held = DjangoPermission.objects.filter(group__in=group_ids, content_type__app_label="core")
    names = {*held.values_list("codename", flat=True)}
    return Permission(sum(bit for bit in Permission if bit.codename in names))


def full_member(customer_id: int, user: User) -> User:
    """Give a user full access to all cases of a customer."""
    level = AccessLevel.FULL_ACCESS
    CustomerMembership.objects.create(customer_id=customer_id, user=user, level=level)
    return user


def on_case_1(user: User, level: AccessLevel) -> User:
    """Give a user a level on case 1."""
    UserCaseAccess.objects.create(case_id=1, user=user, level=level)
    return user


def enrolled_reader() -> User:
    """Make a member of Analysts whose own record on case 1 says read only."""
    return on_case_1(enrolled("reader", ANALYSTS), AccessLevel.READ_ONLY)


def enrolled_outsider(customer: Customer) -> User:
    """Make an analyst of another customer: Analysts' permissions through a group of his own."""
    group = Group.objects.create(name="Other analysts")
    group.permissions.set(DjangoPermission.objects.filter(group=ANALYSTS))
    return full_member(customer.pk, enrolled("outsider", group.pk))


@pytest.fixture
def enrol(db: None) -> Callable[..., User]:
    """Make a user of a login, a member of the groups with the given ids."""
    return enrolled


@pytest.fixture
def case(db: None) -> Case:
    """Case 1, of customer 1; full access for Administrators and Analysts."""
    return Case.objects.get(pk=1)


@pytest.fixture
def analyst(enrol: Callable[..., User]) -> User:
    """A member of Analysts and full member of customer 1."""
    return full_member(1, enrol("analyst", ANALYSTS))


@pytest.fixture
def colleague(enrol: Callable[..., User]) -> User:
    """Another member of Analysts, of no customer: case 1 is open to him through the group."""
    return enrol("colleague", ANALYSTS)


@pytest.fixture
def guest(enrol: Callable[..., User]) -> User:
    """A user without any group or record: no permission, no case."""
    return enrol("guest")


@pytest.fixture
def reader(db: None) -> User:
    """A member of Analysts whose own record on case 1 says read only."""
    return enrolled_reader()


@pytest.fixture
def limited(enrol: Callable[..., User]) -> User:
    """A full member of customer 1 in a group of his own, which lacks what touches others."""
    group = Group.objects.create(name="Customer's analysts")
    others = ["entities_manage", "investigators_manage"]
    held = DjangoPermission.objects.filter(group=ANALYSTS).exclude(codename__in=others)
    group.permissions.set(held)
    return full_member(1, enrol("limited", group.pk))


@pytest.fixture
def other_customer(as_administrator: Actor) -> Customer:
    """A customer that nobody of customer 1 but the administrator may know of."""
    return add_customer(as_administrator, name="Other Client")


@pytest.fixture
def outsider(other_customer: Customer) -> User:
    """An analyst of the other customer: Analysts' permissions through a group of his own."""
    return enrolled_outsider(other_customer)


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
def denied_administrator(enrol: Callable[..., User]) -> User:
    """A second administrator whose own record on case 1 denies it to him."""
    return on_case_1(enrol("denied", ADMINISTRATORS), AccessLevel.DENY_ALL)


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
