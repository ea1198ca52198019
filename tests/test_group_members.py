"""Members of groups: what they may do follows at once, and somebody always administers the server."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group

from soar.core.actor import Actor
from soar.core.errors import Conflict, Forbidden, Invalid, NotFound
from soar.core.models import AuditLog, User
from soar.core.permissions import Permission
from soar.core.services.groups import (
    add_group,
    add_members,
    remove_members,
    set_members,
    update_group,
)
from tests.cast import ADMINISTRATORS

pytestmark = pytest.mark.django_db
Change = Callable[..., Group]


@pytest.fixture
def group(as_administrator: Actor) -> Group:
    """A group of readers of alerts without members."""
    return add_group(as_administrator, name="Readers", permissions=Permission.ALERTS_READ)


def members(group: Group) -> set[int]:
    """Return who is in a group."""
    return set(group.user_set.values_list("pk", flat=True))


def test_new_members_get_what_the_group_gives(
    as_administrator: Actor, group: Group, guest: User
) -> None:
    add_members(as_administrator, group.pk, user_ids=[guest.pk, guest.pk])
    guest.refresh_from_db()
    assert guest.permission_mask == Permission.ALERTS_READ
    line = AuditLog.objects.latest("id")
    assert (line.action, line.details["after"]) == (
        "group.members_changed",
        {"members": [guest.pk]},
    )


def test_old_members_lose_it(as_administrator: Actor, group: Group, guest: User) -> None:
    add_members(as_administrator, group.pk, user_ids=[guest.pk])
    remove_members(as_administrator, group.pk, user_ids=[guest.pk, 999_999])
    guest.refresh_from_db()
    assert (guest.permission_mask, members(group)) == (0, set())


def test_members_are_replaced(
    as_administrator: Actor, group: Group, guest: User, analyst: User
) -> None:
    for user in (guest, analyst):
        set_members(as_administrator, group.pk, user_ids=[user.pk])
    assert members(group) == {analyst.pk}


def test_what_changes_nothing_is_not_recorded(
    as_administrator: Actor, group: Group, guest: User
) -> None:
    add_members(as_administrator, group.pk, user_ids=[guest.pk])
    count = AuditLog.objects.count()
    add_members(as_administrator, group.pk, user_ids=[guest.pk])
    assert AuditLog.objects.count() == count


@pytest.mark.parametrize("user_id", [999_999, -1, 2**70])
def test_a_member_is_a_user(as_administrator: Actor, group: Group, user_id: int) -> None:
    with pytest.raises(Invalid) as refusal:
        add_members(as_administrator, group.pk, user_ids=[1, user_id])
    assert (set(refusal.value.fields), members(group)) == ({"members"}, set())


def test_a_group_is_made_and_changed_with_its_members_or_not_at_all(
    as_administrator: Actor, guest: User
) -> None:
    made = add_group(as_administrator, name="Night", user_ids=[guest.pk])
    assert members(made) == {guest.pk}
    with pytest.raises(Invalid):
        update_group(as_administrator, made.pk, name="Day", user_ids=[999_999])
    made.refresh_from_db()
    assert (made.name, members(made)) == ("Night", {guest.pk})


@pytest.mark.parametrize("change", [set_members, remove_members])
def test_the_last_administrator_stays(as_administrator: Actor, change: Change, guest: User) -> None:
    wanted = [guest.pk] if change is set_members else [1]
    User.objects.filter(pk=guest.pk).update(is_active=False)
    with pytest.raises(Conflict, match="last administrator"):
        change(as_administrator, ADMINISTRATORS, user_ids=wanted)
    assert members(Group.objects.get(pk=ADMINISTRATORS)) == {1}


def test_one_of_two_administrators_may_go(as_administrator: Actor, guest: User) -> None:
    add_members(as_administrator, ADMINISTRATORS, user_ids=[guest.pk])
    remove_members(as_administrator, ADMINISTRATORS, user_ids=[1])
    assert members(Group.objects.get(pk=ADMINISTRATORS)) == {guest.pk}


@pytest.mark.parametrize("change", [set_members, add_members, remove_members])
def test_only_administrators_change_members(
    as_analyst: Actor, as_administrator: Actor, group: Group, change: Change
) -> None:
    with pytest.raises(Forbidden):
        change(as_analyst, group.pk, user_ids=[1])
    with pytest.raises(NotFound):
        change(as_administrator, 999_999, user_ids=[1])
