"""Users: made, changed, deactivated, deleted."""

from typing import Any

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import ProtectedError, Q

from soar.core.actor import Actor
from soar.core.errors import Conflict, Invalid, NotFound
from soar.core.history import apply_changes, is_possible_id
from soar.core.models import User
from soar.core.permissions import Permission
from soar.core.recording import recording
from soar.core.services.api_keys import issue_key
from soar.core.services.standing import refresh_standing

EDITABLE = frozenset({"login", "name", "email", "is_service_account"})
ADMINISTRATORS = "Administrators"
LAST_ADMINISTRATOR = "The last administrator cannot lose his rights"
ACTIVE = "Cannot delete active user"


def add_user(
    actor: Actor,
    *,
    login: str,
    name: str,
    email: str,
    password: str,
    is_administrator: bool = False,
    is_service_account: bool = False,
) -> tuple[User, str]:
    """Make a user without any group, and return him with his IRIS API key.

    Raise Forbidden, or Invalid for a taken login or e-mail or a weak password. A service account may
    have no password.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    user = User(login=login, name=name, email=email, is_service_account=is_service_account)
    _set_password(user, password, may_be_empty=is_service_account)
    with recording(actor) as record:
        _save(user)
        key = issue_key(user)
        if is_administrator:
            _set_administrator(user, is_administrator=True)
        after = {"login": login, "name": name, "email": email, "is_administrator": is_administrator}
        record("user.created", user, summary=f"created user {login}", after=after)
    return user, key


def update_user(
    actor: Actor,
    user_id: int,
    *,
    password: str = "",
    is_administrator: bool | None = None,
    **changes: Any,
) -> User:
    """Change a user; an empty password and None keep what is.

    Raise Forbidden, NotFound, Invalid, or Conflict when the last administrator would lose his rights.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        user = _locked(user_id)
        before, after = apply_changes(user, changes, EDITABLE)
        if password:
            _set_password(user, password)
            after["password"] = "changed"  # noqa: S105  (masked before it is stored)
        _save(user)
        if is_administrator is not None:
            _set_administrator(user, is_administrator=is_administrator)
            after["is_administrator"] = is_administrator
        summary = f"updated user {user.login}"
        record("user.updated", user, summary=summary, before=before, after=after)
    return user


def set_active(actor: Actor, user_id: int, *, active: bool) -> User:
    """Let a user in or keep him out of every door, from the next request on.

    Raise Forbidden, NotFound, or Conflict for the last administrator.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        user = _locked(user_id)
        if not active:
            _keep_one_administrator(user)
        before, after = apply_changes(user, {"is_active": active}, frozenset({"is_active"}))
        user.save(update_fields=["is_active"])
        action = "user.activated" if active else "user.deactivated"
        summary = f"{'activated' if active else 'deactivated'} user {user.login}"
        record(action, user, summary=summary, before=before, after=after)
    return user


def delete_user(actor: Actor, user_id: int) -> None:
    """Delete a deactivated user who owns nothing; his activity lines keep his login.

    Raise Forbidden, NotFound, or Conflict as long as he is active or owns anything.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        user = _locked(user_id)
        if user.is_active:
            raise Conflict(ACTIVE)
        record(
            "user.deleted", user, summary=f"deleted user {user.login}", before={"login": user.login}
        )
        try:
            user.delete()
        except ProtectedError as error:
            raise Conflict(ACTIVE) from error


def set_groups(actor: Actor, user_id: int, *, group_ids: list[int]) -> User:
    """Make a user a member of exactly these groups. Raise Forbidden, NotFound, Invalid or Conflict."""
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        user = _locked(user_id)
        groups = list(Group.objects.filter(pk__in=group_ids))
        if len(groups) != len(set(group_ids)):
            raise Invalid.field("groups", "Invalid group ID")
        before = {"groups": sorted(user.groups.values_list("pk", flat=True))}
        _keep_one_administrator(user, unless_in={group.pk for group in groups})
        user.groups.set(groups)
        _refresh(user)
        summary = f"changed groups of user {user.login}"
        after = {"groups": sorted(group_ids)}
        record("user.groups_changed", user, summary=summary, before=before, after=after)
    return user


def is_administrator(user: User) -> bool:
    """Tell whether a user holds the right to administer the server."""
    return bool(
        user.is_superuser or Permission(user.permission_mask) & Permission.SERVER_ADMINISTRATOR
    )


def _administrator_groups() -> Q:
    return Q(
        permissions__codename=Permission.SERVER_ADMINISTRATOR.codename,
        permissions__content_type__app_label="core",
    )


def _set_administrator(user: User, *, is_administrator: bool) -> None:
    if is_administrator:
        user.groups.add(Group.objects.get(name=ADMINISTRATORS))
    else:
        _keep_one_administrator(user)
        user.groups.remove(*Group.objects.filter(_administrator_groups()))
    _refresh(user)


def _refresh(user: User) -> None:
    refresh_standing([user.pk])
    user.refresh_from_db(fields=["permission_mask", "is_staff"])


def _keep_one_administrator(user: User, *, unless_in: set[int] | None = None) -> None:
    groups = set(Group.objects.filter(_administrator_groups()).values_list("pk", flat=True))
    if not user.groups.filter(pk__in=groups).exists() or groups & (unless_in or set()):
        return
    others = User.objects.filter(is_active=True, groups__in=groups).exclude(pk=user.pk)
    if not others.exists():
        raise Conflict(LAST_ADMINISTRATOR)


def _locked(user_id: int) -> User:
    # One lock for all writes to users: two administrators who demote each other must not both succeed.
    list(Group.objects.select_for_update().filter(name=ADMINISTRATORS).values_list("pk"))
    rows = User.objects.select_for_update().filter(pk=user_id)
    user = rows.first() if is_possible_id(user_id) else None
    if user is None:
        raise NotFound("Invalid user ID")
    return user


def _set_password(user: User, password: str, *, may_be_empty: bool = False) -> None:
    if not password and may_be_empty:
        user.set_unusable_password()
        return
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid("Data error", {"password": error.messages}) from error
    user.set_password(password)


def _save(user: User) -> None:
    others = User.objects.exclude(pk=user.pk)
    if others.filter(login__iexact=user.login).exists():
        raise Invalid.field("login", "User name already taken")
    if others.filter(email__iexact=user.email).exists():
        raise Invalid.field("email", "User email already taken")
    try:
        user.save()
    except IntegrityError as error:  # another writer took it between the look and the save
        if "user_email_unique" in str(error):
            raise Invalid.field("email", "User email already taken") from error
        raise Invalid.field("login", "User name already taken") from error
