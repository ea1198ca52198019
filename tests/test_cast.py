"""The cast is written as rows; here the services make the same people."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db.models import Model

from cases.models import CustomerMembership, UserCaseAccess
from cases.services.access import set_user_access
from cases.services.customers import set_membership
from soar.core.actor import Actor
from soar.core.models import IrisApiKey, User
from soar.core.permissions import AccessLevel
from soar.core.services.users import add_user, set_groups
from tests import cast

pytestmark = pytest.mark.django_db
# What differs between any two users.
HIS_OWN = {"id", "user_id", "login", "name", "email", "uuid", "created_at", "joined_at"}
SECRET = {"password", "nonce", "key_hash", "renewed_at"}


def shape(row: Model) -> dict[str, Any]:
    """Return what two rows of the same kind have in common."""
    names = [field.attname for field in row._meta.concrete_fields]
    return {name: getattr(row, name) for name in names if name not in HIS_OWN | SECRET}


def rows_of(user: User) -> dict[str, Any]:
    """Return everything stored of a user."""
    user = User.objects.get(pk=user.pk)
    return {
        "user": shape(user),
        "key": shape(IrisApiKey.objects.get(pk=user.pk)),
        "groups": [*user.groups.order_by("pk").values_list("pk", flat=True)],
        "memberships": [shape(row) for row in CustomerMembership.objects.filter(user=user)],
        "cases": [shape(row) for row in UserCaseAccess.objects.filter(user=user)],
    }


@pytest.fixture
def by_services(as_administrator: Actor) -> User:
    """A user without any group, made by the services."""
    names = {"login": "twin", "name": "Twin", "email": "twin@example.org"}
    user, _ = add_user(as_administrator, **names, password=cast.PASSWORD)
    return user


def test_a_guest(by_services: User, guest: User) -> None:
    assert rows_of(guest) == rows_of(by_services)
    assert guest.check_password(cast.PASSWORD)


def test_an_analyst(by_services: User, analyst: User, as_administrator: Actor) -> None:
    set_groups(as_administrator, by_services.pk, group_ids=[cast.ANALYSTS])
    level = AccessLevel.FULL_ACCESS
    set_membership(as_administrator, 1, user_id=by_services.pk, level=level)
    assert rows_of(analyst) == rows_of(by_services)
    assert analyst.permission_mask


def test_a_denied_administrator(
    by_services: User, denied_administrator: User, as_administrator: Actor
) -> None:
    set_groups(as_administrator, by_services.pk, group_ids=[cast.ADMINISTRATORS])
    level = AccessLevel.DENY_ALL
    set_user_access(as_administrator, 1, user_id=by_services.pk, level=level)
    assert rows_of(denied_administrator) == rows_of(by_services)


def test_a_member_of_two_groups(by_services: User, as_administrator: Actor) -> None:
    groups = [cast.ADMINISTRATORS, cast.ANALYSTS]
    set_groups(as_administrator, by_services.pk, group_ids=groups)
    assert rows_of(cast.enrolled("both", *groups)) == rows_of(by_services)
    assert Group.objects.filter(pk__in=groups).count() == len(groups)
