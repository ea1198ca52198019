"""Groups: what their members may do, and what new cases they follow."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.auth.models import Permission as DjangoPermission
from django.db import IntegrityError
from django.db.models import Q

from soar.core.actor import Actor
from soar.core.errors import Conflict, Invalid, NotFound
from soar.core.history import apply_changes, is_possible_id
from soar.core.models import GroupProfile, User
from soar.core.permissions import NO_PERMISSION, AccessLevel, Permission
from soar.core.recording import recording
from soar.core.services.standing import refresh_standing
from soar.core.services.users import ADMINISTRATORS, LAST_ADMINISTRATOR

PROFILE_EDITABLE = frozenset({"description", "auto_follow", "auto_follow_access_level"})
NAME_LENGTH = 150
NAME_TAKEN = "Group already exists"
UNKNOWN = "Invalid group ID"


def add_group(
    actor: Actor,
    *,
    name: str,
    permissions: Permission = NO_PERMISSION,
    user_ids: list[int] | None = None,
    **profile: Any,
) -> Group:
    """Make a group whose members hold the permissions. Raise Forbidden, or Invalid for a taken name."""
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        group = Group(name=name)
        _save(group)
        _give(group, permissions)
        row = GroupProfile(group=group)
        _, after = _describe(row, profile)
        after |= {"name": name, "permissions": int(permissions)}
        record("group.created", group, summary=f"added group {name}", after=after)
        if user_ids is not None:
            set_members(actor, group.pk, user_ids=user_ids)
    return group


def update_group(
    actor: Actor,
    group_id: int,
    *,
    name: str | None = None,
    permissions: Permission | None = None,
    user_ids: list[int] | None = None,
    **profile: Any,
) -> Group:
    """Change a group; None keeps its name, permissions or members.

    Raise Forbidden, NotFound, Invalid, or Conflict when nobody could administer the server any more.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        group = _locked(group_id)
        changed, _ = GroupProfile.objects.get_or_create(group=group)
        before, after = _describe(changed, profile)
        if name is not None and name != group.name:
            if group.name == ADMINISTRATORS:
                raise Conflict("The group of administrators keeps its name")
            before["name"], after["name"] = group.name, name
            group.name = name
            _save(group)
        if permissions is not None:
            old = mask_of_group(group)
            if Permission.SERVER_ADMINISTRATOR in old & ~permissions:
                _keep_one_administrator(group)
            before["permissions"], after["permissions"] = int(old), int(permissions)
            _give(group, permissions)
            refresh_standing(group.user_set.values_list("pk", flat=True))
        summary = f"updated group {group.name}"
        record("group.updated", group, summary=summary, before=before, after=after)
        if user_ids is not None:
            set_members(actor, group_id, user_ids=user_ids)
    return group


def delete_group(actor: Actor, group_id: int) -> None:
    """Delete a group with the access it gave to cases.

    Raise Forbidden, NotFound, or Conflict when nobody could administer the server any more.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        group = _locked(group_id)
        if group.name == ADMINISTRATORS:
            raise Conflict("The group of administrators cannot be deleted")
        if Permission.SERVER_ADMINISTRATOR in mask_of_group(group):
            _keep_one_administrator(group)
        members = list(group.user_set.values_list("pk", flat=True))
        before = {"name": group.name, "members": members}
        record("group.deleted", group, summary=f"deleted group {group.name}", before=before)
        group.delete()
        refresh_standing(members)


def set_members(actor: Actor, group_id: int, *, user_ids: list[int]) -> Group:
    """Make exactly these users the members of a group. Raise as add_members, and Conflict as remove_members."""
    return _change_members(actor, group_id, lambda members: set(user_ids))


def add_members(actor: Actor, group_id: int, *, user_ids: list[int]) -> Group:
    """Make users members of a group, whether they were or not. Raise Forbidden, NotFound or Invalid."""
    return _change_members(actor, group_id, lambda members: members | set(user_ids))


def remove_members(actor: Actor, group_id: int, *, user_ids: list[int]) -> Group:
    """Take users out of a group, whether they were in it or not.

    Raise Forbidden, NotFound, or Conflict when nobody could administer the server any more.
    """
    return _change_members(actor, group_id, lambda members: members - set(user_ids))


def _change_members(actor: Actor, group_id: int, change: Callable[[set[int]], set[int]]) -> Group:
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        group = _locked(group_id)
        before = set(group.user_set.values_list("pk", flat=True))
        after = change(before)
        possible = [pk for pk in after - before if is_possible_id(pk)]
        found = set(User.objects.filter(pk__in=possible).values_list("pk", flat=True))
        if after - before != found:
            raise Invalid.field("members", "There is no such user.")
        if after == before:
            return group
        group.user_set.set(after)
        gives_rights = Permission.SERVER_ADMINISTRATOR in mask_of_group(group)
        if gives_rights and before - after and not _is_administered():
            raise Conflict(LAST_ADMINISTRATOR)
        refresh_standing(before ^ after)
        record(
            "group.members_changed",
            group,
            summary=f"changed members of group {group.name}",
            before={"members": sorted(before)},
            after={"members": sorted(after)},
        )
    return group


def _is_administered() -> bool:
    """Tell whether anybody active holds the right to administer the server through a group."""
    held = Q(
        groups__permissions__codename=Permission.SERVER_ADMINISTRATOR.codename,
        groups__permissions__content_type__app_label="core",
    )
    return User.objects.filter(held, is_active=True).exists()


def mask_of_group(group: Group) -> Permission:
    """Return which permissions of the table a group gives."""
    held = set(
        group.permissions.filter(content_type__app_label="core").values_list("codename", flat=True)
    )
    mask = NO_PERMISSION
    for bit in Permission:
        if bit.codename in held:
            mask |= bit
    return mask


def _give(group: Group, permissions: Permission) -> None:
    codenames = [bit.codename for bit in Permission if bit in permissions]
    rows = DjangoPermission.objects.filter(content_type__app_label="core", codename__in=codenames)
    group.permissions.set(rows)


def _describe(row: GroupProfile, profile: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    if profile.get("auto_follow_access_level", 0) not in {0, *AccessLevel}:
        raise Invalid.field("auto_follow_access_level", "Invalid access level")
    changes = apply_changes(row, profile, PROFILE_EDITABLE)
    row.save()
    return changes


def _save(group: Group) -> None:
    if not group.name.strip() or len(group.name) > NAME_LENGTH:
        raise Invalid.field("name", f"A name has 1 to {NAME_LENGTH} characters")
    if Group.objects.filter(name__iexact=group.name).exclude(pk=group.pk).exists():
        raise Invalid.field("name", NAME_TAKEN)
    try:
        group.save()
    except IntegrityError as error:  # another writer took it between the look and the save
        raise Invalid.field("name", NAME_TAKEN) from error


def _keep_one_administrator(group: Group) -> None:
    elsewhere = Q(
        groups__permissions__codename=Permission.SERVER_ADMINISTRATOR.codename,
        groups__permissions__content_type__app_label="core",
    )
    others = Group.objects.exclude(pk=group.pk)
    if not User.objects.filter(elsewhere, is_active=True, groups__in=others).exists():
        raise Conflict(LAST_ADMINISTRATOR)


def _locked(group_id: int) -> Group:
    # The same lock as all writes to users: see soar.core.services.users.
    list(Group.objects.select_for_update().filter(name=ADMINISTRATORS).values_list("pk"))
    rows = Group.objects.select_for_update().filter(pk=group_id)
    group = rows.first() if is_possible_id(group_id) else None
    if group is None:
        raise NotFound(UNKNOWN)
    return group
