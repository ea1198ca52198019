"""The base of IRIS views: context case, declared access, envelope."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.http import QueryDict
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_serializer,
    inline_serializer,
)
from rest_framework import serializers, status
from rest_framework.exceptions import (
    APIException,
    MethodNotAllowed,
    ParseError,
    UnsupportedMediaType,
)
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from cases.models import Case
from cases.permissions import READ, WRITE
from modules.services.preload import preload, synchronous_hooks
from modules.services.waiting import wait_for_hooks
from soar.api.base import OrjsonRenderer, StrictJSONParser, bad_text, represent, shared
from soar.api.iris.authentication import IrisKeyAuthentication
from soar.api.iris.envelope import translate
from soar.core.actor import Actor
from soar.core.errors import Forbidden, Invalid
from soar.core.permissions import Permission

Handler = TypeVar("Handler", bound=Callable[..., Any])
NUMBER = re.compile(r"-?[0-9]{1,1000}")
INVALID_CASE = "Invalid case ID"
LARGEST_SHOWN_BYTES = 1_000_000


@dataclass(frozen=True)
class Access:
    """What a route asks of its caller: a valid key, one of some permissions, a level on the case."""

    any_of: tuple[Permission, ...] = ()
    levels: tuple[int, ...] = ()

    @property
    def is_about_case(self) -> bool:
        """Tell whether the route works within a context case."""
        return bool(self.levels)


ANY_KEY = Access()
CASE_READ = Access(levels=READ)
CASE_WRITE = Access(levels=WRITE)


def needs(*any_of: Permission) -> Access:
    """Return the access of a route that asks for one of the permissions."""
    return Access(any_of=any_of)


class DeclaredAccess(BasePermission):
    """Hold a request to what its route declares; a route that declares nothing is refused (SEC-11)."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Raise Forbidden in the domain's terms, so that one translator words the refusal."""
        access: Access | None = getattr(getattr(view, view.action or "", None), "access", None)
        if access is None:
            return False
        actor: Actor = request.user  # type: ignore[assignment]
        if access.any_of:
            actor.require(*access.any_of)
        if (
            view.problem is not None
        ):  # no case was found to hold the caller to; the problem is told next
            return True
        if access.is_about_case and request.case_level not in access.levels:  # type: ignore[attr-defined]
            raise Forbidden(case_id=view.case_id)
        return True


class IrisViewSet(ViewSet):
    """A viewset per noun: actions translate in, call one service or selector, translate out."""

    authentication_classes = [IrisKeyAuthentication]
    permission_classes = [DeclaredAccess]
    parser_classes = [StrictJSONParser, FormParser, MultiPartParser]
    renderer_classes = [OrjsonRenderer]
    http_method_names = ["get", "post", "head"]
    case_id: int = Case.INITIAL
    problem: Exception | None = None
    body: Mapping[str, Any] = {}
    input: serializers.BaseSerializer[Any] | None = None
    hooked = ""

    @property
    def context_case_id(self) -> int | None:
        """Return the case the route works within, None for a route that works within none."""
        access: Access | None = getattr(getattr(self, self.action or "", None), "access", None)
        return self.case_id if access is not None and access.is_about_case else None

    @property
    def actor(self) -> Actor:
        """Return who acts."""
        actor: Actor = self.request.user  # type: ignore[assignment]
        return actor

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Find the context case, then authenticate and authorise; only then complain of the body."""
        if self.action is None:
            self.perform_authentication(request)
            raise MethodNotAllowed(str(request.method))
        access: Access | None = getattr(getattr(self, self.action, None), "access", None)
        if access is not None and access.is_about_case:
            self._find_case(request)
        super().initial(request, *args, **kwargs)
        if self.problem is not None:
            raise self.problem
        handler = getattr(self, self.action, None)
        self.hooked = getattr(handler, "hooked", "")
        if self.hooked and getattr(handler, "is_about_id", False):
            number = next((value for value in kwargs.values() if isinstance(value, int)), None)
            self._preload(number)

    def perform_content_negotiation(
        self,
        request: Request,
        force: bool = False,  # noqa: FBT001, FBT002  (the signature is DRF's)
    ) -> tuple[Any, str]:
        """Always answer JSON, whatever Accept says: clients send anything there."""
        return OrjsonRenderer(), "application/json"

    def handle_exception(self, exc: Exception) -> Response:
        """Translate every error into the envelope; a defect of ours rises."""
        actor = getattr(self.request, "_user", None)
        response = translate(exc, actor if isinstance(actor, Actor) else None, self._wire_names())
        if response is None:
            raise exc
        if response.status_code == status.HTTP_401_UNAUTHORIZED:
            response["WWW-Authenticate"] = "Bearer"
        response.exception = True
        return response

    def read(self, serializer: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """Return the validated body in the domain's names; `cid` is not part of it."""
        body = self.request.data
        if not isinstance(body, Mapping):
            raise Invalid("Data error", {"_schema": ["Invalid input type."]})
        if self.hooked:
            body = self._preload(body)
        self.body, self.input = body, shared(serializer)
        return dict(self.input.run_validation(body))

    def written(self, shape: type[serializers.Serializer[Any]], row: Any) -> dict[str, Any]:
        """Return a row that was written in the shape of a serializer, after modules that it waits for."""
        if self.hooked and wait_for_hooks(self.actor, f"on_postload_{self.hooked}"):
            row.refresh_from_db()
        return represent(shape, row)

    def _preload(self, payload: Any) -> Any:
        name = f"on_preload_{self.hooked}"
        if name not in synchronous_hooks():
            return payload
        plain = payload.dict() if isinstance(payload, QueryDict) else payload
        if not _can_be_shown(plain):
            return payload
        return preload(self.actor, name, self.context_case_id, plain)

    def query_text(self, name: str) -> str | None:
        """Return a text of the query string, or None; raise Invalid for one nobody can store."""
        value = self.request.query_params.get(name)
        problem = bad_text(value) if value else None
        if problem:
            raise Invalid.field(name, problem)
        return value

    def _find_case(self, request: Request) -> None:
        """Set `case_id` from the query, else the body, else the initial case (contract §1.4)."""
        found = _number(request.query_params.get("cid") or request.query_params.get("?cid"))
        if found is None and request.method == "POST":
            try:
                body = request.data
            except (ParseError, UnsupportedMediaType) as error:
                self.problem = error
                return
            if isinstance(body, Mapping) and "cid" in body:
                if body["cid"] is None:
                    self.problem = _NoCase()
                    return
                found = _number(body["cid"])
        self.case_id = found or Case.INITIAL

    def _wire_names(self) -> dict[str, str]:
        fields = getattr(self.input, "fields", {})
        return {part.source: name for name, part in fields.items()}


