"""The war room of an incident: its timeline (contract §3.5, §4.3, §5 example 10)."""

from typing import Any

from django.db.models import Q
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.models import TimelineMark
from incidents.services.war_room import add_timeline_entry, mark_step
from incidents.war_room import CATEGORY_NAMES, LONGEST_TITLE, body_of, title_of, visible_steps
from soar.api.base import represent
from soar.api.cloudsoar.fields import Html, Integer, Moment, Text, Wrapped
from soar.api.cloudsoar.filters import FilterField, FilterTable, Moments, Numbers, Texts
from soar.api.cloudsoar.incident_parts import LONGEST_HTML, WORKERS, PartViewSet
from soar.api.cloudsoar.paging import LARGEST_SIZE, ListingIn, Page
from soar.api.cloudsoar.views import FailureOut, endpoint
from soar.core.models import AuditLog

UNSET = 0
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
    "endtime": {"name": "End time", "value": UNSET},
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


def shown(step: AuditLog) -> dict[str, Any]:
    """Return a step as this door shows it."""
    mark: TimelineMark = getattr(step, "mark", None) or TimelineMark()
    moment = step.happened_at  # type: ignore[attr-defined]
    values = {
        "id": step.pk,
        "starttime": {
            "name": "Start time",
            "value": int(moment.timestamp()),
            "iso": Moment().to_representation(moment),
        },
        "endtime": UNSET,
        "category": step.category,  # type: ignore[attr-defined]
        "title": title_of(step),
        "additional_info": body_of(step),
        "created_by": step.actor_login,
        "is_locked": mark.is_locked,
        "is_printed": mark.is_printed,
        "is_deleted": mark.is_deleted,
    }
    return represent(StepOut, values)


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
        self.find_incident(incident)
        asked = self.query(TimelineIn)
        rows = visible_steps(self.actor, incident)
        deleted = {"mark__is_deleted": True}
        rows = rows.filter(**deleted) if asked["is_deleted"] else rows.exclude(**deleted)
        if asked.get("category"):
            rows = rows.filter(Q(category=asked["category"]))
        page = Page.of(rows, TABLE, asked, default_order="-starttime")
        return page.answer(request, [shown(step) for step in page.rows])

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
        return Response(shown(step), status=201)

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
        return Response(shown(mark_step(self.actor, incident, step, **self.read(MarksIn))))
