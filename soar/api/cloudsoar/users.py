"""`users/`: who works here (contract §4.7)."""

from typing import Any

from django.db.models import Q
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.selectors import find
from soar.api.base import represent
from soar.api.cloudsoar.fields import Text
from soar.api.cloudsoar.filters import NUMBER
from soar.api.cloudsoar.service import WHOAMI_EXAMPLE, UserOut
from soar.api.cloudsoar.views import ANY_TOKEN, CloudSoarViewSet, endpoint
from soar.core.models import User
from soar.core.selectors import visible_users

UNKNOWN = "There is no such user."
EXAMPLE = {
    name: value for name, value in WHOAMI_EXAMPLE.items() if name not in ("capabilities", "token")
}


class UserRowOut(UserOut):
    """A user; his e-mail address is shown to himself and to administrators."""

    email = serializers.EmailField(allow_null=True)


class UsersIn(serializers.Serializer[Any]):
    """Which users to list."""

    active = serializers.BooleanField(required=False, allow_null=True)
    group = Text(required=False, max_length=200, help_text="The id or the name of a group.")


class UserViewSet(CloudSoarViewSet):
    """Users."""

    @endpoint(
        ANY_TOKEN,
        summary="List the users",
        query=UsersIn,
        gives=UserRowOut(many=True),
        examples={"One": [EXAMPLE]},
    )
    def list(self, request: Request) -> Response:
        """Answer those that are asked for."""
        asked = self.query(UsersIn)
        rows = visible_users(self.actor).prefetch_related("groups")
        if asked.get("active") is not None:
            rows = rows.filter(is_active=asked["active"])
        if asked.get("group"):
            rows = rows.filter(_in_group(asked["group"])).distinct()
        return Response([self._shown(row) for row in rows])

    @endpoint(ANY_TOKEN, summary="Fetch a user", gives=UserRowOut, examples={"One": EXAMPLE})
    def retrieve(self, request: Request, user_id: int) -> Response:
        """Answer one user."""
        rows = visible_users(self.actor).prefetch_related("groups")
        return Response(self._shown(find(rows, user_id, UNKNOWN)))

    def _shown(self, user: User) -> dict[str, Any]:
        shown = represent(UserRowOut, user)
        may_write_to = self.actor.is_administrator or user.pk == self.actor.user_id
        return shown if may_write_to else shown | {"email": None}


def _in_group(group: str) -> Q:
    named = Q(groups__name__iexact=group)
    return named | Q(groups=int(group)) if NUMBER.fullmatch(group) else named
