"""`list_values/`: what fields are chosen from, all in one space of ids (contract §1.5, §4.7)."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.models import ListField
from incidents.selectors import visible_list_values
from soar.api.base import represent
from soar.api.cloudsoar.fields import Integer, Text
from soar.api.cloudsoar.views import ANY_TOKEN, CloudSoarViewSet, endpoint

EXAMPLE = {
    "id": 9,
    "field": "status",
    "label": "Closed",
    "internal": True,
    "is_closed": True,
    "order": 9,
}


class ListValueOut(serializers.Serializer[Any]):
    """A value of a field; internal ones can be renamed only."""

    id = Integer()
    field = serializers.ChoiceField(choices=ListField.values)
    label = Text()  # type: ignore[assignment]
    internal = serializers.BooleanField(source="is_internal")
    is_closed = serializers.SerializerMethodField()
    order = Integer(source="position")

    def get_is_closed(self, value: Any) -> bool:
        """Tell whether incidents of this status are closed."""
        return value.case_state is not None and value.case_state.is_closed


class FieldIn(serializers.Serializer[Any]):
    """Whose values to list."""

    field = serializers.ChoiceField(choices=ListField.values, required=False, allow_blank=True)


class ListValueViewSet(CloudSoarViewSet):
    """List values; administrators change them in the console."""

    @endpoint(
        ANY_TOKEN,
        summary="List the values of a field, or of all fields",
        query=FieldIn,
        gives=ListValueOut(many=True),
        examples={"A status": [EXAMPLE]},
    )
    def list(self, request: Request) -> Response:
        """Answer the values in their order."""
        field = self.query(FieldIn).get("field")
        rows = visible_list_values(self.actor).select_related("case_state")
        shown = rows.filter(field=field) if field else rows
        return Response([represent(ListValueOut, row) for row in shown])
