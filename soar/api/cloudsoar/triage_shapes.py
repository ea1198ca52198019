"""Triage events on the wire: what is read of them, and how they look (contract §3.2, §4.5)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from incidents.models import Alert
from incidents.services.converting import is_html
from incidents.services.custom_values import NAME
from incidents.services.fields import IS_READ_ONLY
from soar.api.base import bad_text
from soar.api.cloudsoar.fields import MAXIMUM_INTEGER, Html, Integer, Moment, TagList, Text, Wrapped
from soar.api.cloudsoar.paging import LARGEST_SIZE, ListingIn
from soar.api.cloudsoar.uploads import UploadIn
from soar.core.rich_text import html_of

LONGEST_LABEL, LONGEST_TEXT, MOST_FILES = 200, 1_000_000, 20
NO_FIELD = "There is no such field."
ACTIONS = ("grab", "reassign", "discard", "convert", "delete")
Values = dict[str, Any]


@extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "string"}]})
class LabelOrId(serializers.Field[Any, Any, Any, Any]):
    """One thing by its id, or by the label or name it has."""

    def to_internal_value(self, data: Any) -> int | str:
        """Return the id or the label."""
        given = data[0] if isinstance(data, list) and len(data) == 1 else data
        if isinstance(given, int) and not isinstance(given, bool):
            if 0 < given <= MAXIMUM_INTEGER:
                return given
        elif isinstance(given, str) and given.strip() and len(given) <= LONGEST_LABEL:
            problem = bad_text(given)
            if problem:
                raise serializers.ValidationError(problem)
            return given.strip()
        raise serializers.ValidationError("Give an id or a label.")

    def to_representation(self, value: Any) -> Any:
        """Return it as it is."""
        return value


class WithCustomFields(serializers.Serializer[Any]):
    """A shape whose custom fields, opt_<number>, end up as `custom`.

    What stands in `fields` counts like what stands beside it; an unknown name there is refused.
    """

    def to_internal_value(self, data: Any) -> Values:
        """Return the validated values."""
        if not isinstance(data, Mapping):
            return dict(super().to_internal_value(data))
        inside = data.get("fields") or {}
        if not isinstance(inside, Mapping):
            raise serializers.ValidationError({"fields": ["This must be an object."]})
        known = {name for name in self.fields if name != "fields"}
        unknown = [name for name in inside if name not in known and not NAME.fullmatch(str(name))]
        if unknown:
            raise serializers.ValidationError({str(name): [NO_FIELD] for name in unknown})
        flat = {**inside, **{name: value for name, value in data.items() if name != "fields"}}
        values = dict(super().to_internal_value(flat))
        custom = {name: value for name, value in flat.items() if NAME.fullmatch(str(name))}
        return values | ({"custom": custom} if custom else {})


FIELDS_HELP = "Custom fields, opt_<number>, by their names; they may stand beside it as well."


class TriageChangesIn(WithCustomFields):
    """What changes of an event; what only actions change is refused, so that nobody takes it for done."""

    not_changed: ClassVar[frozenset[str]] = frozenset(
        {"id", "state", "owner", "source", "external_id", "customer", "customer_id"}
    )
    type = LabelOrId(required=False, source="type_id")
    status = LabelOrId(required=False, source="status_id")
    restriction = LabelOrId(required=False, source="severity_id", help_text="The severity.")
    description = Text(required=False, max_length=400, source="title", help_text="A short title.")
    additional_info = Html(required=False, max_length=LONGEST_TEXT, source="description")  # type: ignore[assignment]
    tags = TagList(required=False)
    content = serializers.DictField(
        required=False, help_text="The event as its source sent it; converting keeps it."
    )
    fields = serializers.DictField(required=False, help_text=FIELDS_HELP)  # type: ignore[assignment]

    def to_internal_value(self, data: Any) -> Values:
        """Return the validated values."""
        given = sorted(self.not_changed & set(data)) if isinstance(data, Mapping) else []
        if given:
            raise serializers.ValidationError({name: [IS_READ_ONLY] for name in given})
        return super().to_internal_value(data)


class TriageIn(TriageChangesIn):
    """A new event."""

    not_changed: ClassVar[frozenset[str]] = frozenset()
    type = LabelOrId(source="type_id")
    source = Text(required=False, max_length=200)  # type: ignore[assignment]
    external_id = Text(
        required=False, max_length=200, help_text="What the source calls it; it is taken in once."
    )
    customer_id = Integer(
        required=False, help_text="Without it, the first customer the caller may know."
    )
    attachments = serializers.ListField(child=UploadIn(), required=False, max_length=MOST_FILES)
    attachment = serializers.FileField(required=False, allow_empty_file=True)
    file = serializers.FileField(required=False, allow_empty_file=True)


class TriageListIn(WithCustomFields, ListingIn):
    """What a list of events takes; each parameter but those of paging is an exact match."""

    state = serializers.ListField(
        child=serializers.ChoiceField(choices=Alert.State.values),
        required=False,
        help_text="Pending and grabbed ones unless said otherwise.",
    )
    type = LabelOrId(required=False)
    status = LabelOrId(required=False)
    restriction = LabelOrId(required=False)
    owner = LabelOrId(required=False, help_text="An id, a login, or `me`.")
    source = Text(required=False, max_length=200)  # type: ignore[assignment]
    external_id = Text(required=False, max_length=200)


class TriageSearchIn(ListingIn):
    """A search among all events, whatever their state."""

    all = serializers.BooleanField(
        default=True, help_text="False: only those the caller owns or took in."
    )
    columns = serializers.ListField(
        child=serializers.CharField(max_length=100), required=False, max_length=200
    )


class TriageDetailIn(serializers.Serializer[Any]):
    """How an event is shown."""

    flat = serializers.BooleanField(default=False, help_text="Values without their labels.")


class TriageGrabIn(serializers.Serializer[Any]):
    """Grabbing."""

    owner = LabelOrId(required=False, source="owner_id", help_text="Another one: it is reassigned.")
    force = serializers.BooleanField(
        default=False, source="is_forced", help_text="Take it from its owner; for administrators."
    )


class TriageReassignIn(serializers.Serializer[Any]):
    """Giving away."""

    owner = LabelOrId(source="owner_id")
    note = Text(default="", max_length=10_000)


class TriageReasonIn(serializers.Serializer[Any]):
    """Why."""

    reason = Text(default="", max_length=10_000)


class TriageConvertIn(WithCustomFields):
    """Converting to a new incident, or merging into `incident_id`."""

    template_id = Integer(required=False, allow_null=True)
    label_id = Integer(required=False, allow_null=True)
    incidentid = Text(required=False, max_length=200, source="reference")
    folder_id = Integer(required=False, allow_null=True)
    owner = LabelOrId(required=False, source="owner_id")
    incident_id = Integer(required=False, allow_null=True)
    fields = serializers.DictField(  # type: ignore[assignment]
        required=False, help_text="Custom fields of the incident, opt_<number>."
    )


class TriageNothingIn(serializers.Serializer[Any]):
    """Nothing."""


PARAMETERS: Mapping[str, type[serializers.Serializer[Any]]] = {
    "grab": TriageGrabIn,
    "reassign": TriageReassignIn,
    "discard": TriageReasonIn,
    "convert": TriageConvertIn,
    "delete": TriageNothingIn,
}


class TriageBulkIn(serializers.Serializer[Any]):
    """The same to many events."""

    ids = serializers.ListField(child=Integer(), min_length=1, max_length=LARGEST_SIZE)
    action = serializers.ChoiceField(choices=ACTIONS)
    params = serializers.DictField(default=dict, help_text="What the action takes of one event.")


# --- out


class EventHtml(Html):
    """The text of an event: HTML as it came, or made of markdown."""

    def to_representation(self, value: Any) -> str:
        """Return it sanitised."""
        return super().to_representation(value if is_html(value) else html_of(value))


class Tags(TagList):
    """Tags that are kept as one text."""

    def to_representation(self, data: Any) -> list[str]:
        """Return them one by one."""
        return [tag.strip() for tag in data.split(",") if tag.strip()]


def _wrapped(label: str, inner: Any = Text, source: str = "", id_source: str = "") -> Wrapped:
    more = {"source": source} if source else {}
    return Wrapped(label, inner(), id_source=id_source, **more)


class TriageOut(serializers.Serializer[Any]):
    """An event: each field with its label, custom fields, opt_<number>, too."""

    id = Integer()
    state = _wrapped("State")
    status = _wrapped("Status", source="status.label", id_source="status.list_value.id")
    type = _wrapped("Type", source="type.label", id_source="type_id")
    owner = _wrapped("Owner", source="owner.login", id_source="owner_id")
    restriction = _wrapped("Severity", Text, "severity.list_value.label", "severity.list_value.id")
    description = _wrapped("Description", source="title")
    additional_info = _wrapped("Additional info", EventHtml, "description")
    tags = _wrapped("Tags", Tags)
    source = _wrapped("Source")  # type: ignore[assignment]
    external_id = _wrapped("External ID")
    customer = _wrapped("Customer", source="customer.name", id_source="customer_id")
    created_at = _wrapped("Created at", Moment)
    created_by = _wrapped("Created by", source="created_by.login")
    grabbed_at = _wrapped("Grabbed at", Moment)
    decided_at = _wrapped("Decided at", Moment)
    reason = _wrapped("Reason")
    incident = _wrapped("Incident", Text, "shown_incident.reference", "shown_incident.pk")
    content = _wrapped("Content", serializers.JSONField)


class TriageRowOut(serializers.Serializer[Any]):
    """An event in a list, with the values of its custom fields as opt_<number>."""

    id = Integer()
    state = serializers.ChoiceField(choices=Alert.State.values)
    status = Text(source="status_label")
    type = Text(source="type.label")
    owner = Text(source="owner.login", allow_null=True)
    created_at = Moment()


class IncidentOfTriageOut(serializers.Serializer[Any]):
    """The incident an event became."""

    id = Integer(source="pk")
    incidentid = Text(source="reference")


class TriageConvertedOut(serializers.Serializer[Any]):
    """What became of an event."""

    triage_id = Integer()
    incident = IncidentOfTriageOut()


class TriageMovedOut(TriageRowOut):
    """The event an incident became."""

    incident = IncidentOfTriageOut()


class TriageOwnedOut(serializers.Serializer[Any]):
    """Whose an event is."""

    id = Integer()
    state = serializers.ChoiceField(choices=Alert.State.values)
    owner = Text(source="owner.login", allow_null=True)


class TriageValueOut(serializers.Serializer[Any]):
    """A value of a list field."""

    id = Integer(allow_null=True)
    label = Text()  # type: ignore[assignment]


class TriageColumnOut(serializers.Serializer[Any]):
    """A field of events."""

    field = Text()
    label = Text()  # type: ignore[assignment]
    type = Text()
    sortable = serializers.BooleanField()
    filterable = serializers.BooleanField()
    values = TriageValueOut(many=True)


class TriageFailedOut(serializers.Serializer[Any]):
    """One that was refused, and why."""

    id = Integer()
    error = Text()


class TriageBulkOut(serializers.Serializer[Any]):
    """What became of each."""

    done = serializers.ListField(child=Integer())
    failed = TriageFailedOut(many=True)