class _NoCase(APIException):
    status_code = status.HTTP_404_NOT_FOUND
    default_detail = INVALID_CASE


def _number(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and NUMBER.fullmatch(value):
        return int(value)
    return None


def _can_be_shown(payload: Any) -> bool:
    """Tell whether a body can be kept and handed to modules; the others are too large or refused anyway."""
    try:
        text = json.dumps(payload, ensure_ascii=False).encode()
    except (TypeError, ValueError):  # files of a form, lone surrogates
        return False
    return len(text) <= LARGEST_SHOWN_BYTES and b"\\u0000" not in text


def fields_of(shape: type[serializers.Serializer[Any]] | None) -> int:
    """Return how many fields a body of this shape has."""
    return len(shape().fields) if shape is not None else 0


def _envelope(name: str, data: Any, *, many: bool) -> Any:
    fields: dict[str, serializers.Field[Any, Any, Any, Any]] = {
        "status": serializers.ChoiceField(choices=["success"]),
        "message": serializers.CharField(),
    }
    if data is None:
        fields["data"] = serializers.ListField(child=serializers.JSONField(), max_length=0)
    elif isinstance(data, type) and issubclass(data, serializers.BaseSerializer):
        fields["data"] = data(many=many)
    else:
        fields["data"] = data
    envelope = inline_serializer(f"{name}Answer", fields)
    # One envelope, even where an action called `list` makes the generator expect an array of them.
    extend_schema_serializer(many=False)(type(envelope))
    return envelope


class _Failure(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=["error"])
    message = serializers.CharField()
    data = serializers.JSONField()  # type: ignore[assignment]

    class Meta:
        ref_name = "Failure"


CID = OpenApiParameter(
    "cid", int, OpenApiParameter.QUERY, description="Context case; the initial case when absent."
)


def endpoint(
    access: Access,
    *,
    summary: str,
    takes: type[serializers.Serializer[Any]] | None = None,
    gives: Any = None,
    many: bool = False,
    parameters: list[OpenApiParameter] | None = None,
    hooked: str = "",
) -> Callable[[Handler], Handler]:
    """Declare the access and the schema of a route; without it the route is refused.

    `hooked` is the noun and verb of the module hooks around it, such as `ioc_create`.
    """

    def declare(handler: Handler) -> Handler:
        name = "".join(part.title() for part in handler.__qualname__.replace(".", "_").split("_"))
        answers = {
            200: _envelope(name, gives, many=many),
            400: _Failure,
            401: _Failure,
            403: _Failure,
        }
        extra = [*(parameters or []), *([CID] if access.is_about_case else [])]
        described = extend_schema(
            summary=summary, request=takes, responses=answers, parameters=extra
        )(handler)
        described.access = access  # type: ignore[attr-defined]
        described.hooked = hooked  # type: ignore[attr-defined]
        described.is_about_id = fields_of(takes) == 0  # type: ignore[attr-defined]
        return described

    return declare
