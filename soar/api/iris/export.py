"""`/case/export`: everything of a case as one JSON object, streamed so that memory stays flat."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request

from cases.models import Asset, Case, Event
from cases.selectors import (
    get_case,
    visible_assets,
    visible_case_iocs,
    visible_events,
    visible_evidences,
    visible_note_directories,
    visible_notes,
    visible_tasks,
)
from soar.api.iris.export_shapes import (
    ExportedAsset,
    ExportedCase,
    ExportedDirectory,
    ExportedEvent,
    ExportedEvidence,
    ExportedIoc,
    ExportedTask,
    ExportOut,
)
from soar.api.iris.fields import iso
from soar.api.iris.notes import NoteOut
from soar.api.iris.views import CASE_READ, IrisViewSet, endpoint
from soar.core.actor import Actor

BATCH = 500


@dataclass(frozen=True)
class Family:
    """One kind of object in the export: its rows with all they show, their shape, their order."""

    name: str
    rows: QuerySet[Any]
    shape: type[serializers.Serializer[Any]]
    order: tuple[str, ...] = ("id",)

    def batches(self) -> Iterator[bytes]:
        """Yield the objects as JSON without brackets, BATCH of them at a time.

        The shape never holds the rows: a serializer is a reference cycle and would keep every batch
        alive until the garbage collector comes by.
        """
        shape = self.shape()
        ids = list(self.rows.order_by(*self.order).values_list("pk", flat=True))
        for start in range(0, len(ids), BATCH):
            batch = self.rows.filter(pk__in=ids[start : start + BATCH]).order_by(*self.order)
            items = [shape.to_representation(row) for row in batch]
            if items:
                yield orjson.dumps(items, default=str)[1:-1]


class ExportViewSet(IrisViewSet):
    """The export of the context case."""

    @endpoint(CASE_READ, summary="Export everything of a case", gives=ExportOut)
    def export(self, request: Request) -> StreamingHttpResponse:
        """Stream the case as one JSON object."""
        case = get_case(self.actor, self.case_id)
        head = orjson.dumps(ExportedCase(case).data, default=str)
        return StreamingHttpResponse(
            _stream(head, families_of(self.actor, case)), content_type="application/json"
        )


def families_of(actor: Actor, case: Case) -> list[Family]:
    """Return all kinds of objects a case holds, narrowed to what the actor may see."""
    here = {"case_id": case.pk}
    evidences = visible_evidences(actor).filter(**here).select_related("user", "type")
    iocs = visible_case_iocs(actor).filter(**here).select_related("ioc__type", "tlp")
    tasks = visible_tasks(actor).filter(**here).select_related("status")
    notes = visible_notes(actor).filter(**here).select_related("directory")
    directories = visible_note_directories(actor).filter(**here)
    return [
        Family("evidences", evidences, ExportedEvidence),
        Family("timeline", _events(actor).filter(**here), ExportedEvent, ("date", "id")),
        Family("iocs", iocs, ExportedIoc),
        Family("assets", _assets(actor).filter(**here), ExportedAsset),
        Family("tasks", tasks.prefetch_related("assignments__user"), ExportedTask),
        Family("notes_directories", directories, ExportedDirectory),
        Family("notes", notes, NoteOut),
    ]


def _events(actor: Actor) -> QuerySet[Event]:
    links = (
        "asset_links__asset__type",
        "ioc_links__case_ioc__ioc__type",
        "ioc_links__case_ioc__tlp",
    )
    return visible_events(actor).select_related("category", "user").prefetch_related(*links)


def _assets(actor: Actor) -> QuerySet[Asset]:
    rows = visible_assets(actor).select_related("type", "analysis_status")
    return rows.prefetch_related("ioc_links__case_ioc__ioc__type")


def _stream(head: bytes, families: list[Family]) -> Iterator[bytes]:
    """Yield the envelope piece by piece; no piece holds more than one batch of objects."""
    yield b'{"status":"success","message":"","data":{"case":' + head
    for family in families:
        separator = b""
        yield b',"' + family.name.encode() + b'":['
        for items in family.batches():
            yield separator + items
            separator = b","
        yield b"]"
    yield b',"comments":[],"export_date":' + orjson.dumps(iso(timezone.now())) + b"}}"
