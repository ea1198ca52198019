"""The serializers of the plain program: ModelSerializers, nested where the answer is nested."""

from typing import Any

from rest_framework import serializers

from cases.models import Asset, AssetIoc, Case, CaseIoc, Event, EventAsset, EventIoc
from iocs.models import IocType, Tlp


class IocLink(serializers.ModelSerializer[CaseIoc]):
    """Another case that holds the indicator."""

    case_name = serializers.CharField(source="case.name")
    client_name = serializers.CharField(source="case.customer.name")

    class Meta:
        model = CaseIoc
        fields = ["case_id", "case_name", "client_name"]


class IocRow(serializers.ModelSerializer[CaseIoc]):
    """An indicator in the list."""

    ioc_uuid = serializers.UUIDField(source="ioc.uuid")
    ioc_value = serializers.CharField(source="ioc.value")
    ioc_type = serializers.CharField(source="ioc.type.name")
    ioc_type_id = serializers.IntegerField(source="ioc.type_id")
    ioc_description = serializers.CharField(source="description")
    ioc_tags = serializers.CharField(source="tags")
    ioc_tlp_id = serializers.IntegerField(source="tlp_id")
    tlp_name = serializers.CharField(source="tlp.name")
    tlp_bscolor = serializers.CharField(source="tlp.bscolor")
    ioc_misp = serializers.SerializerMethodField()
    misp_link = serializers.SerializerMethodField()
    link = IocLink(source="ioc.elsewhere", many=True)

    class Meta:
        model = CaseIoc
        fields = [
            "ioc_id",
            "ioc_uuid",
            "ioc_value",
            "ioc_type",
            "ioc_type_id",
            "ioc_description",
            "ioc_tags",
            "ioc_tlp_id",
            "tlp_name",
            "tlp_bscolor",
            "ioc_misp",
            "misp_link",
            "link",
        ]

    def get_ioc_misp(self, row: CaseIoc) -> None:
        """Return None."""

    def get_misp_link(self, row: CaseIoc) -> None:
        """Return None."""


class IocCreated(serializers.ModelSerializer[CaseIoc]):
    """An indicator: in when it is added, out again afterwards."""

    ioc_uuid = serializers.UUIDField(source="ioc.uuid", read_only=True)
    ioc_value = serializers.CharField(source="ioc.value")
    ioc_type_id = serializers.PrimaryKeyRelatedField(
        source="ioc.type", queryset=IocType.objects.all()
    )
    ioc_tlp_id = serializers.PrimaryKeyRelatedField(source="tlp", queryset=Tlp.objects.all())
    ioc_description = serializers.CharField(source="description", required=False)
    ioc_tags = serializers.CharField(source="tags", required=False)
    ioc_enrichment = serializers.JSONField(source="ioc.enrichment", read_only=True)
    modification_history = serializers.JSONField(source="history", read_only=True)

    class Meta:
        model = CaseIoc
        fields = [
            "ioc_id",
            "ioc_uuid",
            "ioc_value",
            "ioc_type_id",
            "ioc_tlp_id",
            "ioc_description",
            "ioc_tags",
            "user_id",
            "custom_attributes",
            "ioc_enrichment",
            "modification_history",
        ]


class IocDetails(IocCreated):
    """A fetched indicator with the other cases that hold it."""

    link = IocLink(source="ioc.elsewhere", many=True)

    class Meta(IocCreated.Meta):
        fields = [*IocCreated.Meta.fields, "link"]


class AssetIocLink(serializers.ModelSerializer[AssetIoc]):
    """An indicator found on the asset."""

    ioc_id = serializers.IntegerField(source="case_ioc.ioc_id")
    ioc_value = serializers.CharField(source="case_ioc.ioc.value")

    class Meta:
        model = AssetIoc
        fields = ["ioc_id", "ioc_value", "asset_id"]


class AssetLink(serializers.ModelSerializer[Asset]):
    """The same asset in another case."""

    asset_id = serializers.IntegerField(source="id")
    case_name = serializers.CharField(source="case.name")
    client_name = serializers.CharField(source="case.customer.name")

    class Meta:
        model = Asset
        fields = ["asset_id", "case_id", "case_name", "client_name"]


class AssetRow(serializers.ModelSerializer[Asset]):
    """An asset in the list; the same asset elsewhere comes from a mapping the view makes once."""

    asset_id = serializers.IntegerField(source="id")
    asset_type = serializers.CharField(source="type.name")
    asset_icon_compromised = serializers.CharField(source="type.icon_compromised")
    asset_icon_not_compromised = serializers.CharField(source="type.icon_not_compromised")
    analysis_status = serializers.CharField(source="analysis_status.name")
    ioc_links = AssetIocLink(many=True)
    link = serializers.SerializerMethodField()

    class Meta:
        model = Asset
        fields = [
            "asset_id",
            "uuid",
            "name",
            "description",
            "domain",
            "ip",
            "tags",
            "asset_type",
            "type_id",
            "asset_icon_compromised",
            "asset_icon_not_compromised",
            "compromise_status",
            "analysis_status",
            "analysis_status_id",
            "ioc_links",
            "link",
        ]

    def get_link(self, asset: Asset) -> Any:
        """Return the same asset in other cases."""
        same = self.context["elsewhere"].get((asset.name, asset.type_id), [])
        return AssetLink(same, many=True).data


class EventAssetLink(serializers.ModelSerializer[EventAsset]):
    """An asset an event touches."""

    asset_name = serializers.CharField(source="asset.name")

    class Meta:
        model = EventAsset
        fields = ["asset_id", "asset_name", "event_id"]


class EventIocLink(serializers.ModelSerializer[EventIoc]):
    """An indicator an event shows."""

    ioc_id = serializers.IntegerField(source="case_ioc.ioc_id")
    ioc_value = serializers.CharField(source="case_ioc.ioc.value")

    class Meta:
        model = EventIoc
        fields = ["ioc_id", "ioc_value", "event_id"]


class EventRow(serializers.ModelSerializer[Event]):
    """An event in the list."""

    category_name = serializers.CharField(source="category.name")
    assets = EventAssetLink(source="asset_links", many=True)
    iocs = EventIocLink(source="ioc_links", many=True)

    class Meta:
        model = Event
        fields = [
            "id",
            "uuid",
            "title",
            "content",
            "date",
            "local_date",
            "tz",
            "color",
            "tags",
            "is_in_graph",
            "is_in_summary",
            "is_flagged",
            "category_id",
            "category_name",
            "assets",
            "iocs",
        ]


class CaseRow(serializers.ModelSerializer[Case]):
    """A case in the list."""

    client_name = serializers.CharField(source="customer.name")
    opened_by = serializers.CharField(source="opened_by.name")
    owner = serializers.CharField(source="owner.name")
    classification = serializers.CharField(source="classification.name", default=None)
    state_name = serializers.CharField(source="state.name")
    access_level = serializers.IntegerField()

    class Meta:
        model = Case
        fields = [
            "id",
            "uuid",
            "name",
            "description",
            "soc_id",
            "client_name",
            "opened_on",
            "closed_on",
            "opened_by",
            "opened_by_id",
            "owner",
            "owner_id",
            "classification_id",
            "classification",
            "state_id",
            "state_name",
            "access_level",
        ]
