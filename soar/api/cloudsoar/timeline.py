"""The war room of an incident: its timeline (contract §3.5, §4.3, §5 example 10)."""

import datetime as dt
import json
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import orjson
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.services.war_room import add_timeline_entry, mark_step
from incidents.war_room import (
    CATEGORY_NAMES,
    LONGEST_TITLE,
    category_of,
    of_category,
    safe_body_of,
    title_of,
    visible_steps,
)
from soar.api.base import encoded
from soar.api.cloudsoar.fields import Html, Integer, Moment, Text, Wrapped
from soar.api.cloudsoar.filters import FilterField, FilterTable, Moments, Numbers, Texts
from soar.api.cloudsoar.incident_parts import (
    LONGEST_HTML,
    WORKERS,
    PartViewSet,
)
from soar.api.cloudsoar.paging import LARGEST_SIZE, ListingIn, Page
from soar.api.cloudsoar.views import FailureOut, endpoint
from soar.core.actor import Actor
from soar.core.compiled import Among, CompiledPage, CompiledRows, ids_text
from soar.core.models import AuditLog

UNSET = 0
ENDTIME = {"name": "End time", "value": UNSET}
TABLE = FilterTable(
    FilterField("id", "ID", Numbers(), "pk"),
    FilterField("starttime", "Start time", Moments(), "happened_at"),
    FilterField("category", "Category", Texts(), "category"),
    FilterField("created_by", "Created by", Texts(), "actor_login"),
    free_text=("summary",),
)
EXAMPLE = {
    "id": 3,
    "starttime": {"name": "Start time", "value": 1741080782, "iso": "2025-03-04T09:33:02Z"},
    "endtime": ENDTIME,
    "category": {"name": "Category", "value": "note"},
    "title": {"name": "Title", "value": "Investigation"},
    "additional_info": {"name": "Additional info", "value": "<p>..</p>"},
    "created_by": {"name": "Created by", "value": "mrossi"},
    "is_locked": {"name": "Locked", "value": False},
    "is_printed": {"name": "Printed", "value": True},
    "is_deleted": {"name": "Deleted", "value": False},
}


class TimelineIn(ListingIn):
    """Which steps are asked for. Without a size the last 500."""

    page_size = Integer(min_value=1, max_value=LARGEST_SIZE, default=LARGEST_SIZE)
    category = serializers.ChoiceField(
        choices=CATEGORY_NAMES, required=False, allow_null=True, help_text="One category only."
    )
    is_deleted = serializers.BooleanField(
        default=False, help_text="Deleted steps instead of the others."
    )


class EntryIn(serializers.Serializer[Any]):
    """An entry for the war room."""

    title = Text(max_length=LONGEST_TITLE, allow_blank=False)
    additional_info = Text(source="body_html", default="", max_length=LONGEST_HTML)
    starttime = Moment(source="started_at", required=False, allow_null=True)


class MarksIn(serializers.Serializer[Any]):
    """What is decided about a step. A printed one stands in the timeline of the case."""

    is_locked = serializers.BooleanField(required=False)
    is_printed = serializers.BooleanField(required=False)
    is_deleted = serializers.BooleanField(required=False)
    title = Text(max_length=LONGEST_TITLE, required=False, help_text="Empty: its own again.")


class StarttimeOut(serializers.Serializer[Any]):
    """When a step was taken, in seconds since 1970 and as ISO 8601."""

    name = serializers.CharField()
    value = Integer()
    iso = serializers.CharField()


class StepOut(serializers.Serializer[Any]):
    """A step of the war room; its id is that of its line in the audit trail."""

    id = Integer()
    starttime = StarttimeOut()
    endtime = Wrapped("End time", Integer())
    category = Wrapped("Category", Text())
    title = Wrapped("Title", Text())
    additional_info = Wrapped("Additional info", Html())
    created_by = Wrapped("Created by", Text())
    is_locked = Wrapped("Locked", serializers.BooleanField())
    is_printed = Wrapped("Printed", serializers.BooleanField())
    is_deleted = Wrapped("Deleted", serializers.BooleanField())


class Mark(NamedTuple):
    """What was decided about a step."""

    is_locked: bool = False
    is_printed: bool = False
    is_deleted: bool = False
    title: str = ""


UNMARKED = Mark()


class Step(NamedTuple):
    """The columns of a step, in the order of COLUMNS: for a list no object is made per line (bench/)."""

    pk: int
    happened_at: dt.datetime
    category: str
    action: str
    summary: str
    details: Any
    actor_login: str
    mark: Mark

    @classmethod
    def of(cls, row: Sequence[Any]) -> "Step":
        """Return the step of a row of COLUMNS."""
        pk, moment, action, summary, details, login, *marks = row
        mark = UNMARKED if marks[0] is None else Mark(*marks)
        told = (category_of(action), action, summary, _read(details), login)
        return cls(pk, _moment(moment), *told, mark)


