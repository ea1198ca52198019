"""External alerts of an incident (contract §4.3, §5 example 11)."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.selectors import find
from incidents.selectors import visible_external_alerts
from incidents.services.external_alerts import add_external_alert
from soar.api.base import represent
from soar.api.cloudsoar.fields import Integer, Moment, Text
from soar.api.cloudsoar.filters import FilterField, FilterTable, Moments, Numbers, Texts
from soar.api.cloudsoar.incident_parts import WORKERS, PartViewSet
from soar.api.cloudsoar.paging import ListingIn, Page
from soar.api.cloudsoar.views import endpoint

UNKNOWN = "No such external alert of this incident"
LONGEST_TYPE = 200
TABLE = FilterTable(
    FilterField("id", "ID", Numbers(), "pk"),
    FilterField("type", "Type", Texts(), "type"),
    FilterField("name", "Name", Texts(), "name"),
    FilterField("datetime", "Date", Moments(), "received_at"),
    free_text=("type", "name"),
)
EXAMPLE = {
    "id": 5,
    "type": "Sumo Logic",
    "datetime": "2025-03-04T09:45:00Z",
    "data": {
        "rule": "Impossible travel",
        "user": "j.doe",
        "src": ["203.0.113.7", "198.51.100.23"],
    },
}


class ExternalAlertIn(serializers.Serializer[Any]):
    """An alert as it came, and where it came from."""

    type = Text(max_length=LONGEST_TYPE, allow_blank=False)
    data = serializers.DictField()  # type: ignore[assignment]
    name = Text(max_length=LONGEST_TYPE, default="")


class ExternalAlertWhich(serializers.Serializer[Any]):
    """What the client believes of the alert."""

    type = Text(required=False, help_text="Another type than the alert has: 404.")


class ExternalAlertRowOut(serializers.Serializer[Any]):
    """An alert in a list."""

    id = Integer()
    type = Text()
    datetime = Moment(source="received_at")


class NewExternalAlertOut(ExternalAlertRowOut):
    """An alert that was just added."""

    data = serializers.DictField()  # type: ignore[assignment]


class ExternalAlertOut(NewExternalAlertOut):
    """An alert; `actions` and `result` are those of the daemon that made it."""

    name = Text()
    actions = serializers.ListField()
    result = serializers.ListField()


class ExternalAlertsViewSet(PartViewSet):
    """External alerts."""

    @endpoint(
        WORKERS,
        summary="List external alerts",
        query=ListingIn,
        gives=ExternalAlertRowOut(many=True),
    )
    def list(self, request: Request, incident: int) -> Response:
        """Answer the external alerts of an incident."""
        self.find_incident(incident)
        rows = visible_external_alerts(self.actor).filter(incident=incident)
        asked = self.query(ListingIn)
        page = Page.of(rows.defer("data", "result"), TABLE, asked, default_order="id")
        return page.answer(request, [represent(ExternalAlertRowOut, row) for row in page.rows])

    @endpoint(
        WORKERS,
        summary="Add an external alert",
        takes=ExternalAlertIn,
        gives=NewExternalAlertOut,
        code=201,
        examples={"An alert": EXAMPLE},
    )
    def create(self, request: Request, incident: int) -> Response:
        """Keep an alert as it came."""
        self.admit_writer(incident)
        made = add_external_alert(self.actor, incident, **self.read(ExternalAlertIn))
        return Response(represent(NewExternalAlertOut, made), status=201)

    @endpoint(
        WORKERS,
        summary="Fetch an external alert",
        query=ExternalAlertWhich,
        gives=ExternalAlertOut,
        examples={"An alert": EXAMPLE | {"name": "", "actions": [], "result": []}},
    )
    def retrieve(self, request: Request, incident: int, external_alert: int) -> Response:
        """Answer an alert, if it is of the type that is given."""
        self.find_incident(incident)
        rows = visible_external_alerts(self.actor).filter(incident=incident)
        asked = self.query(ExternalAlertWhich)
        if "type" in asked:
            rows = rows.filter(type=asked["type"])
        return Response(represent(ExternalAlertOut, find(rows, external_alert, UNKNOWN)))
