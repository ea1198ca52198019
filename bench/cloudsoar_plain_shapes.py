"""The serializers of the plain program for the Cloud SOAR door: ModelSerializers over prefetched objects."""

from html import escape
from typing import Any

from markdown_it import MarkdownIt
from rest_framework import serializers

from cases.models import CaseIoc
from incidents.models import Alert, Incident
from incidents.services.entity_tags import shown_tags
from incidents.services.entity_types import entity_type_of
from incidents.war_room import title_of
from iocs.models import Ioc
from soar.core.models import ApiToken, AuditLog, User
from soar.core.rich_text import sanitised_html

MARKDOWN = MarkdownIt("commonmark", {"html": True})
SECOND = "%Y-%m-%dT%H:%M:%SZ"


def moment(**options: Any) -> serializers.DateTimeField:
    """Return a field of a moment, to the second."""
    return serializers.DateTimeField(format=SECOND, **options)


def split(text: str | None) -> list[str]:
    """Return tags one by one."""
    return [tag.strip() for tag in (text or "").split(",") if tag.strip()]


class GroupShape(serializers.Serializer[Any]):
    """A group."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class TokenShape(serializers.ModelSerializer[ApiToken]):
    """A token."""

    created_at, expires_at, last_used_at = moment(), moment(), moment()

    class Meta:
        model = ApiToken
        fields = ["jti", "created_at", "expires_at", "last_used_at"]


class UserShape(serializers.ModelSerializer[User]):
    """The caller."""

    username = serializers.CharField(source="login")
    first_name = serializers.SerializerMethodField()
    last_name = serializers.SerializerMethodField()
    groups = GroupShape(many=True)

    class Meta:
        model = User
        fields = ["id", "username", "first_name", "last_name", "email", "is_active", "groups"]

    def get_first_name(self, user: User) -> str:
        """Return all but the last word of his name."""
        return user.name.rpartition(" ")[0] or user.name

    def get_last_name(self, user: User) -> str:
        """Return the last of several words of his name."""
        first, _, last = user.name.rpartition(" ")
        return last if first else ""


class EntityShape(serializers.ModelSerializer[Ioc]):
    """An entity in a list, its records prefetched."""

    type = serializers.SerializerMethodField()
    tag = serializers.SerializerMethodField()
    related_incidents_count = serializers.SerializerMethodField()
    favorite = serializers.SerializerMethodField()
    locked = serializers.SerializerMethodField()
    deleted = serializers.SerializerMethodField()

    class Meta:
        model = Ioc
        fields = [
            *("id", "value", "type", "tag", "related_incidents_count"),
            *("favorite", "locked", "deleted"),
        ]

    def get_type(self, ioc: Ioc) -> str:
        """Return the type as this door names it."""
        return entity_type_of(ioc.type.name)

    def get_tag(self, ioc: Ioc) -> list[dict[str, str]]:
        """Return the tags."""
        records = [*ioc.case_iocs.all(), *ioc.alert_iocs.all(), *ioc.catalogue_entries.all()]
        return [{"value": tag} for tag in shown_tags(ioc.verdict, [one.tags for one in records])]

    def get_related_incidents_count(self, ioc: Ioc) -> int:
        """Return in how many incidents it is."""
        return len(ioc.case_iocs.all())

    def get_favorite(self, ioc: Ioc) -> bool:
        """Tell whether it is a favourite of the caller."""
        return ioc.pk in self.context["favorites"]

    def get_locked(self, ioc: Ioc) -> bool:
        """Tell whether it is locked."""
        return ioc.locked_at is not None

    def get_deleted(self, ioc: Ioc) -> bool:
        """Tell whether it is deleted."""
        return ioc.deleted_at is not None


class RelatedShape(serializers.ModelSerializer[CaseIoc]):
    """An incident an entity is in."""

    id = serializers.IntegerField(source="case_id")
    incidentid = serializers.CharField(source="case.incident.reference")

    class Meta:
        model = CaseIoc
        fields = ["id", "incidentid"]


class EntityDetailShape(EntityShape):
    """An entity by itself."""

    resource = serializers.CharField(source="value")
    additional_info = serializers.SerializerMethodField()
    related_incidents = serializers.SerializerMethodField()
    has_attachment = serializers.SerializerMethodField()
    threat_indicator = serializers.CharField(source="verdict")
    md5_hash = serializers.SerializerMethodField()
    sha1_hash = serializers.SerializerMethodField()
    sha256_hash = serializers.SerializerMethodField()
    first_seen = serializers.SerializerMethodField()
    last_seen = serializers.SerializerMethodField()
    enrichments = serializers.SerializerMethodField()

    class Meta(EntityShape.Meta):
        fields = [
            *("id", "value", "type", "tag", "favorite", "locked", "deleted", "resource"),
            *("additional_info", "related_incidents", "has_attachment", "threat_indicator"),
            *("md5_hash", "sha1_hash", "sha256_hash", "first_seen", "last_seen", "enrichments"),
        ]

    def get_additional_info(self, ioc: Ioc) -> str:
        """Return what is said of it."""
        texts = dict.fromkeys(one.description for one in ioc.case_iocs.all() if one.description)
        return "<hr>".join(sanitised_html(text) for text in texts)

    def get_related_incidents(self, ioc: Ioc) -> Any:
        """Return the incidents it is in."""
        rows = sorted(ioc.case_iocs.all(), key=lambda one: -one.case_id)
        return RelatedShape(rows, many=True).data

    def get_has_attachment(self, ioc: Ioc) -> bool:
        """Tell whether there is a file of it."""
        return bool(self.context["attachments"])

    def _hash(self, ioc: Ioc, name: str) -> str | None:
        for attachment in self.context["attachments"]:
            return str(getattr(attachment.file, name))
        return ioc.value if ioc.type.name == name else None

    def get_md5_hash(self, ioc: Ioc) -> str | None:
        """Return the hash."""
        return self._hash(ioc, "md5")

    def get_sha1_hash(self, ioc: Ioc) -> str | None:
        """Return the hash."""
        return self._hash(ioc, "sha1")

    def get_sha256_hash(self, ioc: Ioc) -> str | None:
        """Return the hash."""
        return self._hash(ioc, "sha256")

    def get_first_seen(self, ioc: Ioc) -> str:
        """Return when it was first added."""
        return moment().to_representation(min(one.added_at for one in ioc.case_iocs.all()))

    def get_last_seen(self, ioc: Ioc) -> str:
        """Return when it was last added."""
        return moment().to_representation(max(one.added_at for one in ioc.case_iocs.all()))

    def get_enrichments(self, ioc: Ioc) -> list[Any]:
        """Return what modules found."""
        return [run.message for run in self.context["runs"]]


class HeldEntityShape(EntityShape):
    """An entity in an incident, in and out."""

    id = serializers.IntegerField(source="ioc_id", read_only=True)
    value = serializers.CharField(source="ioc.value")
    additional_info = serializers.CharField(source="description")
    threat_indicator = serializers.CharField(source="ioc.verdict", read_only=True)
    added_by = serializers.CharField(source="user.login", read_only=True)
    datetime = moment(source="added_at", read_only=True)

    class Meta:
        model = CaseIoc
        fields = [
            *("id", "value", "type", "tag", "additional_info", "threat_indicator"),
            *("related_incidents_count", "favorite", "locked", "deleted", "added_by", "datetime"),
        ]

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Return it with its text made safe."""
        shown: dict[str, Any] = super().to_representation(instance)
        return shown | {"additional_info": sanitised_html(shown["additional_info"] or "")}

    def get_type(self, row: Any) -> str:
        """Return the type as this door names it."""
        return super().get_type(row.ioc)

    def get_tag(self, row: Any) -> list[dict[str, str]]:
        """Return the tags of this incident."""
        return [{"value": tag} for tag in split(row.tags)]

    def get_related_incidents_count(self, row: Any) -> int:
        """Return in how many incidents it is."""
        return super().get_related_incidents_count(row.ioc)

    def get_favorite(self, row: Any) -> bool:
        """Tell whether it is a favourite of the caller."""
        return super().get_favorite(row.ioc)

    def get_locked(self, row: Any) -> bool:
        """Tell whether it is locked."""
        return super().get_locked(row.ioc)

    def get_deleted(self, row: Any) -> bool:
        """Tell whether it is deleted."""
        return super().get_deleted(row.ioc)


