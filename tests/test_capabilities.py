"""The permissions IRIS does not know: real ones, on no IRIS wire, and given to whom they follow from."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group

from soar.core.actor import Actor
from soar.core.models import User
from soar.core.permissions import (
    ALL_PERMISSIONS,
    CAPABILITIES,
    IRIS_PERMISSIONS,
    LABELS,
    Permission,
)
from soar.core.services.groups import add_group, mask_of_group, update_group
from soar.core.services.users import set_groups
from tests.cast import ADMINISTRATORS, ANALYSTS
from tests.http import ApiClient

OURS = (
    Permission.API_USE
    | Permission.API_ADMIN
    | Permission.ENTITIES_MANAGE
    | Permission.INVESTIGATORS_MANAGE
)
GRANTS = [
    import_module(f"soar.core.migrations.{name}").grant
    for name in ("0005_api_permissions", "0007_managing_permissions")
]


@pytest.fixture
def everything(as_administrator: Actor) -> Group:
    """A group that holds every permission there is."""
    return add_group(as_administrator, name="Everything", permissions=ALL_PERMISSIONS)


def test_the_iris_mask_keeps_its_twelve_bits() -> None:
    assert (int(IRIS_PERMISSIONS), ALL_PERMISSIONS & ~IRIS_PERMISSIONS) == (4095, OURS)
    assert set(LABELS) == set(Permission)


def test_no_capability_is_named_twice() -> None:
    names = [name for names in CAPABILITIES.values() for name in names]
    assert len(names) == len(set(names))


def test_iris_is_not_told_of_them(
    as_administrator: Actor, api_administrator: ApiClient, guest: User, everything: Group
) -> None:
    set_groups(as_administrator, guest.pk, group_ids=[everything.pk])
    guest.refresh_from_db()
    held = api_administrator.get(f"/manage/users/{guest.pk}").json()["data"]["user_permissions"]
    assert sum(int(bit) for bit in held) == int(IRIS_PERMISSIONS)
    assert guest.permission_mask == ALL_PERMISSIONS


def test_a_group_gives_and_takes_them(
    as_administrator: Actor, guest: User, everything: Group
) -> None:
    set_groups(as_administrator, guest.pk, group_ids=[everything.pk])
    update_group(as_administrator, everything.pk, permissions=Permission.API_USE)
    guest.refresh_from_db()
    assert (guest.permission_mask, guest.is_staff) == (Permission.API_USE, False)


def test_an_older_installation_gets_them_with_the_upgrade(
    as_administrator: Actor, analyst: User, administrator: User
) -> None:
    groups = {pk: Group.objects.get(pk=pk) for pk in (ADMINISTRATORS, ANALYSTS)}
    before = {pk: mask_of_group(group) for pk, group in groups.items()}
    for pk, group in groups.items():
        update_group(as_administrator, pk, permissions=before[pk] & IRIS_PERMISSIONS)
        assert not mask_of_group(group) & OURS
    for grant in GRANTS * 2:
        grant(apps, None)
    assert {pk: mask_of_group(group) for pk, group in groups.items()} == before
    for user in (analyst, administrator):
        user.refresh_from_db()
    assert (analyst.permission_mask, administrator.permission_mask) == tuple(
        int(before[pk]) for pk in (ANALYSTS, ADMINISTRATORS)
    )


def test_a_new_database_has_no_group_to_give_them_to(db: None) -> None:
    Group.objects.all().delete()
    for grant in GRANTS:
        grant(apps, None)
    assert not Group.objects.exists()
