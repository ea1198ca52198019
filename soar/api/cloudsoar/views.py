"""The base of Cloud SOAR views: declared access, bodies and queries read by a shape, errors in this door's words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.http import QueryDict
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from soar.api.base import OrjsonRenderer, refuse_bad_texts, shared
from soar.api.cloudsoar.authentication import TokenAuthentication
from soar.api.cloudsoar.bodies import (
    FormBody,
    JsonBody,
    MultipartBody,
    Negotiation,
    require_readable_length,
)
from soar.api.cloudsoar.errors import translate
from soar.api.cloudsoar.forms import form_values
from soar.core.actor import Actor
from soar.core.errors import Invalid
from soar.core.permissions import Permission

Handler = TypeVar("Handler", bound=Callable[..., Any])
ShapeClass = type[serializers.Serializer[Any]]
READS = ("GET", "HEAD")
NO_FILES = "This endpoint takes no file of this name."


@dataclass(frozen=True)
class Access:
    """What a route asks of its caller: nothing, or a token of one who may use the API, one of `any_of` and `also`."""

    any_of: tuple[Permission, ...] = ()
    is_public: bool = False
    also: Permission | None = None


PUBLIC = Access(is_public=True)
ANY_TOKEN = Access()


def needs(*any_of: Permission, also: Permission | None = None) -> Access:
    """Return the access of a route that asks for one of the permissions, and for another one besides."""
    return Access(any_of=any_of, also=also)


class DeclaredAccess(BasePermission):
    """Hold a request to what its route declares; a route that declares nothing is refused (SEC-11)."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Raise Forbidden in the domain's terms, so that one translator words the refusal."""
        access: Access | None = view.declared_access
        if access is None:
            return False
        if access.is_public:
            return True
        actor: Actor = request.user  # type: ignore[assignment]
        actor.require(Permission.API_USE)
        if access.any_of:
            actor.require(*access.any_of)
        if access.also is not None:
            actor.require(access.also)
        return True


class CloudSoarViewSet(ViewSet):
    """A viewset per noun: actions translate in, call one service or selector, translate out."""

    authentication_classes = [TokenAuthentication]
    permission_classes = [DeclaredAccess]
    parser_classes = [JsonBody, FormBody, MultipartBody]
    renderer_classes = [OrjsonRenderer]
    content_negotiation_class = Negotiation
    http_method_names = ["get", "post", "put", "patch", "delete", "head"]
    input: serializers.BaseSerializer[Any] | None = None

    @property
    def declared_access(self) -> Access | None:
        """Return what the route declares."""
        return getattr(getattr(self, self.action or "", None), "access", None)

    @property
    def actor(self) -> Actor:
        """Return who acts."""
        actor: Actor = self.request.user  # type: ignore[assignment]
        return actor

    def perform_authentication(self, request: Request) -> None:
        """Find out who calls, unless the route is for everybody: there no credential is looked at."""
        if self.declared_access is None or not self.declared_access.is_public:
            super().perform_authentication(request)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticate and authorise; only then complain of the method or the length of the body."""
        if str(request.method).lower() not in self.action_map:
            self.perform_authentication(request)
            raise MethodNotAllowed(str(request.method))
        super().initial(request, *args, **kwargs)
        if request.method not in READS:
            require_readable_length(request, self.largest_body())

    def largest_body(self) -> int:
        """Return how many bytes the body of this request may have."""
        return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)

    def handle_exception(self, exc: Exception) -> Response:
        """Translate every error into the error shape; a defect of ours rises."""
        response = translate(exc, self._wire_names())
        if response is None:
            raise exc
        response.exception = True
        return response

    def read(self, shape: ShapeClass) -> dict[str, Any]:
        """Return the validated body in the domain's names. Raise Invalid, or an error of REST framework's."""
        self.input = shared(shape)
        body = self.request.data
        if isinstance(body, QueryDict):
            self._refuse_unknown_files(shared(shape))
            body = form_values(body, self.input)
        if not isinstance(body, Mapping):
            raise Invalid("The body must be an object.")
        return dict(self.input.run_validation(body))

    def query(self, shape: ShapeClass) -> dict[str, Any]:
        """Return the validated query string in the domain's names; what the shape does not know is ignored."""
        self.input = shared(shape)
        pairs = self.request.query_params
        refuse_bad_texts([list(pair) for pair in pairs.lists()])
        return dict(self.input.run_validation(form_values(pairs, self.input)))

    def _refuse_unknown_files(self, shape: serializers.Serializer[Any]) -> None:
        for name in self.request.FILES:
            if not isinstance(shape.fields.get(name), serializers.FileField):
                raise Invalid.field(str(name), NO_FILES)

    def _wire_names(self) -> dict[str, str]:
        fields = getattr(self.input, "fields", {})
        return {part.source: name for name, part in fields.items()}


class FailureOut(serializers.Serializer[Any]):
    """The shape of every error."""

    error = serializers.CharField(help_text="What kind of error, in a few words.")
    description = serializers.CharField(help_text="What went wrong, as a sentence.")
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="With 400 only: the messages by field.",
    )

    class Meta:
        ref_name = "Error"


def endpoint(
    access: Access,
    *,
    summary: str,
    description: str = "",
    takes: ShapeClass | None = None,
    query: ShapeClass | None = None,
    gives: Any = None,
    media: str = "",
    code: int = 200,
    also: Mapping[Any, Any] | None = None,
    examples: Mapping[str, Any] | None = None,
    is_documented: bool = True,
) -> Callable[[Handler], Handler]:
    """Declare the access and the schema of a route; without it the route is refused.

    `takes` and `query` are the shapes of body and query string, `media` the type of an answer that is not
    JSON, `also` further answers by status or by (status, media type), `examples` answers by name.
    """

    success: dict[Any, Any] = {(code, media) if media else code: gives}

    def declare(handler: Handler) -> Handler:
        refusals = [] if access.is_public else [401, 403, 404]
        if takes is not None:
            refusals += [400, 413, 415]
        elif query is not None:
            refusals.append(400)
        described = extend_schema(
            exclude=not is_documented,
            summary=summary,
            description=description or None,
            request=takes,
            parameters=[query] if query is not None else [],
            responses={
                **success,
                **dict.fromkeys(sorted(refusals), FailureOut),
                **(also or {}),
            },
            auth=[] if access.is_public else None,
            examples=[
                OpenApiExample(name, value=value, response_only=True, status_codes=[str(code)])
                for name, value in (examples or {}).items()
            ],
        )(handler)
        described.access = access  # type: ignore[attr-defined]
        return described

    return declare
