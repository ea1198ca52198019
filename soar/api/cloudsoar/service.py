"""What scripts ask first: version, health, the document of this API, and who they are (contract §4.1)."""

from typing import Any, cast

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from soar.api.base import encoded
from soar.api.cloudsoar.fields import Integer, Moment, Text
from soar.api.cloudsoar.mounts import mount_of
from soar.api.cloudsoar.openapi import document
from soar.api.cloudsoar.views import ANY_TOKEN, PUBLIC, CloudSoarViewSet, endpoint
from soar.core.actor import Actor
from soar.core.compiled import CompiledRows
from soar.core.errors import NotFound
from soar.core.health import CHECKS, OK
from soar.core.permissions import CAPABILITIES, Permission
from soar.core.selectors import visible_api_tokens

CHECKED = ("database", "broker", "worker")
# A user's profile is what his permissions amount to; the first that applies.
PROFILES = (
    (Permission.SERVER_ADMINISTRATOR, "Administrator"),
    (Permission.STANDARD_USER, "Analyst"),
)
VERSION_EXAMPLE = {
    "name": "Watchfloor",
    "version": settings.VERSION,
    "api_version": "v3",
    "api_base": "/incmansuite_ng/api/v3",
}
HEALTH_EXAMPLE = {
    "status": "ok",
    "checks": {"database": "ok", "broker": "ok", "worker": "ok"},
}
WHOAMI_EXAMPLE = {
    "id": 12,
    "username": "mrossi",
    "first_name": "Marta",
    "last_name": "Rossi",
    "email": "mrossi@example.org",
    "is_active": True,
    "groups": [{"id": 3, "name": "SOC tier 2"}],
    "profile": "Analyst",
    "capabilities": ["cloudSoarIncidentView", "cloudSoarIncidentEdit", "cloudSoarAPIUse"],
    "token": {
        "jti": "0b7d5c1e-3b1a-4c57-9d0e-0f6a3c1d9a11",
        "created_at": "2025-01-01T00:00:00Z",
        "expires_at": None,
        "last_used_at": "2025-03-04T09:12:44Z",
    },
}


class VersionOut(serializers.Serializer[Any]):
    """What runs here."""

    name = serializers.CharField()
    version = serializers.CharField()
    api_version = serializers.CharField()
    api_base = serializers.CharField(help_text="The prefix the request came in by.")


class HealthChecksOut(serializers.Serializer[Any]):
    """The parts, each ok or failed."""

    database = serializers.ChoiceField(choices=["ok", "failed"])
    broker = serializers.ChoiceField(choices=["ok", "failed"])
    worker = serializers.ChoiceField(choices=["ok", "failed"])


class HealthOut(serializers.Serializer[Any]):
    """Whether everything works."""

    status = serializers.ChoiceField(choices=["ok", "degraded"])
    checks = HealthChecksOut()


class GroupOut(serializers.Serializer[Any]):
    """A group a user is in."""

    id = Integer()
    name = Text()


class TokenOut(serializers.Serializer[Any]):
    """The token of the request."""

    jti = serializers.UUIDField()
    created_at = Moment()
    expires_at = Moment(allow_null=True)
    last_used_at = Moment(allow_null=True)


TOKEN_FIELDS = tuple(TokenOut().fields)


class UserOut(serializers.Serializer[Any]):
    """A user, as he may see himself."""

    id = Integer()
    username = Text(source="login")
    first_name = serializers.SerializerMethodField()
    last_name = serializers.SerializerMethodField()
    email = serializers.EmailField()
    is_active = serializers.BooleanField()
    groups = GroupOut(source="groups.all", many=True)
    profile = serializers.SerializerMethodField()

    def get_first_name(self, user: Any) -> str:
        """Return all but the last word of his name."""
        return str(user.name).rpartition(" ")[0] or str(user.name)

    def get_last_name(self, user: Any) -> str:
        """Return the last of several words of his name."""
        first, _, last = str(user.name).rpartition(" ")
        return last if first else ""

    def get_profile(self, user: Any) -> str:
        """Return what his permissions amount to."""
        held = Permission(user.permission_mask)
        return next((name for bit, name in PROFILES if bit in held or user.is_superuser), "")


