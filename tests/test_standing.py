"""The mask that requests read is always the one the groups give."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.db.models import F, OuterRef

from incidents.services.bootstrap import seed
from soar.core.actor import Actor
from soar.core.models import User
from soar.core.permissions import Permission, mask_of_user
from soar.core.services.groups import add_group, delete_group, update_group
from soar.core.services.standing import refresh_standing
from soar.core.services.users import set_groups, update_user
from tests.cast import ANALYSTS
from tests.http import ApiClient

pytestmark = pytest.mark.django_db
WORKING = Permission.STANDARD_USER | Permission.ALERTS_READ


def strays() -> list[str]:
    """Return the users whose stored mask is not what their groups give."""
    users = User.objects.annotate(mask=mask_of_user(OuterRef("pk")))
    return list(users.exclude(mask=F("permission_mask")).values_list("login", flat=True))


def mask(user: User) -> Permission:
    """Return a user's mask as the next request reads it."""
    user.refresh_from_db()
    return Permission(user.permission_mask)


@pytest.fixture
def tier(as_administrator: Actor, guest: User) -> Group:
    """A group with permissions, of which the guest is a member."""
    group = add_group(as_administrator, name="Tier 1", permissions=WORKING)
    set_groups(as_administrator, guest.pk, group_ids=[group.pk])
    return group


def test_joining_and_leaving_a_group_changes_the_mask(
    as_administrator: Actor, guest: User, tier: Group
) -> None:
    assert (mask(guest), guest.is_staff) == (WORKING, True)
    set_groups(as_administrator, guest.pk, group_ids=[])
    assert (mask(guest), guest.is_staff, strays()) == (Permission(0), False, [])


def test_changing_a_group_changes_the_mask_of_its_members(
    as_administrator: Actor, guest: User, tier: Group
) -> None:
    update_group(as_administrator, tier.pk, permissions=Permission.ALERTS_WRITE)
    assert (mask(guest), guest.is_staff, strays()) == (Permission.ALERTS_WRITE, False, [])


def test_deleting_a_group_changes_the_mask_of_its_members(
    as_administrator: Actor, guest: User, tier: Group
) -> None:
    delete_group(as_administrator, tier.pk)
    assert (mask(guest), strays()) == (Permission(0), [])


def test_two_groups_give_the_union(as_administrator: Actor, guest: User, tier: Group) -> None:
    set_groups(as_administrator, guest.pk, group_ids=[tier.pk, ANALYSTS])
    analysts = User.objects.filter(groups=ANALYSTS).exclude(pk=guest.pk).values_list(flat=True)
    assert mask(guest) & WORKING == WORKING
    assert (strays(), guest.pk in analysts) == ([], False)


def test_promotion_and_demotion_change_the_mask(
    as_administrator: Actor, guest: User, enrol: Callable[..., User]
) -> None:
    update_user(as_administrator, guest.pk, is_administrator=True)
    assert Permission.SERVER_ADMINISTRATOR in mask(guest)
    update_user(as_administrator, guest.pk, is_administrator=False)
    assert (mask(guest), strays()) == (Permission(0), [])


def test_a_taken_permission_is_missed_on_the_very_next_request(
    as_administrator: Actor, guest: User, tier: Group, api_guest: ApiClient
) -> None:
    assert api_guest.get("/manage/cases/list").status_code == 200
    update_group(as_administrator, tier.pk, permissions=Permission.ALERTS_READ)
    assert api_guest.get("/manage/cases/list").status_code == 403


def test_every_start_repairs_a_mask_written_past_the_services(guest: User) -> None:
    User.objects.filter(pk=guest.pk).update(permission_mask=4095)
    assert strays() == [guest.login]
    seed()
    assert (strays(), refresh_standing()) == ([], 0)
