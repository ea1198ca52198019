"""What the resources of set-up share: who may write them, changes in part, free JSON, short answers."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from soar.api.base import refuse_bad_texts
from soar.api.cloudsoar.views import FailureOut, needs
from soar.core.permissions import Permission

ADMINISTRATOR = needs(Permission.SERVER_ADMINISTRATOR)
CONFLICT = {409: FailureOut}
PARTLY = "What is not given stays as it is, with PUT and PATCH alike."


class NothingRequired:
    """Mixed into the shape of a new object, makes it the shape of changes: nothing is required or assumed."""

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, each of which may be left out."""
        fields: dict[str, Any] = super().get_fields()  # type: ignore[misc]
        for field in fields.values():
            field.required, field.default = False, serializers.empty
        return fields


@extend_schema_field({})
class Anything(serializers.JSONField):
    """Any JSON that can be stored."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the value, unless some text in it could not be stored."""
        refuse_bad_texts(data)
        return super().to_internal_value(data)


@extend_schema_field({"type": "object", "additionalProperties": {}})
class AnyObject(Anything):
    """A JSON object whose members are free; what they may be is the service's to say."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the object."""
        if not isinstance(data, dict):
            raise serializers.ValidationError("Expected an object.")
        return super().to_internal_value(data)