class WhoAmIOut(UserOut):
    """The caller, what he may, and his token."""

    capabilities = serializers.ListField(child=serializers.CharField(), read_only=True)
    token = TokenOut(read_only=True)


def _token(actor: Actor, token: int) -> QuerySet[Any, Any]:
    user = ("user__login", "user__name", "user__email", "user__is_active")
    row = ("jti", "created_at", "expires_at", "last_used_at")
    group = ("user__groups__id", "user__groups__name")
    rows = visible_api_tokens(actor).filter(pk=token).order_by("user__groups__id")
    return rows.values_list(*user, *row, *group)


_TOKEN = CompiledRows(_token, token=int)  # a row for each group, one without any for none


def _shown(actor: Actor, token_id: int) -> dict[str, Any]:
    """Return the caller as WhoAmIOut shows him, times as moments: what scripts ask all the time (bench/)."""
    rows = _TOKEN.rows(actor=actor, token=token_id)
    login, name, email, is_active, *token = rows[0][:-2]
    first, _, last = name.rpartition(" ")
    held = [names for bit, names in CAPABILITIES.items() if bit in actor.permissions]
    groups = [row[-2:] for row in rows if row[-2] is not None]
    return {
        "id": actor.user_id,
        "username": login,
        "first_name": first or name,
        "last_name": last if first else "",
        "email": email,
        "is_active": is_active,
        "groups": [{"id": pk, "name": group} for pk, group in groups],
        "profile": next((name for bit, name in PROFILES if bit in actor.permissions), ""),
        "capabilities": [name for names in held for name in names],
        "token": dict(zip(TOKEN_FIELDS, token, strict=True)),
    }


class ServiceViewSet(CloudSoarViewSet):
    """About this server and the caller."""

    @endpoint(
        PUBLIC,
        summary="Tell what runs here",
        gives=VersionOut,
        examples={"This version": VERSION_EXAMPLE},
    )
    def version(self, request: Request) -> Response:
        """Answer name and version."""
        body = {
            "name": settings.SPECTACULAR_SETTINGS["TITLE"],
            "version": settings.VERSION,
            "api_version": "v3",
            "api_base": mount_of(request.path_info).rstrip("/"),
        }
        return Response(body)

    @endpoint(
        PUBLIC,
        summary="Tell whether everything works",
        gives=HealthOut,
        also={503: HealthOut},
        examples={"All is well": HEALTH_EXAMPLE},
    )
    def health(self, request: Request) -> Response:
        """Answer what works, in no more words than that."""
        checks = {name: OK if CHECKS[name]() == OK else "failed" for name in CHECKED}
        is_well = set(checks.values()) == {OK}
        body = {"status": OK if is_well else "degraded", "checks": checks}
        answer = Response(body, status=200 if is_well else 503)
        answer._has_been_logged = True  # type: ignore[attr-defined]  # probes come every second
        return answer

    @endpoint(
        ANY_TOKEN, summary="Fetch the OpenAPI document of this API", gives=OpenApiTypes.OBJECT
    )
    def openapi(self, request: Request) -> Response:
        """Answer the document, with the paths of the prefix the request came in by."""
        return Response(document(mount_of(request.path_info)))

    @endpoint(PUBLIC, summary="Fetch the document, for its page", is_documented=False)
    def public_document(self, request: Request) -> Response:
        """Answer the document that the page of the documentation shows."""
        return Response(document(mount_of(request.path_info)))

    @endpoint(
        ANY_TOKEN,
        summary="Tell who the caller is",
        gives=WhoAmIOut,
        examples={"An analyst": WHOAMI_EXAMPLE},
    )
    def whoami(self, request: Request) -> Response:
        """Answer the caller, his capabilities and his token."""
        return Response(encoded(_shown(self.actor, cast(int, request.auth))))


class UnknownViewSet(CloudSoarViewSet):
    """Everything below a mount that is not served: to callers without a token like what is."""

    @endpoint(ANY_TOKEN, summary="Answer for what is not served", is_documented=False)
    def refuse(self, request: Request, endpoint: str = "") -> Response:
        """Answer 404."""
        raise NotFound(endpoint)
