"""`custom_fields/`: fields administrators add to incidents and other records (contract §3.8, §4.7)."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.selectors import find
from incidents.models import CustomField
from incidents.selectors import visible_custom_fields
from incidents.services.custom_fields import (
    UNKNOWN,
    add_custom_field,
    remove_custom_field,
    update_custom_field,
)
from soar.api.base import represent
from soar.api.cloudsoar.fields import Html, Integer, Text
from soar.api.cloudsoar.set_up import (
    ADMINISTRATOR,
    CONFLICT,
    PARTLY,
    AnyObject,
    Anything,
    NothingRequired,
)
from soar.api.cloudsoar.views import ANY_TOKEN, CloudSoarViewSet, endpoint

EXAMPLE = {
    "id": 9,
    "section": "incidents",
    "field": "opt_7",
    "label": "Affected site",
    "type": "List",
    "required": False,
    "default": "Milan",
    "values": ["Milan", "Rome"],
    "use_as_filter": True,
    "use_in_notification": False,
    "visible_when": {"type": "Physical"},
    "additional_info": "Where it happened",
    "order": 7,
}
FORMULA = (
    "What a new record begins with. Of a calculation, how it is calculated: "
    '{"operation": "difference" or "sum", "of": [field, field]}.'
)


class CustomFieldOut(serializers.Serializer[Any]):
    """A custom field; `field` is what its values go by."""

    id = Integer()
    section = serializers.ChoiceField(choices=CustomField.Section.values)
    field = Text(source="name")
    label = Text()  # type: ignore[assignment]
    type = serializers.ChoiceField(choices=CustomField.Type.values)
    required = serializers.BooleanField(source="is_required")  # type: ignore[assignment]
    default = Anything(allow_null=True)  # type: ignore[assignment]
    values = serializers.ListField(child=Text())
    use_as_filter = serializers.BooleanField()
    use_in_notification = serializers.BooleanField()
    visible_when = AnyObject()
    additional_info = Html()
    order = Integer(source="position")


class CustomFieldIn(serializers.Serializer[Any]):
    """A new custom field."""

    section = serializers.ChoiceField(choices=CustomField.Section.values)
    label = Text(max_length=200)  # type: ignore[assignment]
    type = serializers.ChoiceField(choices=CustomField.Type.values)
    required = serializers.BooleanField(  # type: ignore[assignment]
        source="is_required", default=False
    )
    default = Anything(  # type: ignore[assignment]
        required=False, allow_null=True, help_text=FORMULA
    )
    values = serializers.ListField(
        child=Text(max_length=200), required=False, max_length=100, help_text="Of lists."
    )
    use_as_filter = serializers.BooleanField(default=False)
    use_in_notification = serializers.BooleanField(default=False)
    visible_when = AnyObject(
        required=False, help_text="The values other fields must have for this one to apply."
    )
    additional_info = Html(required=False, max_length=10_000)
    order = Integer(source="position", required=False, min_value=0, max_value=100_000)


class CustomFieldChangesIn(NothingRequired, CustomFieldIn):
    """What changes of a custom field; not its section and type."""


class SectionIn(serializers.Serializer[Any]):
    """Whose fields to list."""

    section = serializers.ChoiceField(
        choices=CustomField.Section.values, required=False, allow_blank=True
    )


class CustomFieldViewSet(CloudSoarViewSet):
    """Custom fields."""

    @endpoint(
        ANY_TOKEN,
        summary="List the custom fields",
        query=SectionIn,
        gives=CustomFieldOut(many=True),
        examples={"One": [EXAMPLE]},
    )
    def list(self, request: Request) -> Response:
        """Answer those of a section, or all."""
        section = self.query(SectionIn).get("section")
        rows = visible_custom_fields(self.actor)
        shown = rows.filter(section=section) if section else rows
        return Response([represent(CustomFieldOut, row) for row in shown])

    @endpoint(
        ADMINISTRATOR,
        summary="Add a custom field",
        takes=CustomFieldIn,
        gives=CustomFieldOut,
        code=201,
        also=CONFLICT,
        examples={"Added": EXAMPLE},
    )
    def create(self, request: Request) -> Response:
        """Answer the new field with its number."""
        field = add_custom_field(self.actor, **self.read(CustomFieldIn))
        return Response(represent(CustomFieldOut, field), status=201)

    @endpoint(
        ANY_TOKEN, summary="Fetch a custom field", gives=CustomFieldOut, examples={"One": EXAMPLE}
    )
    def retrieve(self, request: Request, field_id: int) -> Response:
        """Answer one field."""
        field = find(visible_custom_fields(self.actor), field_id, UNKNOWN)
        return Response(represent(CustomFieldOut, field))

    @endpoint(
        ADMINISTRATOR,
        summary="Change a custom field",
        description=f"{PARTLY} The type of a field cannot be changed.",
        takes=CustomFieldChangesIn,
        gives=CustomFieldOut,
        also=CONFLICT,
        examples={"Changed": EXAMPLE},
    )
    def update(self, request: Request, field_id: int) -> Response:
        """Answer the field as it is now."""
        field = update_custom_field(self.actor, field_id, **self.read(CustomFieldChangesIn))
        return Response(represent(CustomFieldOut, field))

    @endpoint(ADMINISTRATOR, summary="Remove a custom field", code=204, also=CONFLICT)
    def destroy(self, request: Request, field_id: int) -> Response:
        """Answer nothing; values stay stored, and the number is given to no other field."""
        remove_custom_field(self.actor, field_id)
        return Response(status=204)
