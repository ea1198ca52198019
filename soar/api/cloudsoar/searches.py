"""`saved_searches/`: what users search for again and again; everybody sees his own (contract §4.7)."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.selectors import find
from incidents.selectors import visible_saved_searches
from incidents.services.saved_searches import UNKNOWN, add_search, delete_search, update_search
from soar.api.base import represent
from soar.api.cloudsoar.fields import Integer, Moment, Text
from soar.api.cloudsoar.filter_language import LONGEST_FILTER
from soar.api.cloudsoar.set_up import CONFLICT, PARTLY, NothingRequired
from soar.api.cloudsoar.views import ANY_TOKEN, CloudSoarViewSet, endpoint

EXAMPLE = {
    "id": 3,
    "name": "High and open",
    "filter": "Severity: HIGH AND Status: Identification",
    "columns": ["incidentid", "status", "owner"],
    "saved_at": "2025-03-04T09:12:44Z",
}


class SearchOut(serializers.Serializer[Any]):
    """A saved search."""

    id = Integer()
    name = Text()
    filter = Text()
    columns = serializers.ListField(child=Text())
    saved_at = Moment()


class SearchIn(serializers.Serializer[Any]):
    """A search to keep."""

    name = Text(max_length=200)
    filter = Text(default="", max_length=LONGEST_FILTER)
    columns = serializers.ListField(child=Text(max_length=200), required=False, max_length=200)


class SearchChangesIn(NothingRequired, SearchIn):
    """What changes of a search."""


class SearchViewSet(CloudSoarViewSet):
    """The caller's own searches."""

    @endpoint(
        ANY_TOKEN,
        summary="List your searches",
        gives=SearchOut(many=True),
        examples={"One": [EXAMPLE]},
    )
    def list(self, request: Request) -> Response:
        """Answer all of the caller's."""
        return Response([represent(SearchOut, row) for row in visible_saved_searches(self.actor)])

    @endpoint(
        ANY_TOKEN,
        summary="Keep a search",
        takes=SearchIn,
        gives=SearchOut,
        code=201,
        also=CONFLICT,
        examples={"Kept": EXAMPLE},
    )
    def create(self, request: Request) -> Response:
        """Answer the new search."""
        search = add_search(self.actor, **self.read(SearchIn))
        return Response(represent(SearchOut, search), status=201)

    @endpoint(ANY_TOKEN, summary="Fetch a search", gives=SearchOut, examples={"One": EXAMPLE})
    def retrieve(self, request: Request, search_id: int) -> Response:
        """Answer one search."""
        search = find(visible_saved_searches(self.actor), search_id, UNKNOWN)
        return Response(represent(SearchOut, search))

    @endpoint(
        ANY_TOKEN,
        summary="Change a search",
        description=PARTLY,
        takes=SearchChangesIn,
        gives=SearchOut,
        also=CONFLICT,
        examples={"Changed": EXAMPLE},
    )
    def update(self, request: Request, search_id: int) -> Response:
        """Answer the search as it is now."""
        search = update_search(self.actor, search_id, **self.read(SearchChangesIn))
        return Response(represent(SearchOut, search))

    @endpoint(ANY_TOKEN, summary="Forget a search", code=204, also=CONFLICT)
    def destroy(self, request: Request, search_id: int) -> Response:
        """Answer nothing."""
        delete_search(self.actor, search_id)
        return Response(status=204)