class IncidentShape(serializers.ModelSerializer[Incident]):
    """An incident in a list."""

    id = serializers.IntegerField(source="case_id")
    incidentid = serializers.CharField(source="reference")
    type = serializers.SerializerMethodField()
    status = serializers.CharField(source="case.state.list_value.label")
    restriction = serializers.CharField(source="case.severity.list_value.label")
    description = serializers.SerializerMethodField()
    owner = serializers.SerializerMethodField()
    folder = serializers.CharField(source="folder.name", default=None)
    tags = serializers.SerializerMethodField()
    openingtime = moment(source="case.opened_at")
    starttime = moment(source="started_at")
    closingtime = moment(source="case.closed_at")
    is_deleted = serializers.SerializerMethodField()
    favorite = serializers.SerializerMethodField()

    class Meta:
        model = Incident
        fields = [
            *("id", "incidentid", "type", "status", "restriction", "description", "owner"),
            *("folder", "tags", "openingtime", "starttime", "closingtime"),
            *("is_deleted", "favorite"),
        ]

    def get_type(self, incident: Incident) -> list[str]:
        """Return the types."""
        return [link.value.label for link in incident.type_links.all()]

    def get_description(self, incident: Incident) -> str:
        """Return the title."""
        return "" if incident.case.name == incident.reference else incident.case.name

    def get_owner(self, incident: Incident) -> str:
        """Return whom it belongs to."""
        case = incident.case
        return f"{case.owner_group.name} (group)" if case.owner_group else case.owner.login

    def get_tags(self, incident: Incident) -> list[str]:
        """Return the tags."""
        return split(incident.case.tags)

    def get_is_deleted(self, incident: Incident) -> bool:
        """Tell whether it is deleted."""
        return incident.case.deleted_at is not None

    def get_favorite(self, incident: Incident) -> bool:
        """Tell whether it is a favourite of the caller."""
        return incident.pk in self.context["favorites"]


