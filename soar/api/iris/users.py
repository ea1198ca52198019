"""`/manage/users/*` and `/user/*`: users, and the caller himself."""

from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Prefetch, QuerySet
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from cases.models import CustomerMembership, UserCaseAccess
from cases.selectors import find
from soar.api.base import represent
from soar.api.iris.envelope import failure, success
from soar.api.iris.fields import Always, Boolean, Integer, Text, case_title
from soar.api.iris.shapes import Empty
from soar.api.iris.views import ANY_KEY, IrisViewSet, endpoint, needs
from soar.core.errors import NotFound
from soar.core.models import User
from soar.core.permissions import IRIS_PERMISSIONS, AccessLevel, Permission
from soar.core.selectors import visible_users
from soar.core.services import api_keys
from soar.core.services import users as services

ADMINISTRATOR = needs(Permission.SERVER_ADMINISTRATOR)
UNKNOWN = "Invalid user ID"
# v1.0.2 knew three roles; each is a permission today (contract §5).
ROLES = ((1, "administrator"), (2, "investigator"), (3, "viewer"))


class RoleOut(serializers.Serializer[Any]):
    """A role of v1.0.2."""

    role_id = serializers.IntegerField()
    role_name = serializers.CharField()


class UserRow(serializers.Serializer[Any]):
    """A user in the administrators' list."""

    user_id = Integer(source="id")
    user_uuid = serializers.UUIDField(source="uuid")
    user_name = Text(source="name")
    user_login = Text(source="login")
    user_email = Text(source="email")
    user_active = Boolean(source="is_active")
    user_is_service_account = Boolean(source="is_service_account")
    user_roles = serializers.SerializerMethodField()

    def get_user_roles(self, user: User) -> list[dict[str, Any]]:
        """Return the v1 roles his permissions amount to."""
        mask = mask_of(user)
        held = [role for role in ROLES if role[0] == 3]
        if mask & Permission.STANDARD_USER:
            held.insert(0, ROLES[1])
        if mask & Permission.SERVER_ADMINISTRATOR:
            held.insert(0, ROLES[0])
        return [{"role_id": pk, "role_name": name} for pk, name in held]


class UserDetailsOut(UserRow):
    """A fetched user: roles for v1 clients, groups and permissions for v2 clients."""

    user_groups = serializers.SerializerMethodField()
    user_organisations = serializers.SerializerMethodField()
    user_permissions = serializers.SerializerMethodField()
    user_cases_access = serializers.SerializerMethodField()
    user_customers = serializers.SerializerMethodField()

    def get_user_groups(self, user: User) -> list[dict[str, Any]]:
        """Return his groups."""
        return [
            {"group_id": g.pk, "group_name": g.name, "group_uuid": str(g.profile.uuid)}
            for g in user.groups.all()
        ]

    def get_user_organisations(self, user: User) -> list[Any]:
        """Return []: an installation is one organisation."""
        return []

    def get_user_permissions(self, user: User) -> dict[str, Any]:
        """Return the bits he holds with the groups they come from."""
        held: dict[str, Any] = {}
        for group in user.groups.all():
            for bit in bits_of(group):
                entry = {"name": bit.codename, "value": int(bit), "inherited_from": []}
                held.setdefault(str(int(bit)), entry)["inherited_from"].append(group.name)
        return held

    def get_user_cases_access(self, user: User) -> list[dict[str, Any]]:
        """Return the levels given to him case by case."""
        return [
            {
                "case_id": access.case_id,
                "case_name": case_title(access.case),
                "access_level": access.level,
                "access_level_list": [
                    {"name": AccessLevel(access.level).name.lower(), "value": access.level}
                ],
            }
            for access in user.case_access.all()
        ]

    def get_user_customers(self, user: User) -> list[dict[str, Any]]:
        """Return the customers he is a member of."""
        return [
            {
                "customer_id": row.customer_id,
                "customer_name": row.customer.name,
                "client_uuid": str(row.customer.uuid),
            }
            for row in user.customer_memberships.all()
        ]


