"""Artifacts of an incident (contract §4.3)."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.selectors import visible_artifacts
from incidents.services.artifacts import LONGEST_FIELD, LONGEST_VALUE, add_artifact
from soar.api.base import represent
from soar.api.cloudsoar.fields import Integer, Moment, Text
from soar.api.cloudsoar.filters import FilterField, FilterTable, Moments, Numbers, Texts
from soar.api.cloudsoar.incident_parts import WORKERS, PartViewSet
from soar.api.cloudsoar.paging import ListingIn, Page
from soar.api.cloudsoar.views import endpoint

TABLE = FilterTable(
    FilterField("id", "ID", Numbers(), "pk"),
    FilterField("field", "Field", Texts(), "field"),
    FilterField("value", "Value", Texts(), "value"),
    FilterField("datetime", "Date", Moments(), "added_at"),
    free_text=("field", "value"),
)
EXAMPLE = {
    "id": 12,
    "field": "ipaddress",
    "value": "203.0.113.7",
    "added_by": "mrossi",
    "datetime": "2025-03-04T09:15:00Z",
}


class ArtifactIn(serializers.Serializer[Any]):
    """A value for a field. Named like a type of entities, it becomes one."""

    field = Text(max_length=LONGEST_FIELD, allow_blank=False)
    value = Text(max_length=LONGEST_VALUE, allow_blank=False)


class ArtifactOut(serializers.Serializer[Any]):
    """An artifact."""

    id = Integer()
    field = Text()
    value = Text()
    added_by = Text(source="user.login")
    datetime = Moment(source="added_at")


class NewArtifactOut(ArtifactOut):
    """An artifact with the entity it became, if it did."""

    entity_id = Integer(allow_null=True)


class ArtifactsViewSet(PartViewSet):
    """Artifacts."""

    @endpoint(WORKERS, summary="List artifacts", query=ListingIn, gives=ArtifactOut(many=True))
    def list(self, request: Request, incident: int) -> Response:
        """Answer the artifacts of an incident."""
        self.find_incident(incident)
        rows = visible_artifacts(self.actor).filter(incident=incident).select_related("user")
        page = Page.of(rows, TABLE, self.query(ListingIn), default_order="id")
        return page.answer(request, [represent(ArtifactOut, row) for row in page.rows])

    @endpoint(
        WORKERS,
        summary="Add an artifact",
        takes=ArtifactIn,
        gives=NewArtifactOut,
        code=201,
        examples={"An address": EXAMPLE | {"entity_id": 301}},
    )
    def create(self, request: Request, incident: int) -> Response:
        """Add an artifact."""
        self.admit_writer(incident)
        made, entity = add_artifact(self.actor, incident, **self.read(ArtifactIn))
        row = visible_artifacts(self.actor).select_related("user").get(pk=made.pk)
        entity_id = entity.ioc_id if entity is not None else None
        return Response(represent(ArtifactOut, row) | {"entity_id": entity_id}, status=201)
