"""What clients send about incidents: the three known forms of a new one, partial changes, actions (§4.2)."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from incidents.services.custom_values import NAME
from incidents.services.fields import LONGEST_NAME, READ_ONLY
from incidents.services.opening import Extras, Origin
from soar.api.base import bad_text
from soar.api.cloudsoar.fields import MAXIMUM_INTEGER, Html, Integer, Moment, TagList, Text

MOST = 100
NO_FIELD = "There is no such field."
LABEL_OR_ID = {"oneOf": [{"type": "integer"}, {"type": "string"}]}
Values = dict[str, Any]


@extend_schema_field(LABEL_OR_ID)
class LabelOrId(serializers.Field[Any, Any, Any, Any]):
    """One of some values, by its id or its exact label; an empty text is none."""

    default_error_messages = {"invalid": "Not an id or a label."}

    def to_internal_value(self, data: Any) -> int | str | None:
        """Return the id or the label."""
        if isinstance(data, str) and len(data) <= LONGEST_NAME and not bad_text(data):
            return data or None
        is_number = isinstance(data, int) and not isinstance(data, bool)
        if not is_number or not 0 < data <= MAXIMUM_INTEGER:
            self.fail("invalid")
        return int(data)


@extend_schema_field({"oneOf": [*LABEL_OR_ID["oneOf"], {"type": "array", "items": LABEL_OR_ID}]})
class LabelsOrIds(serializers.ListField):
    """Several values by id or label; one alone needs no list."""

    child = LabelOrId()

    def to_internal_value(self, data: Any) -> list[Any]:
        """Return the ids and labels."""
        return super().to_internal_value(data if isinstance(data, list) else [data])


@extend_schema_field(
    {
        "oneOf": [
            *LABEL_OR_ID["oneOf"],
            {
                "type": "object",
                "properties": {"user": LABEL_OR_ID, "group": LABEL_OR_ID},
                "minProperties": 1,
                "maxProperties": 1,
            },
        ]
    }
)
class Whom(LabelOrId):
    """A user by id or user name, or a group as {"group": id}."""

    default_error_messages = {"invalid": 'Name a user, or a group as {{"group": id}}.'}

    def to_internal_value(self, data: Any) -> Any:
        """Return the id, the name, or the object with either."""
        if not isinstance(data, Mapping):
            return super().to_internal_value(data)
        if len(data) != 1 or not set(data) <= {"user", "group"}:
            self.fail("invalid")
        return {key: super(Whom, self).to_internal_value(value) for key, value in data.items()}


class IncidentFieldsIn(serializers.Serializer[Any]):
    """Fields of an incident; custom fields are opt_1, opt_2 and so on. What is not known is refused."""

    incidentid = Text(required=False, max_length=LONGEST_NAME)
    type = LabelsOrIds(required=False, allow_null=True, max_length=MOST)
    status = LabelOrId(required=False)
    restriction = LabelOrId(required=False, help_text="The severity.")
    incident_kind = LabelOrId(required=False, allow_null=True)
    incident_category = LabelOrId(required=False, allow_null=True)
    purpose = LabelOrId(required=False, allow_null=True)
    phase = LabelOrId(required=False, allow_null=True)
    description = Text(required=False, max_length=LONGEST_NAME, help_text="The title.")
    additional_info = Html(required=False)
    starttime = Moment(required=False, allow_null=True)
    endtime = Moment(required=False, allow_null=True)
    openingtime = Moment(required=False)
    timezone = Text(required=False, max_length=LONGEST_NAME)
    owner = Whom(required=False)
    folder = LabelOrId(required=False, allow_null=True)
    tags = TagList(required=False)
    inhibit_phases = serializers.BooleanField(required=False)
    closing_note = Text(required=False)

    def to_internal_value(self, data: Any) -> Values:
        """Return the fields as they are called outside, custom ones among them."""
        if not isinstance(data, Mapping):
            return super().to_internal_value(data)
        others = {name: data[name] for name in set(data) - set(self.fields)}
        kept = {name: value for name, value in others.items() if _is_judged_later(name)}
        unknown = sorted(str(name) for name in others if name not in kept)
        if unknown:
            raise serializers.ValidationError({name: [NO_FIELD] for name in unknown})
        return {**super().to_internal_value(data), **kept}


class IncidentChangeIn(IncidentFieldsIn):
    """Only the fields to change, in `fields` or beside it."""

    fields = IncidentFieldsIn(required=False)  # type: ignore[assignment]


class OpeningTemplateIn(serializers.Serializer[Any]):
    """A template, as one known client names it."""

    id = Integer(min_value=1)


class OpeningArtifactIn(serializers.Serializer[Any]):
    """A value for a field."""

    field = Text(max_length=LONGEST_NAME, allow_blank=False)
    value = Text(max_length=10_000, allow_blank=False)


class InvestigatorIn(serializers.Serializer[Any]):
    """A user or a group, and as what; with one of the reading roles it may only read."""

    user = LabelOrId(required=False)
    group = LabelOrId(required=False)
    role = Text(required=False, max_length=LONGEST_NAME // 2)

    def validate(self, attrs: Values) -> Values:
        """Let a user or a group pass, not both."""
        if (attrs.get("user") is None) == (attrs.get("group") is None):
            raise serializers.ValidationError("Name a user or a group.")
        return attrs


class InvestigatorQueryIn(serializers.Serializer[Any]):
    """The user or the group whose work on an incident ends."""

    user = LabelOrId(required=False)
    group = LabelOrId(required=False)


class IncidentIn(IncidentChangeIn):
    """A new incident: `template_id` with `fields`; or `name`, `incident_type` and `owner`; or all flat."""

    template_id = Integer(required=False, allow_null=True, min_value=1)
    incident_type = OpeningTemplateIn(required=False, help_text="The template, by its id.")
    name = Text(required=False, max_length=LONGEST_NAME, help_text="The incident ID.")
    label_id = Integer(required=False, allow_null=True, min_value=1)
    folder_id = Integer(required=False, allow_null=True, min_value=1)
    customer_id = Integer(
        required=False,
        allow_null=True,
        min_value=1,
        help_text="Whose incident it is; without it, of the first customer that the caller may write.",
    )
    parent_id = Integer(required=False, allow_null=True, min_value=1)
    artifacts: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=OpeningArtifactIn(), required=False, max_length=MOST
    )
    investigators: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=InvestigatorIn(), required=False, max_length=MOST
    )


class ClosingIn(serializers.Serializer[Any]):
    """How an incident ends."""

    closing_note = Text(required=False, default="", help_text="Required if the setting says so.")
    status = LabelOrId(required=False, allow_null=True, help_text="A closed one.")
    outcome = LabelOrId(required=False, allow_null=True, help_text="By number or label.")


class ReopeningIn(serializers.Serializer[Any]):
    """How an incident goes on."""

    status = LabelOrId(required=False, allow_null=True, help_text="An open one.")
    note = Text(source="reason", required=False, default="", max_length=10_000)


class CloneIn(serializers.Serializer[Any]):
    """What the new incident is called."""

    incidentid = Text(source="reference", required=False, default="", max_length=LONGEST_NAME)


class MoveIn(serializers.Serializer[Any]):
    """Where an incident goes."""

    folder_id = Integer()


class OwnerIn(serializers.Serializer[Any]):
    """Whom an incident is given to."""

    owner = Whom()


class PhaseIn(serializers.Serializer[Any]):
    """The phase an incident enters."""

    phase = LabelOrId()


class RelationIn(serializers.Serializer[Any]):
    """Another incident, and what it is to this one."""

    incident_id = Integer(source="other_id")
    relation = serializers.ChoiceField(choices=["parent", "child", "related"])


class BulkIn(serializers.Serializer[Any]):
    """One action for many incidents; `params` are what the action takes for one."""

    ids = serializers.ListField(child=Integer(min_value=1), allow_empty=False, max_length=500)
    action = serializers.ChoiceField(
        choices=[
            "edit",
            "close",
            "reopen",
            "delete",
            "restore",
            "add_investigator",
            "change_owner",
        ]
    )
    params = serializers.DictField(required=False, default=dict)


class RemovalIn(serializers.Serializer[Any]):
    """Whether an incident is deleted for good."""

    physical = serializers.BooleanField(required=False, allow_null=True)


class DetailIn(serializers.Serializer[Any]):
    """How an incident is shown."""

    flat = serializers.BooleanField(required=False, allow_null=True)


def changes_of(body: Values) -> Values:
    """Return the fields of a body; those in `fields` win over those beside it."""
    return {name: body[name] for name in body if name != "fields"} | body.get("fields", {})


def opening_of(body: Values) -> tuple[Values, Origin, Extras]:
    """Return what a body says of a new incident: its fields, where it begins, and what comes with it."""
    fields = changes_of(body)
    given = {name: fields.pop(name, None) for name in _BESIDE_FIELDS}
    name = given["name"]
    if name and not fields.get("incidentid"):
        fields["incidentid"] = name
    elif name and name != fields["incidentid"]:
        fields.setdefault("description", name)
    template = given["incident_type"] or {}
    origin = Origin(
        template_id=given["template_id"] or template.get("id"),
        label_id=given["label_id"],
        folder_id=given["folder_id"],
        customer_id=given["customer_id"],
    )
    artifacts = [(one["field"], one["value"]) for one in given["artifacts"] or ()]
    return fields, origin, Extras(artifacts, given["investigators"] or (), given["parent_id"])


def whom_of(values: Values) -> Values:
    """Return who is named by `user` or `group`."""
    return {key: values[key] for key in ("user", "group") if values.get(key) is not None}


_BESIDE_FIELDS = (
    "template_id",
    "incident_type",
    "name",
    "label_id",
    "folder_id",
    "customer_id",
    "parent_id",
    "artifacts",
    "investigators",
)


def _is_judged_later(name: Any) -> bool:
    """Tell whether a name is a custom field's or a read-only one, of which the service knows more."""
    return isinstance(name, str) and bool(NAME.fullmatch(name) or name in READ_ONLY)
