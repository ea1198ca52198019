"""`/case/timeline/*`: the timeline of a case."""

import datetime as dt
import re
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.models import Event, EventAsset, EventIoc
from cases.selectors import find, visible_event_assets, visible_event_iocs, visible_events
from cases.services import timeline as services
from soar.api.base import represent
from soar.api.fast import FastRead, Nested
from soar.api.iris.envelope import success
from soar.api.iris.fields import (
    Always,
    Attributes,
    Boolean,
    IdList,
    Integer,
    JsonObject,
    Name,
    Text,
    Timestamp,
)
from soar.api.iris.shapes import Empty, StateOut, state_of
from soar.api.iris.views import CASE_READ, CASE_WRITE, IrisViewSet, endpoint
from soar.core.actor import Actor
from soar.core.history import is_possible_id

OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>[0-5]\d)")
MAXIMUM_OFFSET = dt.timedelta(hours=14)
BAD_DATE = "Not a valid datetime."


class EventAssetOut(serializers.Serializer[Any]):
    """An asset an event touches."""

    asset_id = Integer()
    asset_name = Text(source="asset.name")
    event_id = Integer()


class EventIocOut(serializers.Serializer[Any]):
    """An indicator an event shows."""

    ioc_id = Integer(source="case_ioc.ioc_id")
    ioc_value = Text(source="case_ioc.ioc.value")
    event_id = Integer()


class TimelineRow(serializers.Serializer[Any]):
    """An event in the list."""

    event_id = Integer(source="id")
    event_uuid = serializers.UUIDField(source="uuid")
    event_title = Text(source="title")
    event_content = Text(source="content")
    event_date = Timestamp(source="date")
    event_date_wtz = Timestamp(source="local_date")
    event_tz = Text(source="tz")
    event_color = Text(source="color")
    event_tags = Text(source="tags")
    event_in_graph = Boolean(source="is_in_graph")
    event_in_summary = Boolean(source="is_in_summary")
    event_is_flagged = Boolean(source="is_flagged")
    event_category_id = Integer(source="category_id")
    category_name = Text(source="category.name")
    assets = EventAssetOut(many=True, source="links_to_assets")
    iocs = EventIocOut(many=True, source="links_to_iocs")


class EventOut(serializers.Serializer[Any]):
    """An event."""

    event_id = Integer(source="id")
    event_uuid = serializers.UUIDField(source="uuid")
    case_id = Integer()
    user_id = Integer()
    parent_event_id = Integer(source="parent_id", allow_null=True)
    children = Always([])
    event_title = Text(source="title")
    event_content = Text(source="content")
    event_raw = Text(source="raw")
    event_source = Text(source="source")
    event_date = Timestamp(source="date")
    event_date_wtz = Timestamp(source="local_date")
    event_tz = Text(source="tz")
    event_added = Timestamp(source="added_at")
    event_category_id = Integer(source="category_id")
    event_color = Text(source="color")
    event_tags = Text(source="tags")
    event_in_graph = Boolean(source="is_in_graph")
    event_in_summary = Boolean(source="is_in_summary")
    event_is_flagged = Boolean(source="is_flagged")
    event_comments_map = Always([])
    event_assets = serializers.SerializerMethodField()
    event_iocs = serializers.SerializerMethodField()
    custom_attributes = Attributes()
    modification_history = JsonObject(source="history")

    def get_event_assets(self, event: Event) -> list[int]:
        """Return the ids of its assets."""
        links = EventAsset.objects.filter(event=event).order_by("id")
        return list(links.values_list("asset_id", flat=True))

    def get_event_iocs(self, event: Event) -> list[int]:
        """Return the ids of its indicators."""
        links = EventIoc.objects.filter(event=event).order_by("id")
        return list(links.values_list("case_ioc__ioc_id", flat=True))


