"""`groups/`: what users may do comes from the groups they are in; for administrators (contract §3.10, §4.7)."""

from typing import Any

from django.contrib.auth.models import Group
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.selectors import find
from soar.api.base import represent
from soar.api.cloudsoar.fields import Integer, Text
from soar.api.cloudsoar.service import PROFILES
from soar.api.cloudsoar.set_up import ADMINISTRATOR, CONFLICT, PARTLY, NothingRequired
from soar.api.cloudsoar.views import CloudSoarViewSet, endpoint
from soar.core.errors import Invalid
from soar.core.permissions import ALL_PERMISSIONS, NO_PERMISSION, Permission
from soar.core.selectors import visible_groups
from soar.core.services.groups import (
    UNKNOWN,
    add_group,
    add_members,
    delete_group,
    remove_members,
    update_group,
)

# What a profile gives a group; `permissions` says it more exactly.
GIVEN_BY = {
    "Administrator": ALL_PERMISSIONS,
    "Analyst": Permission.STANDARD_USER
    | Permission.ALERTS_READ
    | Permission.ALERTS_WRITE
    | Permission.SEARCH_ACROSS_CASES
    | Permission.CUSTOMERS_READ
    | Permission.ACTIVITIES_READ
    | Permission.API_USE
    | Permission.ENTITIES_MANAGE
    | Permission.INVESTIGATORS_MANAGE,
    "": NO_PERMISSION,
}
CODENAMES = {bit.codename: bit for bit in Permission}
MOST_MEMBERS = 10_000
EXAMPLE = {
    "id": 3,
    "name": "SOC tier 2",
    "description": "Escalations",
    "profile": "Analyst",
    "permissions": ["standard_user", "alerts_read", "api_use"],
    "members": [{"id": 12, "username": "mrossi"}],
}


class MemberOut(serializers.Serializer[Any]):
    """A member of a group."""

    id = Integer()
    username = Text(source="login")


class GroupRowOut(serializers.Serializer[Any]):
    """A group, what it gives, and who is in it."""

    id = Integer()
    name = Text()
    description = serializers.SerializerMethodField()
    profile = serializers.SerializerMethodField()
    permissions = serializers.SerializerMethodField()
    members = MemberOut(source="user_set.all", many=True)

    def get_description(self, group: Group) -> str:
        """Return what is said of it."""
        return group.profile.description if hasattr(group, "profile") else ""

    def get_profile(self, group: Group) -> str:
        """Return what its permissions amount to."""
        held = self.get_permissions(group)
        return next((name for bit, name in PROFILES if bit.codename in held), "")

    def get_permissions(self, group: Group) -> list[str]:
        """Return the codenames of what it gives."""
        held = {
            one.codename for one in group.permissions.all() if one.content_type.app_label == "core"
        }
        return [codename for codename in CODENAMES if codename in held]


class GroupIn(serializers.Serializer[Any]):
    """A new group."""

    name = Text(max_length=150)
    description = Text(required=False, max_length=1000)
    profile = serializers.ChoiceField(
        choices=[*GIVEN_BY], required=False, help_text="A usual set of permissions."
    )
    permissions = serializers.ListField(
        child=serializers.ChoiceField(choices=[*CODENAMES]),
        required=False,
        help_text="Exactly these, instead of a profile.",
    )
    members = serializers.ListField(
        source="user_ids", child=Integer(), required=False, max_length=MOST_MEMBERS
    )


class GroupChangesIn(NothingRequired, GroupIn):
    """What changes of a group; `members` are replaced as a whole."""


class MembersIn(serializers.Serializer[Any]):
    """Some users, by id."""

    members = serializers.ListField(
        source="user_ids", child=Integer(), allow_empty=False, max_length=MOST_MEMBERS
    )


class GroupViewSet(CloudSoarViewSet):
    """Groups and their members."""

    @endpoint(
        ADMINISTRATOR,
        summary="List the groups",
        gives=GroupRowOut(many=True),
        examples={"One": [EXAMPLE]},
    )
    def list(self, request: Request) -> Response:
        """Answer all of them."""
        return Response([represent(GroupRowOut, row) for row in self._rows().order_by("pk")])

    @endpoint(
        ADMINISTRATOR,
        summary="Add a group",
        takes=GroupIn,
        gives=GroupRowOut,
        code=201,
        also=CONFLICT,
        examples={"Added": EXAMPLE},
    )
    def create(self, request: Request) -> Response:
        """Answer the new group."""
        group = add_group(self.actor, **self._values(GroupIn))
        return Response(self._shown(group.pk), status=201)

    @endpoint(ADMINISTRATOR, summary="Fetch a group", gives=GroupRowOut, examples={"One": EXAMPLE})
    def retrieve(self, request: Request, group_id: int) -> Response:
        """Answer one group."""
        return Response(self._shown(group_id))

    @endpoint(
        ADMINISTRATOR,
        summary="Change a group",
        description=f"{PARTLY} `members` are replaced as a whole.",
        takes=GroupChangesIn,
        gives=GroupRowOut,
        also=CONFLICT,
        examples={"Changed": EXAMPLE},
    )
    def update(self, request: Request, group_id: int) -> Response:
        """Answer the group as it is now."""
        update_group(self.actor, group_id, **self._values(GroupChangesIn))
        return Response(self._shown(group_id))

    @endpoint(ADMINISTRATOR, summary="Delete a group", code=204, also=CONFLICT)
    def destroy(self, request: Request, group_id: int) -> Response:
        """Answer nothing; its members lose what it gave."""
        delete_group(self.actor, group_id)
        return Response(status=204)

    @endpoint(
        ADMINISTRATOR,
        summary="Add members to a group",
        takes=MembersIn,
        gives=GroupRowOut,
        also=CONFLICT,
        examples={"Added": EXAMPLE},
    )
    def add(self, request: Request, group_id: int) -> Response:
        """Answer the group as it is now."""
        add_members(self.actor, group_id, **self.read(MembersIn))
        return Response(self._shown(group_id))

    @endpoint(
        ADMINISTRATOR,
        summary="Take members out of a group",
        description='The body names them: `{"members": [12]}`.',
        takes=MembersIn,
        code=204,
        also=CONFLICT,
    )
    def remove(self, request: Request, group_id: int) -> Response:
        """Answer nothing, whether they were members or not."""
        remove_members(self.actor, group_id, **self.read(MembersIn))
        return Response(status=204)

    def _rows(self) -> QuerySet[Group]:
        rows = visible_groups(self.actor).select_related("profile")
        return rows.prefetch_related("permissions__content_type", "user_set")

    def _shown(self, group_id: int) -> dict[str, Any]:
        return represent(GroupRowOut, find(self._rows(), group_id, UNKNOWN))

    def _values(self, shape: type[GroupIn]) -> dict[str, Any]:
        """Return what a service takes: a profile is the permissions it gives."""
        values = self.read(shape)
        if {"profile", "permissions"} <= values.keys():
            raise Invalid.field("profile", "Give a profile or permissions, not both.")
        if "profile" in values:
            values["permissions"] = GIVEN_BY[values.pop("profile")]
        elif "permissions" in values:
            bits = [CODENAMES[codename] for codename in set(values["permissions"])]
            values["permissions"] = Permission(sum(bits))
        return values
