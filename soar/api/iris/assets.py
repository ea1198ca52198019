"""`/case/assets/*`: assets of a case."""

from typing import Any

from django.db.models import BooleanField, Exists, F, OuterRef, QuerySet, TextField, Value, When
from django.db.models import Case as Choice
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.models import Asset, AssetIoc, Case
from cases.models.lookups import CompromiseStatus
from cases.selectors import find, visible_asset_iocs, visible_assets
from cases.services import assets as services
from soar.api.base import represent
from soar.api.fast import FastRead, Nested
from soar.api.iris.envelope import success
from soar.api.iris.fields import (
    Always,
    Attributes,
    Boolean,
    CaseTitle,
    IdList,
    Integer,
    JsonObject,
    Text,
    Timestamp,
)
from soar.api.iris.lookups import AnalysisStatusOut
from soar.api.iris.shapes import Empty, StateOut, state_of
from soar.api.iris.views import CASE_READ, CASE_WRITE, IrisViewSet, endpoint
from soar.core.actor import Actor


@extend_schema_field(OpenApiTypes.BOOL)
class Compromised(serializers.Field[Any, Any, Any, Any]):
    """The v1 reading of a compromise status: true, false, or null for anything between."""

    def to_representation(self, value: Any) -> bool | None:
        """Return the boolean."""
        if isinstance(value, bool):
            return value
        known = {CompromiseStatus.COMPROMISED: True, CompromiseStatus.NOT_COMPROMISED: False}
        return known.get(value)

    def column(self, path: str) -> Combinable:
        """Return the choice."""
        return Choice(
            When(**{path: CompromiseStatus.COMPROMISED}, then=Value(True)),
            When(**{path: CompromiseStatus.NOT_COMPROMISED}, then=Value(False)),
            default=None,
            output_field=BooleanField(null=True),
        )


class AssetIocOut(serializers.Serializer[Any]):
    """An indicator found on the asset."""

    ioc_id = Integer(source="case_ioc.ioc_id")
    ioc_value = Text(source="case_ioc.ioc.value")
    asset_id = Integer()


class AssetLinkOut(serializers.Serializer[Any]):
    """The same asset, by name and type, in another readable case of the customer."""

    asset_id = Integer(source="id")
    case_id = Integer()
    case_name = CaseTitle(source="case")
    client_name = Text(source="case.customer.name")


class AssetRow(serializers.Serializer[Any]):
    """An asset in the list."""

    asset_id = Integer(source="id")
    asset_uuid = serializers.UUIDField(source="uuid")
    asset_name = Text(source="name")
    asset_description = Text(source="description", allow_null=True)
    asset_domain = Text(source="domain", allow_null=True)
    asset_ip = Text(source="ip", allow_null=True)
    asset_tags = Text(source="tags", allow_null=True)
    asset_type = Text(source="type.name")
    asset_type_id = Integer(source="type_id")
    asset_icon_compromised = Text(source="type.icon_compromised")
    asset_icon_not_compromised = Text(source="type.icon_not_compromised")
    asset_compromised = Compromised(source="compromise_status")
    asset_compromise_status_id = Integer(source="compromise_status", allow_null=True)
    analysis_status = Text(source="analysis_status.name")
    analysis_status_id = Integer()
    ioc_links = AssetIocOut(many=True, source="links_to_iocs")
    link = AssetLinkOut(many=True, source="links")


class AssetTypeInsideOut(serializers.Serializer[Any]):
    """The kind of an asset, inside it."""

    asset_id = serializers.IntegerField(source="id")
    asset_name = serializers.CharField(source="name")
    asset_description = serializers.CharField(source="description")
    asset_icon_compromised = serializers.CharField(source="icon_compromised")
    asset_icon_not_compromised = serializers.CharField(source="icon_not_compromised")


