"""The IRIS key: who calls, what he may, and how far in the case at hand, in one query."""

from typing import Any

from django.conf import settings
from django.db.models import F, OuterRef, QuerySet, Subquery
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from cases.models import Case
from cases.permissions import level_expression
from soar.core import throttling
from soar.core.actor import Actor
from soar.core.compiled import CompiledQuery
from soar.core.history import is_possible_id
from soar.core.middleware import client_address
from soar.core.models import IrisApiKey
from soar.core.permissions import ALL_PERMISSIONS, AccessLevel, Permission
from soar.core.services.api_keys import hash_of_key

CHANNEL = "iris"
CALLER = ("user_id", "user__login", "user__name", "user__permission_mask", "user__is_superuser")
NO_RECORD = 0  # no level was ever recorded: the administrator rule decides


def _callers(key_hash: str) -> QuerySet[Any]:
    return IrisApiKey.objects.filter(key_hash=key_hash, user__is_active=True)


def _caller(key_hash: str) -> QuerySet[Any, Any]:
    return _callers(key_hash).values_list(*CALLER)


def _caller_in_case(key_hash: str, case: int) -> QuerySet[Any, Any]:
    level = level_expression(OuterRef("user_id"), F("pk"), F("customer_id"), NO_RECORD)
    cases = Case.objects.filter(pk=case).order_by().annotate(level=level)
    rows = _callers(key_hash).annotate(level=Subquery(cases.values("level")))
    return rows.values_list(*CALLER, "level")


_CALLER = CompiledQuery(_caller, key_hash=str)
_CALLER_IN_CASE = CompiledQuery(_caller_in_case, key_hash=str, case=int)


class IrisKeyAuthentication(BaseAuthentication):
    """Authenticate by API key: `Authorization: Bearer KEY`, the bare key, or `X-IRIS-AUTH: KEY`.

    Sets `request.case_level`, the caller's level on the case of the view's context. Sessions and
    cookies are never looked at, so no cross-site request can act here (SEC-29).
    """

    def authenticate(self, request: Request) -> tuple[Any, None]:
        """Return the Actor, or raise NotAuthenticated; too many wrong keys raise Throttled."""
        address = client_address(request._request)
        key = presented_key(request)
        if not key:
            raise exceptions.NotAuthenticated()
        case_id = getattr(request.parser_context.get("view"), "context_case_id", None)
        row = _find(hash_of_key(key), case_id)
        if row is None:
            wait = throttling.note_bad_key(address, settings.SOAR_BEARER_FAILURES)
            if wait:
                raise exceptions.Throttled(wait=wait)
            raise exceptions.NotAuthenticated()
        user_id, login, name, mask, superuser, level = row
        permissions = ALL_PERMISSIONS if superuser else Permission(mask)
        request_id = getattr(request._request, "request_id", "")
        actor = Actor(user_id, login, name, permissions, CHANNEL, request_id, address)
        request.case_level = _effective(actor, level)  # type: ignore[attr-defined]
        return actor, None

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401."""
        return "Bearer"


def presented_key(request: Request) -> str:
    """Return the key a request carries, or ""."""
    header = request.META.get("HTTP_AUTHORIZATION", "").strip()
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if header and not rest:
        return header
    return str(request.META.get("HTTP_X_IRIS_AUTH", "")).strip()


def _find(key_hash: str, case_id: int | None) -> tuple[Any, ...] | None:
    """Return the caller and his level on the case, in one query; None without a valid key."""
    if case_id is None:
        row = _CALLER.first(key_hash=key_hash)
        return (*row, None) if row else None
    return _CALLER_IN_CASE.first(key_hash=key_hash, case=case_id if is_possible_id(case_id) else 0)


def _effective(actor: Actor, level: int | None) -> int:
    if level is None:  # no such case
        return AccessLevel.DENY_ALL
    if level == NO_RECORD:
        return AccessLevel.FULL_ACCESS if actor.is_administrator else AccessLevel.DENY_ALL
    return level


class IrisKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tell the OpenAPI document of the key."""

    target_class = IrisKeyAuthentication
    name = "iris_api_key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the scheme."""
        return {"type": "http", "scheme": "bearer", "description": "IRIS API key of a user"}