class WrittenUserOut(serializers.Serializer[Any]):
    """A user that was written; never with his password hash."""

    id = Integer()
    user_id = Integer(source="id")
    uuid = serializers.UUIDField()
    user_name = Text(source="name")
    user_login = Text(source="login")
    user_email = Text(source="email")
    active = Boolean(source="is_active")
    user_is_service_account = Boolean(source="is_service_account")
    has_deletion_confirmation = Always(False)
    has_mini_sidebar = Always(False)
    in_dark_mode = Always(None)
    external_id = Always(None)
    user_isadmin = serializers.SerializerMethodField()

    def get_user_isadmin(self, user: User) -> bool:
        """Tell whether he may administer the server."""
        return services.is_administrator(user)


class NewUserOut(WrittenUserOut):
    """A new user with his key, which is shown to whoever made him."""

    user_api_key = serializers.CharField()


class RenewedKeyOut(serializers.Serializer[Any]):
    """A user with his new key."""

    id = Integer()
    uuid = serializers.UUIDField()
    user = Text(source="login")
    name = Text()
    email = Text()
    active = Boolean(source="is_active")
    is_service_account = Boolean()
    api_key = serializers.CharField()


class LookupOut(serializers.Serializer[Any]):
    """What colleagues may know of a user."""

    user_id = Integer(source="id")
    user_uuid = serializers.UUIDField(source="uuid")
    user_login = Text(source="login")
    user_name = Text(source="name")
    user_active = Boolean(source="is_active")


class LoginLookupOut(LookupOut):
    """The same with the e-mail address."""

    user_email = Text(source="email")


