"""The API token: who calls and what he may, in one query; then the note that the token was used."""

import base64
import hmac
import uuid
from typing import Any

from django.conf import settings
from django.db.models import Case as Choice
from django.db.models import IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Now
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from soar.api.cloudsoar.mounts import CURRENT, mount_of
from soar.core import throttling
from soar.core.actor import Actor
from soar.core.compiled import CompiledQuery
from soar.core.middleware import client_address
from soar.core.models import ApiToken
from soar.core.permissions import ALL_PERMISSIONS, Permission
from soar.core.services.api_tokens import USE_NOTED_EVERY, note_use
from soar.core.token_texts import Claims, claims_of

CHANNEL = "cloudsoar"
BEARER_SCHEME, BASIC_SCHEME = "api_token", "access_id_and_key"


def _caller(jti: uuid.UUID) -> QuerySet[Any, Any]:
    unnoted = Q(last_used_at=None) | Q(last_used_at__lt=Now() - USE_NOTED_EVERY)
    is_due = Choice(When(unnoted, then=Value(1)), default=Value(0), output_field=IntegerField())
    rows = ApiToken.objects.filter(jti=jti, revoked_at=None, user__is_active=True).order_by()
    return rows.annotate(is_due=is_due).values_list(
        "pk",
        "user_id",
        "user__login",
        "user__name",
        "user__permission_mask",
        "user__is_superuser",
        "is_due",
    )


_CALLER = CompiledQuery(_caller, jti=uuid.UUID)


class TokenAuthentication(BaseAuthentication):
    """Authenticate by token: `Authorization: Bearer TOKEN`, or Basic with its JTI and itself.

    Sets `request.auth` to the id of the token's row. Query strings, sessions and cookies are never
    looked at, so no cross-site request can act here (SEC-29).
    """

    def authenticate(self, request: Request) -> tuple[Any, int]:
        """Return the Actor, or raise NotAuthenticated; too many wrong tokens raise Throttled."""
        header = request.META.get("HTTP_AUTHORIZATION", "").strip()
        if not header:
            raise exceptions.NotAuthenticated()
        address = client_address(request._request)
        claims = _presented(header, mount_of(request._request.path_info))
        row = _CALLER.first(jti=claims.jti) if claims is not None else None
        if row is None or claims is None or row[1] != claims.user_id:
            wait = throttling.note_bad_key(address, settings.SOAR_BEARER_FAILURES)
            if wait:
                raise exceptions.Throttled(wait=wait)
            raise exceptions.NotAuthenticated()
        token_id, user_id, login, name, mask, superuser, is_due = row
        if is_due:
            note_use(token_id, address)
        permissions = ALL_PERMISSIONS if superuser else Permission(mask)
        request_id = getattr(request._request, "request_id", "")
        return Actor(user_id, login, name, permissions, CHANNEL, request_id, address), token_id

    def authenticate_header(self, request: Request) -> str:
        """Return the scheme of the challenge; the error shape has the whole of it."""
        return "Bearer"


def _presented(header: str, mount: str) -> Claims | None:
    """Return what the credentials of a header claim, or None for any that do not open this mount."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return claims_of(rest.strip())
    if scheme.lower() == "basic" and mount == CURRENT:
        return _of_basic(rest.strip())
    return None


def _of_basic(text: str) -> Claims | None:
    """Return the claims of a pair of access id and access key: a token's JTI, and the token."""
    try:
        access_id, _, access_key = base64.b64decode(text, validate=True).decode().partition(":")
    except ValueError:
        return None
    claims = claims_of(access_key)
    if claims is None or not hmac.compare_digest(access_id.encode(), str(claims.jti).encode()):
        return None
    return claims


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tell the OpenAPI document of both ways to present a token."""

    target_class = TokenAuthentication
    name = [BEARER_SCHEME, BASIC_SCHEME]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        """Return the schemes."""
        bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        return [
            bearer | {"description": "API token of a user"},
            {
                "type": "http",
                "scheme": "basic",
                "description": "Access id (the JTI of a token) and access key (the token)",
            },
        ]