class AssetOut(serializers.Serializer[Any]):
    """An asset."""

    asset_id = Integer(source="id")
    asset_uuid = serializers.UUIDField(source="uuid")
    asset_name = Text(source="name")
    asset_type_id = Integer(source="type_id")
    asset_type = AssetTypeInsideOut(source="type")
    asset_description = Text(source="description", allow_null=True)
    asset_domain = Text(source="domain", allow_null=True)
    asset_ip = Text(source="ip", allow_null=True)
    asset_info = Text(source="info", allow_null=True)
    asset_tags = Text(source="tags", allow_null=True)
    asset_compromised = Compromised(source="compromise_status")
    asset_compromise_status_id = Integer(source="compromise_status", allow_null=True)
    asset_enrichment = JsonObject(source="enrichment")
    analysis_status_id = Integer()
    analysis_status = AnalysisStatusOut()
    case_id = Integer()
    user_id = Integer()
    date_added = Timestamp(source="added_at")
    date_update = Timestamp(source="updated_at")
    alerts = Always([])
    custom_attributes = Attributes()
    modification_history = JsonObject(source="history")


class LinkedIocOut(serializers.Serializer[Any]):
    """An indicator found on the fetched asset."""

    ioc_id = Integer(source="case_ioc.ioc_id")
    ioc_value = Text(source="case_ioc.ioc.value")
    ioc_tags = Text(source="case_ioc.tags", allow_null=True)
    ioc_type_id = Integer(source="case_ioc.ioc.type_id")
    type_name = Text(source="case_ioc.ioc.type.name")
    ioc_description = Text(source="case_ioc.description", allow_null=True)
    ioc_tlp_id = Integer(source="case_ioc.tlp_id")


class AssetDetailsOut(AssetOut):
    """A fetched asset; clients read its compromise status as a number, so 0 stands for none."""

    linked_ioc = LinkedIocOut(many=True, source="ioc_links.all")
    asset_compromise_status_id = serializers.SerializerMethodField()  # type: ignore[assignment]

    def get_asset_compromise_status_id(self, asset: Asset) -> int:
        """Return the status, 0 when none was given (contract §7.1)."""
        return asset.compromise_status or 0


class UpdatedAssetOut(AssetOut):
    """A changed asset with the ids of its indicators."""

    ioc_links = serializers.SerializerMethodField()

    def get_ioc_links(self, asset: Asset) -> list[int]:
        """Return the ids."""
        links = AssetIoc.objects.filter(asset=asset).order_by("id")
        return list(links.values_list("case_ioc__ioc_id", flat=True))


