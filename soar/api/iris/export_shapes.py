"""Shapes of the export, which spells out what the routes give as ids (contract §2.3)."""

from typing import Any

from rest_framework import serializers

from cases.models import Asset, Case, Event
from soar.api.iris.fields import Always, Attributes, Boolean, Integer, JsonObject, Text, Timestamp
from soar.api.iris.lookups import ClassificationOut, IocTypeOut
from soar.api.iris.notes import NoteOut
from soar.api.iris.shapes import UserOut
from soar.api.iris.tasks import AssigneeOut


class _Customer(serializers.Serializer[Any]):
    customer_id = Integer(source="id")
    customer_name = Text(source="name")
    customer_description = Text(source="description", allow_null=True)
    customer_sla = Text(source="sla", allow_null=True)
    client_uuid = serializers.UUIDField(source="uuid")
    creation_date = Timestamp(source="created_at")
    last_update_date = Timestamp(source="updated_at")
    custom_attributes = Attributes()

    class Meta:
        ref_name = "ExportedCustomer"


class _State(serializers.Serializer[Any]):
    state_id = Integer(source="id")
    state_name = Text(source="name")
    state_description = Text(source="description")
    protected = Boolean()

    class Meta:
        ref_name = "ExportedState"


class _Severity(serializers.Serializer[Any]):
    severity_id = Integer(source="id")
    severity_name = Text(source="name")
    severity_description = Text(source="description")

    class Meta:
        ref_name = "ExportedSeverity"


class _ReviewStatus(serializers.Serializer[Any]):
    id = Integer()
    status_name = Text(source="name")

    class Meta:
        ref_name = "ExportedReviewStatus"


class ExportedCase(serializers.Serializer[Any]):
    """The record of the case."""

    case_id = Integer(source="id")
    case_uuid = serializers.UUIDField(source="uuid")
    name = serializers.CharField(source="__str__")
    description = Text()
    soc_id = Text()
    client_id = Integer(source="customer_id")
    client = _Customer(source="customer")
    open_date = serializers.DateField(source="opened_on")
    close_date = serializers.DateField(source="closed_on", allow_null=True)
    initial_date = Timestamp(source="opened_at")
    closing_note = Text(allow_null=True)
    status_id = Integer(source="outcome")
    status_name = serializers.CharField(source="get_outcome_display")
    state_id = Integer()
    state = _State()
    severity_id = Integer()
    severity = _Severity()
    classification_id = Integer(allow_null=True)
    classification = ClassificationOut(allow_null=True)
    owner_id = Integer()
    owner = UserOut()
    user_id = Integer(source="opened_by_id")
    user = UserOut(source="opened_by")
    reviewer_id = Integer(allow_null=True)
    reviewer = UserOut(allow_null=True)
    review_status_id = Integer(allow_null=True)
    review_status = _ReviewStatus(allow_null=True)
    tags = serializers.SerializerMethodField()
    protagonists = serializers.JSONField()
    alerts = Always([])
    note_directories = serializers.SerializerMethodField()
    custom_attributes = Attributes()
    modification_history = JsonObject(source="history")

    def get_tags(self, case: Case) -> list[str]:
        """Return the tags one by one."""
        return [tag for tag in case.tags.split(",") if tag]

    def get_note_directories(self, case: Case) -> list[int]:
        """Return the ids of its note directories."""
        return list(case.note_directories.order_by("id").values_list("pk", flat=True))


class ExportedEvidence(serializers.Serializer[Any]):
    """A piece of evidence."""

    id = Integer()
    file_uuid = serializers.UUIDField(source="uuid")
    filename = Text()
    file_size = Integer(source="size_bytes", allow_null=True)
    file_hash = Text(allow_null=True)
    file_description = Text(source="description", allow_null=True)
    type = Text(source="type.name", allow_null=True, default=None)
    start_date = Timestamp(source="start_at", allow_null=True)
    end_date = Timestamp(source="end_at", allow_null=True)
    date_added = Timestamp(source="added_at")
    added_by = Text(source="user.name")
    custom_attributes = Attributes()
    modification_history = JsonObject(source="history")


class _EventIoc(serializers.Serializer[Any]):
    ioc_id = Integer(source="case_ioc.ioc_id")
    ioc_value = Text(source="case_ioc.ioc.value")
    ioc_description = Text(source="case_ioc.description", allow_null=True)
    tlp_name = Text(source="case_ioc.tlp.name")
    type = Text(source="case_ioc.ioc.type.name")

    class Meta:
        ref_name = "ExportedEventIoc"


