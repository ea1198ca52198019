"""`incident_labels/`: the naming schemes of incidents (contract §3.9, §4.7)."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.selectors import find
from incidents.selectors import visible_incident_labels
from incidents.services.labels import (
    UNKNOWN,
    add_label,
    delete_label,
    preview_label,
    update_label,
)
from soar.api.base import represent
from soar.api.cloudsoar.fields import Integer, Text
from soar.api.cloudsoar.set_up import ADMINISTRATOR, CONFLICT, PARTLY, NothingRequired
from soar.api.cloudsoar.views import ANY_TOKEN, CloudSoarViewSet, endpoint

PARTS = (
    "Text with parts: {day} {month} {year} {roman_month} {counter} {counter_from:100} {counter_year} "
    "{counter_day} {random}. Counters but {counter_from:..} take a width, as in {counter_year:05d}."
)
EXAMPLE = {
    "id": 1,
    "name": "Incident",
    "description": "INC-2025-00042",
    "value": "INC-{year}-{counter_year:05d}",
    "is_default": True,
}


class LabelOut(serializers.Serializer[Any]):
    """A naming scheme; exactly one is the default."""

    id = Integer()
    name = Text()
    description = Text()
    value = Text()
    is_default = serializers.BooleanField()


class LabelIn(serializers.Serializer[Any]):
    """A new naming scheme."""

    name = Text(max_length=100)
    description = Text(default="", max_length=10_000)
    value = Text(max_length=200, help_text=PARTS)
    is_default = serializers.BooleanField(default=False)


class LabelChangesIn(NothingRequired, LabelIn):
    """What changes of a naming scheme."""


class PreviewIn(serializers.Serializer[Any]):
    """The pattern to try; the label's own unless given."""

    value = Text(required=False, max_length=200, help_text=PARTS)


class PreviewOut(serializers.Serializer[Any]):
    """A name to come."""

    next = Text()


class LabelViewSet(CloudSoarViewSet):
    """Incident labels."""

    @endpoint(
        ANY_TOKEN,
        summary="List the naming schemes",
        gives=LabelOut(many=True),
        examples={"One": [EXAMPLE]},
    )
    def list(self, request: Request) -> Response:
        """Answer all of them."""
        return Response([represent(LabelOut, row) for row in visible_incident_labels(self.actor)])

    @endpoint(
        ADMINISTRATOR,
        summary="Add a naming scheme",
        takes=LabelIn,
        gives=LabelOut,
        code=201,
        also=CONFLICT,
        examples={"Added": EXAMPLE},
    )
    def create(self, request: Request) -> Response:
        """Answer the new label."""
        label = add_label(self.actor, **self.read(LabelIn))
        return Response(represent(LabelOut, label), status=201)

    @endpoint(ANY_TOKEN, summary="Fetch a naming scheme", gives=LabelOut, examples={"One": EXAMPLE})
    def retrieve(self, request: Request, label_id: int) -> Response:
        """Answer one label."""
        label = find(visible_incident_labels(self.actor), label_id, UNKNOWN)
        return Response(represent(LabelOut, label))

    @endpoint(
        ADMINISTRATOR,
        summary="Change a naming scheme",
        description=PARTLY,
        takes=LabelChangesIn,
        gives=LabelOut,
        also=CONFLICT,
        examples={"Changed": EXAMPLE},
    )
    def update(self, request: Request, label_id: int) -> Response:
        """Answer the label as it is now."""
        label = update_label(self.actor, label_id, **self.read(LabelChangesIn))
        return Response(represent(LabelOut, label))

    @endpoint(
        ADMINISTRATOR,
        summary="Delete a naming scheme",
        code=204,
        also=CONFLICT,
    )
    def destroy(self, request: Request, label_id: int) -> Response:
        """Answer nothing; 409 for the default one and one that a template uses."""
        delete_label(self.actor, label_id)
        return Response(status=204)

    @endpoint(
        ANY_TOKEN,
        summary="Show the next name without using the counter up",
        takes=PreviewIn,
        gives=PreviewOut,
        examples={"A name": {"next": "INC-2025-00043"}},
    )
    def preview(self, request: Request, label_id: int) -> Response:
        """Answer the name."""
        return Response({"next": preview_label(self.actor, label_id, **self.read(PreviewIn))})
