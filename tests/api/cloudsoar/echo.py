"""The URLs of the product with resources that answer what they were sent, for tests of the conventions."""

from typing import Any

from django.urls import include, path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.selectors import visible_cases
from soar.api.cloudsoar.fields import Html, Integer, Moment, TagList, Text
from soar.api.cloudsoar.filters import FilterField, FilterTable, Moments, Numbers, Texts
from soar.api.cloudsoar.mounts import MOUNTS
from soar.api.cloudsoar.paging import ListingIn, Page
from soar.api.cloudsoar.urls import route
from soar.api.cloudsoar.views import ANY_TOKEN, CloudSoarViewSet, endpoint, needs
from soar.core.errors import Conflict, Forbidden, Invalid, NotFound
from soar.core.permissions import Permission
from soar.urls import handler400, handler403, handler404, handler500
from soar.urls import urlpatterns as product

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]
CASES = FilterTable(
    FilterField("id", "Number", Numbers(), "pk"),
    FilterField("name", "Incident name", Texts(), "name"),
    FilterField("soc_id", "Incident ID", Texts(), "soc_id"),
    FilterField("opened_at", "Opening time", Moments(), "opened_at"),
    free_text=("name", "soc_id"),
)


class MembersIn(serializers.Serializer[Any]):
    description = Text(required=False)
    severity = Integer(required=False, allow_null=True)
    type = serializers.ListField(child=Text(), required=False)


class EchoIn(serializers.Serializer[Any]):
    """One field of every kind; the domain calls the first one otherwise."""

    title = Text(source="name", required=False, max_length=50)
    note = Html(required=False)
    number = Integer(required=False, allow_null=True)
    is_open = serializers.BooleanField(required=False, allow_null=True)
    moment = Moment(required=False, allow_null=True)
    kind = serializers.ListField(child=Text(), required=False)
    ids = serializers.ListField(child=Integer(), required=False)
    tags = TagList(required=False)
    extra = serializers.JSONField(required=False, allow_null=True)
    fields = MembersIn(required=False)  # type: ignore[assignment]
    attachment = serializers.FileField(required=False)


class AlertIn(serializers.Serializer[Any]):
    type = Text()
    data = serializers.DictField()


class CaseOut(serializers.Serializer[Any]):
    id = Integer()
    name = Text()


class EchoViewSet(CloudSoarViewSet):
    """Answers what was read, and fails as it is told."""

    @endpoint(ANY_TOKEN, summary="Echo", takes=EchoIn)
    def echo(self, request: Request) -> Response:
        return Response({name: shown(value) for name, value in self.read(EchoIn).items()})

    @endpoint(ANY_TOKEN, summary="Alert", takes=AlertIn, code=201)
    def alert(self, request: Request) -> Response:
        return Response(self.read(AlertIn), status=201)

    @endpoint(ANY_TOKEN, summary="Ask", query=EchoIn)
    def ask(self, request: Request) -> Response:
        return Response({name: shown(value) for name, value in self.query(EchoIn).items()})

    @endpoint(ANY_TOKEN, summary="Page", query=ListingIn)
    def cases(self, request: Request) -> Response:
        asked = self.query(ListingIn) if request.method == "GET" else self.read(ListingIn)
        page = Page.of(visible_cases(self.actor), CASES, asked, default_order="id")
        return page.answer(request, [CaseOut(row).data for row in page.rows])

    @endpoint(needs(Permission.SERVER_ADMINISTRATOR), summary="For administrators")
    def secret(self, request: Request) -> Response:
        return Response(status=204)

    @endpoint(ANY_TOKEN, summary="Fail")
    def fail(self, request: Request, kind: str) -> Response:
        raise FAILURES[kind]

    def undeclared(self, request: Request) -> Response:
        return Response({"leak": True})


FAILURES: dict[str, Exception] = {
    "forbidden": Forbidden(case_id=5),
    "missing": NotFound("No task with ID 5"),
    "conflict": Conflict("The task is closed"),
    "explained": Conflict("Already converted", details=["Event 640 was converted.", "See 8510."]),
    "invalid": Invalid("A closing note is required.", {"name": ["This field is required."]}),
    "field": Invalid.field("name", "Too odd."),
    "defect": RuntimeError("SELECT secret FROM settings"),
}


def shown(value: Any) -> Any:
    """Return a value as JSON shows it: of a file its name and size."""
    return [value.name, value.size] if hasattr(value, "chunks") else value


echoes = [
    route("echo/", EchoViewSet, post="echo", put="echo", patch="echo", get="ask"),
    route("alerts/", EchoViewSet, post="alert"),
    route("cases/", EchoViewSet, get="cases", post="cases"),
    route("secret/", EchoViewSet, get="secret", post="secret"),
    route("fail/<str:kind>/", EchoViewSet, get="fail"),
    route("undeclared/", EchoViewSet, get="undeclared"),
]
urlpatterns = [*(path(mount[1:], include(echoes)) for mount in MOUNTS), *product]