class ExportedEvent(serializers.Serializer[Any]):
    """An event, its assets as text `name (type)`."""

    event_id = Integer(source="id")
    event_uuid = serializers.UUIDField(source="uuid")
    event_title = Text(source="title")
    event_content = Text(source="content")
    event_raw = Text(source="raw")
    event_source = Text(source="source")
    event_tags = Text(source="tags")
    event_date = Timestamp(source="date")
    event_date_wtz = Timestamp(source="local_date")
    event_tz = Text(source="tz")
    event_color = Text(source="color")
    event_in_graph = Boolean(source="is_in_graph")
    event_in_summary = Boolean(source="is_in_summary")
    event_is_flagged = Boolean(source="is_flagged")
    category = Text(source="category.name")
    last_edited_by = serializers.SerializerMethodField()
    assets = serializers.SerializerMethodField()
    iocs = _EventIoc(many=True, source="ioc_links.all")
    custom_attributes = Attributes()
    modification_history = JsonObject(source="history")

    def get_last_edited_by(self, event: Event) -> str:
        """Return the login of the last line of its history."""
        last = max(event.history.items(), key=lambda item: float(item[0]), default=None)
        return str(last[1]["user"]) if last else event.user.login

    def get_assets(self, event: Event) -> list[str]:
        """Return the assets as text."""
        return [f"{link.asset.name} ({link.asset.type.name})" for link in event.asset_links.all()]


class ExportedIoc(serializers.Serializer[Any]):
    """An indicator with its type spelled out."""

    ioc_id = Integer()
    ioc_uuid = serializers.UUIDField(source="ioc.uuid")
    ioc_value = Text(source="ioc.value")
    ioc_type_id = Integer(source="ioc.type_id")
    ioc_type = IocTypeOut(source="ioc.type")
    ioc_tlp_id = Integer(source="tlp_id")
    tlp_name = Text(source="tlp.name")
    ioc_description = Text(source="description", allow_null=True)
    ioc_tags = Text(source="tags", allow_null=True)
    ioc_misp = Always(None)
    ioc_enrichment = JsonObject(source="ioc.enrichment")
    user_id = Integer()
    custom_attributes = Attributes()
    modification_history = JsonObject(source="history")


class _AssetIoc(serializers.Serializer[Any]):
    ioc_value = Text(source="case_ioc.ioc.value")
    type_name = Text(source="case_ioc.ioc.type.name")
    ioc_description = Text(source="case_ioc.description", allow_null=True)

    class Meta:
        ref_name = "ExportedAssetIoc"


class ExportedAsset(serializers.Serializer[Any]):
    """An asset with the names behind its ids."""

    asset_id = Integer(source="id")
    asset_uuid = serializers.UUIDField(source="uuid")
    asset_name = Text(source="name")
    type = Text(source="type.name")
    analysis_status = Text(source="analysis_status.name")
    asset_description = Text(source="description", allow_null=True)
    light_asset_description = Text(source="description", allow_null=True)
    asset_domain = Text(source="domain", allow_null=True)
    asset_ip = Text(source="ip", allow_null=True)
    asset_info = Text(source="info", allow_null=True)
    asset_tags = Text(source="tags", allow_null=True)
    asset_compromise_status_id = serializers.SerializerMethodField()
    asset_compromise_status = serializers.SerializerMethodField()
    date_added = Timestamp(source="added_at")
    asset_ioc = _AssetIoc(many=True, source="ioc_links.all")
    custom_attributes = Attributes()
    modification_history = JsonObject(source="history")

    def get_asset_compromise_status_id(self, asset: Asset) -> int:
        """Return the status, 0 when none was given."""
        return asset.compromise_status or 0

    def get_asset_compromise_status(self, asset: Asset) -> str:
        """Return the name of the status."""
        field = Asset._meta.get_field("compromise_status")
        return str(dict(field.flatchoices)[asset.compromise_status or 0])


class ExportedTask(serializers.Serializer[Any]):
    """A task with the names behind its ids."""

    id = Integer()
    task_uuid = serializers.UUIDField(source="uuid")
    task_title = Text(source="title")
    task_description = Text(source="description")
    task_status = Text(source="status.name")
    task_tags = Text(source="tags")
    task_open_date = Timestamp(source="opened_at")
    task_close_date = Always(None)
    task_last_update = Timestamp(source="updated_at")
    task_assignees = AssigneeOut(many=True, source="assignments.all")
    custom_attributes = Attributes()
    modification_history = JsonObject(source="history")


class ExportedDirectory(serializers.Serializer[Any]):
    """A directory of notes."""

    id = Integer()
    name = Text()
    parent_id = Integer(allow_null=True)
    case_id = Integer()


class ExportOut(serializers.Serializer[Any]):
    """Everything of a case."""

    case = ExportedCase()
    evidences = ExportedEvidence(many=True)
    timeline = ExportedEvent(many=True)
    iocs = ExportedIoc(many=True)
    assets = ExportedAsset(many=True)
    tasks = ExportedTask(many=True)
    notes_directories = ExportedDirectory(many=True)
    notes = NoteOut(many=True)
    comments = serializers.ListField(child=serializers.JSONField(), max_length=0)
    export_date = serializers.CharField()