class EventIn(serializers.Serializer[Any]):
    """A new event, or the new content of one.

    `event_date` is a clock reading and `event_tz` its offset from UTC, such as +02:00.
    """

    event_title = Name(source="title", max_length=400)
    event_assets = IdList(source="asset_ids")
    event_iocs = IdList(source="ioc_ids", required=False, allow_null=True)
    event_category_id = Integer(source="category_id")
    event_date = Text(min_length=1)
    event_tz = Text(source="tz", min_length=1, max_length=50)
    event_content = Text(source="content", required=False)
    event_raw = Text(source="raw", required=False)
    event_source = Text(source="source", required=False)
    event_in_summary = Boolean(source="is_in_summary", required=False)
    event_in_graph = Boolean(source="is_in_graph", required=False)
    event_color = Text(source="color", required=False)
    event_tags = Text(source="tags", required=False)
    custom_attributes = Attributes()

    def to_internal_value(self, data: Any) -> Any:
        """Read null as absent: clients send it for what the caller left out."""
        return super().to_internal_value(
            {
                name: value
                for name, value in data.items()
                if value is not None or name not in OPTIONAL
            }
        )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Turn clock reading and offset into the instant."""
        reading, offset = attrs.pop("event_date"), parse_offset(attrs["tz"])
        if offset is None:
            raise serializers.ValidationError({"event_tz": ["Not a valid timezone."]})
        try:
            local = dt.datetime.fromisoformat(reading)
            if local.tzinfo is not None or "T" not in reading or not 1 < local.year < 9999:
                raise ValueError
        except ValueError as error:
            raise serializers.ValidationError({"event_date": [BAD_DATE]}) from error
        attrs["local_date"] = local.replace(tzinfo=dt.UTC)
        attrs["date"] = attrs["local_date"] - offset
        return attrs


OPTIONAL = frozenset(
    {
        "event_content",
        "event_raw",
        "event_source",
        "event_in_summary",
        "event_in_graph",
        "event_color",
        "event_tags",
    }
)


def parse_offset(text: str) -> dt.timedelta | None:
    """Return the offset from UTC a text such as +02:00 or Z names, or None."""
    if text in ("Z", "UTC"):
        return dt.timedelta(0)
    match = OFFSET.fullmatch(text)
    if match is None:
        return None
    offset = dt.timedelta(hours=int(match["hours"]), minutes=int(match["minutes"]))
    if offset > MAXIMUM_OFFSET:
        return None
    return -offset if match["sign"] == "-" else offset


def _events(actor: Actor, case: int) -> QuerySet[Event]:
    return visible_events(actor).filter(case_id=case).order_by("date", "id")


def _events_of_asset(actor: Actor, case: int, asset: int) -> QuerySet[Event]:
    touching = EventAsset.objects.filter(asset_id=asset).order_by().values("event_id")
    return _events(actor, case).filter(pk__in=touching)


def _assets(actor: Actor, case: int, **_: int) -> QuerySet[EventAsset]:
    return visible_event_assets(actor).filter(event__case_id=case).order_by("id")


def _iocs(actor: Actor, case: int, **_: int) -> QuerySet[EventIoc]:
    return visible_event_iocs(actor).filter(event__case_id=case).order_by("id")


NESTED = {
    "assets": Nested(EventAssetOut, _assets, "event_id", "event_id"),
    "iocs": Nested(EventIocOut, _iocs, "event_id", "event_id"),
}
TIMELINE = FastRead(TimelineRow, _events, nested=NESTED, case=int)
TIMELINE_OF_ASSET = FastRead(TimelineRow, _events_of_asset, nested=NESTED, case=int, asset=int)


class TimelineOut(serializers.Serializer[Any]):
    """The timeline of a case."""

    timeline = TimelineRow(many=True)
    state = StateOut()


class TimelineViewSet(IrisViewSet):
    """Events of the context case."""

    @endpoint(CASE_READ, summary="List the timeline", gives=TimelineOut)
    def list(self, request: Request) -> Response:
        """Answer the events by date."""
        return self._answer(TIMELINE.all(self.actor, case=self.case_id))

    @endpoint(CASE_READ, summary="List the events of an asset; 0 lists all", gives=TimelineOut)
    def filtered(self, request: Request, asset_id: int) -> Response:
        """Answer the events that touch an asset."""
        if asset_id == 0:
            return self._answer(TIMELINE.all(self.actor, case=self.case_id))
        if not is_possible_id(asset_id):
            return self._answer([])
        rows = TIMELINE_OF_ASSET.all(self.actor, case=self.case_id, asset=asset_id)
        return self._answer(rows)

    @endpoint(CASE_READ, summary="Tell the state of the timeline", gives=StateOut)
    def state(self, request: Request) -> Response:
        """Answer the change counter."""
        return success(data=state_of(self.case_id, services.COUNTER))

    @endpoint(CASE_READ, summary="Fetch an event", gives=EventOut)
    def retrieve(self, request: Request, event_id: int) -> Response:
        """Answer one event."""
        rows = visible_events(self.actor).filter(case_id=self.case_id)
        return success(data=represent(EventOut, find(rows, event_id, services.NOT_IN_CASE)))

    @endpoint(
        CASE_WRITE, summary="Add an event", takes=EventIn, gives=EventOut, hooked="event_create"
    )
    def add(self, request: Request) -> Response:
        """Put an event on the timeline."""
        event = services.add_event(self.actor, self.case_id, **self.read(EventIn))
        return success("Event added", self.written(EventOut, event))

    @endpoint(
        CASE_WRITE, summary="Update an event", takes=EventIn, gives=EventOut, hooked="event_update"
    )
    def update(self, request: Request, event_id: int) -> Response:
        """Change an event."""
        changes = self.read(EventIn)
        event = services.update_event(self.actor, self.case_id, event_id, **changes)
        return success("Event updated", self.written(EventOut, event))

    @endpoint(CASE_WRITE, summary="Delete an event", takes=Empty, hooked="event_delete")
    def delete(self, request: Request, event_id: int) -> Response:
        """Delete an event."""
        services.delete_event(self.actor, self.case_id, event_id)
        return success(f"Event ID {event_id} deleted")

    def _answer(self, rows: Any) -> Response:
        state = state_of(self.case_id, services.COUNTER)
        return success(data={"timeline": rows, "state": state})