class UserIn(serializers.Serializer[Any]):
    """A new user."""

    user_name = Text(source="name", min_length=1, max_length=200)
    user_login = Text(source="login", min_length=1, max_length=150)
    user_email = Text(source="email", min_length=1, max_length=254)
    user_password = Text(source="password", required=False, allow_null=True)
    user_isadmin = Boolean(source="is_administrator", required=False)
    user_is_service_account = Boolean(source="is_service_account", required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for a password unless it is a service account."""
        if attrs.get("password") is None:
            if not attrs.get("is_service_account"):
                raise serializers.ValidationError(
                    {"user_password": ["Missing data for required field."]}
                )
            attrs["password"] = ""
        return attrs


class UserChangesIn(serializers.Serializer[Any]):
    """What changes of a user; null and an empty password keep what is."""

    user_name = Text(source="name", min_length=1, max_length=200, required=False, allow_null=True)
    user_login = Text(source="login", min_length=1, max_length=150, required=False, allow_null=True)
    user_email = Text(source="email", min_length=1, max_length=254, required=False, allow_null=True)
    user_password = Text(source="password", required=False, allow_null=True)
    user_isadmin = Boolean(source="is_administrator", required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Drop what is null."""
        return {name: value for name, value in attrs.items() if value is not None}


def mask_of(user: User) -> Permission:
    """Return the permissions of a user whose groups were prefetched."""
    mask = Permission(0)
    for group in user.groups.all():
        for bit in bits_of(group):
            mask |= bit
    return mask


def bits_of(group: Group) -> list[Permission]:
    """Return the bits IRIS knows of those a group with prefetched permissions holds."""
    held = {permission.codename for permission in group.permissions.all()}
    return [bit for bit in IRIS_PERMISSIONS if bit.codename in held]


class UserViewSet(IrisViewSet):
    """Users, for administrators; who they are, for everyone."""

    @endpoint(ADMINISTRATOR, summary="List the users", gives=UserRow, many=True)
    def list(self, request: Request) -> Response:
        """Answer all users."""
        rows = visible_users(self.actor).prefetch_related("groups__permissions").order_by("id")
        return success(data=UserRow(rows, many=True).data)

    @endpoint(ADMINISTRATOR, summary="Fetch a user", gives=UserDetailsOut)
    def retrieve(self, request: Request, user_id: int) -> Response:
        """Answer one user with all he may do."""
        rows: QuerySet[User] = visible_users(self.actor).prefetch_related(
            "groups__permissions",
            "groups__profile",
            Prefetch("case_access", UserCaseAccess.objects.select_related("case")),
            Prefetch("customer_memberships", CustomerMembership.objects.select_related("customer")),
        )
        return success(data=represent(UserDetailsOut, find(rows, user_id, UNKNOWN)))

    @endpoint(ADMINISTRATOR, summary="Add a user", takes=UserIn, gives=NewUserOut)
    def add(self, request: Request) -> Response:
        """Make a user and show his key."""
        user, key = services.add_user(self.actor, **self.read(UserIn))
        return success("user created", represent(WrittenUserOut, user) | {"user_api_key": key})

    @endpoint(ADMINISTRATOR, summary="Update a user", takes=UserChangesIn, gives=WrittenUserOut)
    def update(self, request: Request, user_id: int) -> Response:
        """Change a user."""
        user = services.update_user(self.actor, user_id, **self.read(UserChangesIn))
        return success("User updated", represent(WrittenUserOut, user))

    @endpoint(ADMINISTRATOR, summary="Delete a user", takes=Empty)
    def delete(self, request: Request, user_id: int) -> Response:
        """Delete a user."""
        services.delete_user(self.actor, user_id)
        return success(f"Deleted user ID {user_id}")

    @endpoint(ADMINISTRATOR, summary="Deactivate a user", takes=Empty, gives=WrittenUserOut)
    def deactivate(self, request: Request, user_id: int) -> Response:
        """Keep a user out."""
        user = services.set_active(self.actor, user_id, active=False)
        return success("User deactivated", represent(WrittenUserOut, user))

    @endpoint(ADMINISTRATOR, summary="Activate a user", takes=Empty, gives=WrittenUserOut)
    def activate(self, request: Request, user_id: int) -> Response:
        """Let a user in."""
        user = services.set_active(self.actor, user_id, active=True)
        return success("User activated", represent(WrittenUserOut, user))

    @endpoint(ANY_KEY, summary="Renew a user's API key", takes=Empty, gives=RenewedKeyOut)
    def renew_key(self, request: Request, user_id: int) -> Response:
        """Replace a user's key and show it; the service admits administrators and records who else tried."""
        key = api_keys.renew_key_as_administrator(self.actor, user_id)
        user = find(visible_users(self.actor), user_id, UNKNOWN)
        data = represent(RenewedKeyOut, {**_fields(user), "api_key": key})
        return success(f"API key of user {user.login} renewed", data)

    @endpoint(ANY_KEY, summary="Find a user by login", gives=LoginLookupOut)
    def lookup_login(self, request: Request, login: str) -> Response:
        """Answer who has a login."""
        user = None if "\x00" in login else visible_users(self.actor).filter(login=login).first()
        if user is None:
            raise NotFound("Invalid login")
        return success(data=represent(LoginLookupOut, user))

    @endpoint(ANY_KEY, summary="Find a user by id", gives=LookupOut)
    def lookup_id(self, request: Request, user_id: int) -> Response:
        """Answer who has an id."""
        return success(data=LookupOut(find(visible_users(self.actor), user_id, UNKNOWN)).data)

    @endpoint(ANY_KEY, summary="List who can be given work", gives=LookupOut, many=True)
    def restricted(self, request: Request) -> Response:
        """Answer all users with what colleagues may know."""
        return success(data=LookupOut(visible_users(self.actor).order_by("id"), many=True).data)


class OwnUserViewSet(IrisViewSet):
    """The caller himself."""

    @endpoint(ANY_KEY, summary="Tell whether the caller is an administrator")
    def is_admin(self, request: Request) -> Response:
        """Answer success to administrators, 403 to others."""
        if not self.actor.is_administrator:
            return failure("User is not administrator", code=status.HTTP_403_FORBIDDEN)
        return success("User is administrator")

    @endpoint(ANY_KEY, summary="Renew the caller's own API key")
    def renew_key(self, request: Request) -> Response:
        """Replace his key; the new one is shown in his settings, not here (contract §1.1)."""
        api_keys.renew_key(self.actor, self.actor.user_id)
        return success("Token renewed")


def _fields(user: User) -> dict[str, Any]:
    names = ("id", "uuid", "login", "name", "email", "is_active", "is_service_account")
    return {name: getattr(user, name) for name in names}