class _AssetFields(serializers.Serializer[Any]):
    asset_name = Text(source="name", min_length=1, max_length=400)
    asset_type_id = Integer(source="type_id")
    analysis_status_id = Integer()
    asset_description = Text(source="description", required=False, allow_null=True)
    asset_domain = Text(source="domain", required=False, allow_null=True)
    asset_ip = Text(source="ip", required=False, allow_null=True)
    asset_info = Text(source="info", required=False, allow_null=True)
    asset_tags = Text(source="tags", required=False, allow_null=True)
    asset_compromised = Boolean(required=False, allow_null=True)
    asset_compromise_status_id = Integer(
        source="compromise_status", required=False, allow_null=True
    )
    ioc_links = IdList(source="ioc_ids", required=False, allow_null=True)
    custom_attributes = Attributes()

    def validate_asset_compromise_status_id(self, value: int | None) -> int | None:
        """Refuse a status that does not exist."""
        if value is not None and value not in CompromiseStatus.values:
            raise serializers.ValidationError("Invalid compromise status ID")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Turn the v1 boolean into the status it means; the v2 status wins when both are sent."""
        compromised = attrs.pop("asset_compromised", None)
        if compromised is not None and attrs.get("compromise_status") is None:
            attrs["compromise_status"] = (
                CompromiseStatus.COMPROMISED if compromised else CompromiseStatus.NOT_COMPROMISED
            ).value
        return attrs


class AssetIn(_AssetFields):
    """A new asset."""


class AssetChangesIn(_AssetFields):
    """What changes of an asset."""

    def to_internal_value(self, data: Any) -> Any:
        """Drop a description that is an object: client 2.0.4 sends one by mistake (contract §7.1)."""
        if isinstance(data.get("asset_description"), dict):
            data = {name: value for name, value in data.items() if name != "asset_description"}
        return super().to_internal_value(data)


def _assets(actor: Actor, case: int) -> QuerySet[Asset]:
    return visible_assets(actor).filter(case_id=case).order_by("id")


def _iocs_of_assets(actor: Actor, case: int) -> QuerySet[AssetIoc]:
    return visible_asset_iocs(actor).filter(asset__case_id=case).order_by("id")


def _same_elsewhere(actor: Actor, case: int) -> QuerySet[Asset]:
    here = Asset.objects.filter(case_id=case, name=OuterRef("name"), type=OuterRef("type"))
    customer = Case.objects.filter(pk=case).order_by().values("customer_id")
    others = visible_assets(actor).filter(case__customer_id__in=customer).exclude(case_id=case)
    return others.filter(Exists(here)).order_by("case_id")


def _sameness() -> Combinable:
    return Concat(Cast(F("type_id"), TextField()), Value(":"), F("name"), output_field=TextField())


ASSET_LIST = FastRead(
    AssetRow,
    _assets,
    nested={
        "ioc_links": Nested(AssetIocOut, _iocs_of_assets, "asset_id", "asset_id"),
        "link": Nested(AssetLinkOut, _same_elsewhere, _sameness(), _sameness()),
    },
    case=int,
)


class AssetListOut(serializers.Serializer[Any]):
    """The assets of a case."""

    assets = AssetRow(many=True)
    state = StateOut()


class AssetViewSet(IrisViewSet):
    """Assets of the context case."""

    @endpoint(CASE_READ, summary="List the assets of a case", gives=AssetListOut)
    def list(self, request: Request) -> Response:
        """Answer the assets and their state."""
        rows = ASSET_LIST.all(self.actor, case=self.case_id)
        return success(data={"assets": rows, "state": state_of(self.case_id, services.COUNTER)})

    @endpoint(CASE_READ, summary="Fetch an asset", gives=AssetDetailsOut)
    def retrieve(self, request: Request, asset_id: int) -> Response:
        """Answer one asset."""
        rows = visible_assets(self.actor).filter(case_id=self.case_id)
        rows = rows.select_related("type", "analysis_status")
        rows = rows.prefetch_related("ioc_links__case_ioc__ioc__type")
        return success(data=represent(AssetDetailsOut, find(rows, asset_id, services.NOT_IN_CASE)))

    @endpoint(
        CASE_WRITE, summary="Add an asset", takes=AssetIn, gives=AssetOut, hooked="asset_create"
    )
    def add(self, request: Request) -> Response:
        """Register an asset."""
        asset = services.add_asset(self.actor, self.case_id, **self.read(AssetIn))
        return success("Asset added", self.written(AssetOut, asset))

    @endpoint(
        CASE_WRITE,
        summary="Update an asset",
        takes=AssetChangesIn,
        gives=UpdatedAssetOut,
        hooked="asset_update",
    )
    def update(self, request: Request, asset_id: int) -> Response:
        """Change an asset."""
        changes = self.read(AssetChangesIn)
        asset = services.update_asset(self.actor, self.case_id, asset_id, **changes)
        return success(f"Updated asset {asset.name}", self.written(UpdatedAssetOut, asset))

    @endpoint(CASE_WRITE, summary="Delete an asset", takes=Empty, hooked="asset_delete")
    def delete(self, request: Request, asset_id: int) -> Response:
        """Delete an asset."""
        services.delete_asset(self.actor, self.case_id, asset_id)
        return success("Deleted")