def _text(column: str) -> Cast:
    return Cast(column, TextField())


# Time and details as the database has them: its driver takes several times as long to read them.
TIME, DETAILS = _text("happened_at"), _text("details")
MARKED = ("mark__is_locked", "mark__is_printed", "mark__is_deleted", "mark__title")
COLUMNS = ("pk", TIME, "action", "summary", DETAILS, "actor_login", *MARKED)


def _moment(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _read(text: str) -> Any:
    """Return what JSON says; only texts of it are shown, so its numbers may be rounded."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:  # NaN, which SQLite takes for a number
        return json.loads(text)


def _steps(actor: Actor, incident: int, *, category: str, is_deleted: bool) -> QuerySet[Any]:
    rows = visible_steps(actor, incident)
    rows = of_category(rows, category) if category else rows
    marked = {"mark__is_deleted": True}
    return rows.filter(**marked) if is_deleted else rows.exclude(**marked)


@cache
def _page_of(category: str, is_deleted: bool) -> CompiledPage:  # noqa: FBT001  (a key)
    def build(actor: Actor, incident: int) -> QuerySet[AuditLog]:
        rows = _steps(actor, incident, category=category, is_deleted=is_deleted)
        return rows.order_by("-happened_at", "-pk")

    # First which, then what: only ids pass through the count of thousands.
    return CompiledPage(build, "pk", counts_within=True, incident=int)


def _of_ids(actor: Actor, incident: int, ids: str) -> QuerySet[Any, Any]:
    rows: QuerySet[Any] = visible_steps(actor, incident).filter(Among("id", ids))
    return rows.order_by("-happened_at", "-pk").values_list(*COLUMNS)


_STEPS = CompiledRows(_of_ids, incident=int, ids=str)


def shown(step: Any) -> dict[str, Any]:
    """Return a step, or its columns, as StepOut shows it, its time as a moment."""
    mark = getattr(step, "mark", None) or UNMARKED
    moment: dt.datetime = step.happened_at
    return {
        "id": step.pk,
        "starttime": {"name": "Start time", "value": int(moment.timestamp()), "iso": moment},
        "endtime": ENDTIME,
        "category": {"name": "Category", "value": step.category},
        "title": {"name": "Title", "value": title_of(step)},
        "additional_info": {"name": "Additional info", "value": safe_body_of(step)},
        "created_by": {"name": "Created by", "value": step.actor_login},
        "is_locked": {"name": "Locked", "value": mark.is_locked},
        "is_printed": {"name": "Printed", "value": mark.is_printed},
        "is_deleted": {"name": "Deleted", "value": mark.is_deleted},
    }


class TimelineViewSet(PartViewSet):
    """The war room."""

    @endpoint(
        WORKERS,
        summary="Read the war room",
        description="Every step taken in an incident, newest first. Titles and texts are those of the "
        "moment the step was taken.",
        query=TimelineIn,
        gives=StepOut(many=True),
        examples={"One step": [EXAMPLE]},
    )
    def list(self, request: Request, incident: int) -> Response:
        """Answer the steps of an incident."""
        asked = self.query(TimelineIn)
        page = self.page_of(incident, lambda: self._page(incident, asked))
        return page.answer(request, encoded([shown(Step.of(row)) for row in page.rows]))

    @endpoint(
        WORKERS,
        summary="Write into the war room",
        takes=EntryIn,
        gives=StepOut,
        code=201,
        examples={"A step": EXAMPLE},
    )
    def create(self, request: Request, incident: int) -> Response:
        """Write an entry."""
        self.admit_writer(incident)
        step = add_timeline_entry(self.actor, incident, **self.read(EntryIn))
        return Response(encoded(shown(step)), status=201)

    @endpoint(
        WORKERS,
        summary="Lock, print, delete or name a step of the war room",
        takes=MarksIn,
        gives=StepOut,
        also={409: FailureOut},
        examples={"A step": EXAMPLE},
    )
    def mark(self, request: Request, incident: int, step: int) -> Response:
        """Decide about a step."""
        self.admit_writer(incident)
        marked = mark_step(self.actor, incident, step, **self.read(MarksIn))
        return Response(encoded(shown(marked)))

    def _page(self, incident: int, asked: dict[str, Any]) -> Page:
        category, is_deleted = asked.get("category") or "", asked["is_deleted"]
        if asked["filter"].strip() or asked["order_by"]:
            steps = _steps(self.actor, incident, category=category, is_deleted=is_deleted)
            return Page.of(steps, TABLE, asked, default_order="-starttime", columns=COLUMNS)
        number, size = asked["page_number"], asked["page_size"]
        query, start = _page_of(category, is_deleted), (number - 1) * size
        found, total = query.read(actor=self.actor, incident=incident, start=start, size=size)
        ids = ids_text(pk for (pk,) in found)
        rows = _STEPS.rows(actor=self.actor, incident=incident, ids=ids) if found else ()
        return Page([*rows], total, number, size)
