"""Groups: what their members may do, and what new cases they follow."""

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
    actor: Actor, *, name: str, permissions: Permission = NO_PERMISSION, **profile: Any
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
    return group


def update_group(
    actor: Actor,
    group_id: int,
    *,
    name: str | None = None,
    permissions: Permission | None = None,
    **profile: Any,
) -> Group:
    """Change a group; None keeps its name or permissions.

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