class FoundIncidentShape(IncidentShape):
    """The columns a search asks for."""

    class Meta(IncidentShape.Meta):
        fields = [
            *("id", "incidentid", "status", "openingtime", "owner", "description", "type"),
        ]


class IncidentDetailShape(IncidentShape):
    """An incident by itself; the view wraps the fields."""

    incident_kind = serializers.CharField(source="kind.label", default=None)
    incident_category = serializers.CharField(source="category.label", default=None)
    purpose = serializers.CharField(source="purpose.label", default=None)
    phase = serializers.CharField(source="phase.label", default=None)
    additional_info = serializers.SerializerMethodField()
    endtime = moment(source="ended_at")
    inhibit_phases = serializers.BooleanField(source="inhibits_phases")
    closing_note = serializers.CharField(source="case.closing_note")
    created_by = serializers.CharField(source="case.opened_by.login")

    class Meta(IncidentShape.Meta):
        fields = [
            *IncidentShape.Meta.fields,
            *("incident_kind", "incident_category", "purpose", "phase", "additional_info"),
            *("endtime", "timezone", "inhibit_phases", "closing_note"),
            *("created_by", "generated_by"),
        ]

    def get_additional_info(self, incident: Incident) -> str:
        """Return the body as HTML."""
        case = incident.case
        return sanitised_html(case.description_html or MARKDOWN.render(case.description).strip())


class StepShape(serializers.ModelSerializer[AuditLog]):
    """A step of the war room; the view wraps the fields."""

    category = serializers.CharField()
    title = serializers.SerializerMethodField()
    additional_info = serializers.SerializerMethodField()
    created_by = serializers.CharField(source="actor_login")
    is_locked = serializers.BooleanField(source="mark.is_locked", default=False)
    is_printed = serializers.BooleanField(source="mark.is_printed", default=False)
    is_deleted = serializers.BooleanField(source="mark.is_deleted", default=False)

    class Meta:
        model = AuditLog
        fields = [
            *("id", "category", "title", "additional_info", "created_by"),
            *("is_locked", "is_printed", "is_deleted"),
        ]

    def get_title(self, step: AuditLog) -> str:
        """Return what it is called."""
        return title_of(step)

    def get_additional_info(self, step: AuditLog) -> str:
        """Return what it says."""
        text = step.details["after"].get("content")
        shown = MARKDOWN.render(text).strip() if text else f"<p>{escape(step.summary)}</p>"
        return sanitised_html(shown)


class AlertShape(serializers.ModelSerializer[Alert]):
    """A triage event in a list."""

    status = serializers.CharField(source="status.list_value.label")
    type = serializers.CharField(source="type.label")
    owner = serializers.CharField(source="owner.login", default=None)
    created_at = moment()

    class Meta:
        model = Alert
        fields = ["id", "state", "status", "type", "owner", "created_at"]


class AlertCreated(serializers.ModelSerializer[Alert]):
    """A triage event to be taken in."""

    additional_info = serializers.CharField(source="description")
    description = serializers.CharField(source="title")
    tags = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Alert
        fields = ["description", "additional_info", "source", "external_id", "tags"]
