"""Pages of lists: what clients may ask for, and the headers that tell where a page stands (contract §1.7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from soar.api.cloudsoar.fields import Integer, Text
from soar.api.cloudsoar.filter_language import LONGEST_FILTER
from soar.api.cloudsoar.filters import FilterTable
from soar.core.compiled import Column, counted, uncounted

DEFAULT_SIZE, LARGEST_SIZE, LAST_PAGE = 50, 500, 1_000_000_000


class ListingIn(serializers.Serializer[Any]):
    """What every paged list takes, in the query of a GET or the body of a search."""

    page_number = Integer(min_value=1, max_value=LAST_PAGE, default=1)
    page_size = Integer(min_value=1, max_value=LARGEST_SIZE, default=DEFAULT_SIZE)
    filter = Text(
        default="",
        max_length=LONGEST_FILTER,
        help_text="`clause AND clause`: a field's name or label, one of : = != > < >= <=, and a value; "
        "anything else is looked for as free text.",
    )
    order_by = Text(default="", max_length=100, help_text="A field; -field for descending.")


@dataclass(frozen=True)
class Page:
    """Some rows of a list, and how many there are in all."""

    rows: list[Any]
    total: int
    number: int
    size: int

    @classmethod
    def of(
        cls,
        rows: QuerySet[Any],
        table: FilterTable,
        asked: Mapping[str, Any],
        *,
        default_order: str,
        columns: Sequence[Column] = (),
        counts_within: bool = False,
    ) -> "Page":
        """Return the page that was asked for, of some columns of the rows where these are named.

        Raise Invalid for a filter or order that means nothing.
        """
        found = rows.filter(table.condition(asked["filter"]))
        ordered = found.order_by(*table.order(asked["order_by"] or default_order))
        number, size = asked["page_number"], asked["page_size"]
        if columns:
            return cls.of_columns(ordered, columns, number, size, counts_within=counts_within)
        start = (number - 1) * size
        return cls(list(ordered[start : start + size]), found.count(), number, size)

    @classmethod
    def of_columns(
        cls,
        rows: QuerySet[Any],
        columns: Sequence[Column],
        number: int,
        size: int,
        *,
        counts_within: bool = False,
    ) -> "Page":
        """Return a page of some columns of rows that are filtered and sorted already.

        `counts_within` is as for soar.core.compiled.CompiledPage.
        """
        start = (number - 1) * size
        shown = counted(rows, columns) if counts_within else rows.values_list(*columns)
        found = list(shown[start : start + size])
        if counts_within and (found or not start):
            found, total = uncounted(found)
            return cls(found, total, number, size)
        return cls(found, rows.count(), number, size)

    def answer(self, request: Request, shown: Any) -> Response:
        """Return the rows as they are shown, or that as JSON, with the headers of the page."""
        headers = {
            "X-Total-Count": str(self.total),
            "X-Page-Number": str(self.number),
            "X-Page-Size": str(self.size),
        }
        links = self._links(request) if request.method in ("GET", "HEAD") else []
        return Response(shown, headers=headers | ({"Link": ", ".join(links)} if links else {}))

    def _links(self, request: Request) -> list[str]:
        """Return the neighbouring pages, relative to this server: behind a proxy it may not know its name."""
        last = -(-self.total // self.size)
        neighbours = [("next", self.number + 1), ("prev", self.number - 1)]
        query = request.query_params.copy()
        if str(self.size) != query.get("page_size", str(DEFAULT_SIZE)):
            query["page_size"] = str(
                self.size
            )  # of a list that is longer unless a page is asked for
        links = []
        for relation, number in neighbours:
            if 1 <= number <= last:
                query["page_number"] = str(number)
                pairs = [(key, value) for key, values in query.lists() for value in values]
                links.append(f'<{request.path}?{urlencode(pairs)}>; rel="{relation}"')
        return links
