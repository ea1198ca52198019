"""What the views of an incident's parts share: the incident first, then the right to write to it."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cases.permissions import READ, WRITE, level_on_case
from incidents.models import Incident
from incidents.selectors import find_visible_incident
from incidents.services.custom_values import NAME
from soar.api.cloudsoar.fields import MAXIMUM_INTEGER
from soar.api.cloudsoar.paging import Page
from soar.api.cloudsoar.views import CloudSoarViewSet, needs
from soar.core.errors import Forbidden, NotFound
from soar.core.history import is_possible_id
from soar.core.permissions import Permission

WORKERS = needs(Permission.STANDARD_USER)
LONGEST_HTML = 1_000_000
UNKNOWN_INCIDENT = "No such incident"


class PartViewSet(CloudSoarViewSet):
    """Views of what is in an incident."""

    def find_incident(self, incident_id: int) -> Incident:
        """Return the incident of the path. Raise NotFound for a hidden one as for a missing one."""
        return find_visible_incident(self.actor, incident_id, UNKNOWN_INCIDENT)

    def page_of(self, incident_id: int, read: Callable[[], Page]) -> Page:
        """Return a page of visible parts. Raise NotFound as `find_incident` does.

        The incident itself is looked up only where no part shows that it is visible.
        """
        if not is_possible_id(incident_id):
            raise NotFound(UNKNOWN_INCIDENT)
        page = read()
        if not page.rows:
            self.find_incident(incident_id)
        return page

    def admit_writer(self, incident_id: int) -> None:
        """Raise NotFound as `find_incident` does, or Forbidden without full access."""
        level = level_on_case(self.actor, incident_id)
        if level not in READ:
            raise NotFound(UNKNOWN_INCIDENT)
        if level not in WRITE:
            raise Forbidden(case_id=incident_id)


class CustomValuesIn(serializers.Serializer[Any]):
    """A body with values of custom fields, opt_<number>, among its own; they are checked by their service."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the values, those of custom fields as `custom`."""
        values = super().to_internal_value(data)
        custom = {name: value for name, value in data.items() if NAME.fullmatch(str(name))}
        return {**values, "custom": custom} if custom else values


@extend_schema_field(
    {
        "oneOf": [
            {"type": "integer", "minimum": 1, "maximum": MAXIMUM_INTEGER},
            {"type": "string"},
            {"type": "object", "properties": {"group": {"type": "integer"}}},
        ],
        "nullable": True,
    }
)
class Reference(serializers.Field[Any, Any, Any, Any]):
    """What is named by its id or its name, a group as {"group": id}; services find out what is meant."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"required": False, "allow_null": True} | options)

    def to_internal_value(self, data: Any) -> Any:
        """Return the value as it came."""
        is_whole = isinstance(data, int) and not isinstance(data, bool)
        if not is_whole and not isinstance(data, str | dict):
            raise serializers.ValidationError("Not an id or a name.")
        return data

    def to_representation(self, value: Any) -> Any:
        """Return the value."""
        return value
