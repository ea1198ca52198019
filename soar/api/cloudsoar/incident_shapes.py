"""How incidents look: every field by its label in the detail, bare in lists (contract §1.5, §3.1)."""

from copy import deepcopy
from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers

from incidents.services.incident_facts import LABELS, owner_name
from soar.api.cloudsoar.fields import Html, Integer, Moment, Text, Wrapped

Values = dict[str, Any]
WITH_ID = (
    "type",
    "status",
    "restriction",
    "incident_kind",
    "incident_category",
    "purpose",
    "phase",
)
ROW = (
    "id",
    "incidentid",
    "type",
    "status",
    "restriction",
    "description",
    "owner",
    "folder",
    "tags",
    "openingtime",
    "starttime",
    "closingtime",
    "is_deleted",
    "favorite",
)


def _texts() -> serializers.ListField:
    return serializers.ListField(child=Text())


class FlatIncidentOut(serializers.Serializer[Any]):
    """An incident with bare values; custom fields are opt_1, opt_2 and so on beside them."""

    id = Integer()
    incidentid = Text()
    type = _texts()
    status = Text()
    restriction = Text()
    incident_kind = Text(allow_null=True)
    incident_category = Text(allow_null=True)
    purpose = Text(allow_null=True)
    phase = Text(allow_null=True)
    description = Text()
    additional_info = Html()
    owner = Text()
    folder = Text(allow_null=True)
    starttime = Moment(allow_null=True)
    endtime = Moment(allow_null=True)
    openingtime = Moment()
    closingtime = Moment(allow_null=True)
    timezone = Text()
    tags = _texts()
    inhibit_phases = serializers.BooleanField()
    closing_note = Text(allow_null=True)
    is_deleted = serializers.BooleanField()
    favorite = serializers.BooleanField()
    created_by = Text()
    generated_by = Text()


def _declared() -> dict[str, Any]:
    return deepcopy(FlatIncidentOut._declared_fields)


def _wrapped() -> dict[str, Any]:
    inner = _declared()
    return {"id": Integer()} | {
        name: Wrapped(label, inner[name], id_source=f"{name}_id" if name in WITH_ID else "")
        for name, label in LABELS.items()
    }


class IncidentColumnsOut(FlatIncidentOut):
    """The columns of an incident that were asked for, and its id."""

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, of which only the id is always there."""
        fields = super().get_fields()
        for name, one in fields.items():
            one.required = name == "id"
        return fields


Shape = type[serializers.Serializer[Any]]
SERIALIZER = (serializers.Serializer,)
IncidentOut: Shape = type(
    "IncidentOut",
    SERIALIZER,
    {"__doc__": "An incident, every field with its label; custom fields likewise.", **_wrapped()},
)
IncidentRowOut: Shape = type(
    "IncidentRowOut",
    SERIALIZER,
    {"__doc__": "An incident in a list.", **{name: _declared()[name] for name in ROW}},
)
DETAIL = PolymorphicProxySerializer(
    component_name="IncidentDetail",
    serializers=[IncidentOut, FlatIncidentOut],
    resource_type_field_name=None,
)


class ChosenFolderOut(serializers.Serializer[Any]):
    """A folder."""

    id = Integer()
    name = Text()


class MovedOut(serializers.Serializer[Any]):
    """Where an incident is now."""

    id = Integer()
    folder = ChosenFolderOut()


class OwnerOut(serializers.Serializer[Any]):
    """Whom an incident belongs to: a user name, or a group as `Name (group)`."""

    id = Integer()
    owner = Text()


class InvestigatorOut(serializers.Serializer[Any]):
    """Who works on an incident: `id` is that of the user or the group."""

    id = Integer()
    kind = serializers.ChoiceField(choices=["user", "group"])
    name = Text()
    role = Text()


class RelationOut(serializers.Serializer[Any]):
    """Another incident, and what it is to this one."""

    id = Integer()
    incident_id = Integer()
    incidentid = Text()
    relation = serializers.ChoiceField(choices=["parent", "child", "related"])


class RefusalOut(serializers.Serializer[Any]):
    """Why an action was not done to an incident."""

    id = Integer()
    error = Text()


class BulkOut(serializers.Serializer[Any]):
    """What an action was done to, and what not."""

    done = serializers.ListField(child=Integer())
    failed = RefusalOut(many=True)


class ColumnValueOut(serializers.Serializer[Any]):
    """A value a field can have."""

    id = Integer(allow_null=True)
    label = Text()  # type: ignore[assignment]


class ColumnOut(serializers.Serializer[Any]):
    """A field of incidents: how it is called, and what can be done with it."""

    field = Text()
    label = Text()  # type: ignore[assignment]
    type = Text()
    sortable = serializers.BooleanField()
    filterable = serializers.BooleanField()
    values = ColumnValueOut(many=True)


def owner_of(incident: Any) -> Values:
    """Return whom an incident belongs to."""
    return {"id": incident.pk, "owner": owner_name(incident.case)}
