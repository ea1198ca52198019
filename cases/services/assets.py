"""Assets of a case."""

from typing import Any

from django.utils import timezone

from cases.attributes import merge_attributes
from cases.models import AnalysisStatus, Asset, AssetIoc, AssetType, CaseIoc
from cases.permissions import require_case
from cases.selectors import WRITE, find, visible_assets
from cases.services.references import case_iocs_of_case, check_references, unique
from soar.core.actor import Actor
from soar.core.history import apply_changes, note
from soar.core.recording import recording

COUNTER = "assets"
EDITABLE = frozenset(
    {
        "name",
        "type_id",
        "analysis_status_id",
        "compromise_status",
        "description",
        "domain",
        "ip",
        "info",
        "tags",
        "custom_attributes",
    }
)
NOT_IN_CASE = "Invalid asset ID for this case"
NAME_TAKEN = "Asset name already exists in this case"


def add_asset(
    actor: Actor,
    case_id: int,
    *,
    name: str,
    type_id: int,
    analysis_status_id: int,
    ioc_ids: list[int] | None = None,
    custom_attributes: dict[str, Any] | None = None,
    **fields: Any,
) -> Asset:
    """Register an asset in a case, with the indicators found on it. Raise Forbidden or Invalid."""
    require_case(actor, case_id)
    _check(type_id, analysis_status_id)
    with recording(actor) as record:
        case_iocs = case_iocs_of_case(case_id, ioc_ids or [], field="ioc_ids")
        asset = Asset(case_id=case_id, user_id=actor.user_id)
        values = fields | {
            "name": name,
            "type_id": type_id,
            "analysis_status_id": analysis_status_id,
            "custom_attributes": merge_attributes("asset", custom_attributes),
        }
        _, after = apply_changes(asset, values, EDITABLE)
        note(actor, asset, "created")
        with unique("name", NAME_TAKEN):
            asset.save()
        _link(asset, case_iocs)
        record(
            "asset.created",
            asset,
            case_id=case_id,
            counter=COUNTER,
            summary=f'added asset "{name}"',
            after=after | {"ioc_ids": ioc_ids or []},
        )
    return asset


def update_asset(
    actor: Actor,
    case_id: int,
    asset_id: int,
    *,
    ioc_ids: list[int] | None = None,
    **changes: Any,
) -> Asset:
    """Change an asset; ioc_ids None keeps its links, a list replaces them.

    Raise Forbidden, NotFound or Invalid.
    """
    require_case(actor, case_id)
    _check(changes.get("type_id"), changes.get("analysis_status_id"))
    with recording(actor) as record:
        rows = visible_assets(actor, WRITE).filter(case_id=case_id)
        asset = find(rows.select_for_update(of=("self",)), asset_id, NOT_IN_CASE)
        if "custom_attributes" in changes:
            changes["custom_attributes"] = merge_attributes(
                "asset", changes["custom_attributes"], asset.custom_attributes
            )
        before, after = apply_changes(asset, changes, EDITABLE)
        asset.updated_at = timezone.now()
        note(actor, asset, "updated")
        with unique("name", NAME_TAKEN):
            asset.save()
        if ioc_ids is not None:
            case_iocs = case_iocs_of_case(case_id, ioc_ids, field="ioc_ids")
            AssetIoc.objects.filter(asset=asset).delete()
            _link(asset, case_iocs)
            after["ioc_ids"] = ioc_ids
        record(
            "asset.updated",
            asset,
            case_id=case_id,
            counter=COUNTER,
            summary=f'updated asset "{asset.name}"',
            before=before,
            after=after,
        )
    return asset


def delete_asset(actor: Actor, case_id: int, asset_id: int) -> None:
    """Delete an asset with its links. Raise Forbidden or NotFound."""
    require_case(actor, case_id)
    with recording(actor) as record:
        rows = visible_assets(actor, WRITE).filter(case_id=case_id)
        asset = find(rows.select_for_update(of=("self",)), asset_id, NOT_IN_CASE)
        record(
            "asset.deleted",
            asset,
            case_id=case_id,
            counter=COUNTER,
            summary=f'deleted asset "{asset.name}"',
            before={"name": asset.name, "type_id": asset.type_id},
        )
        asset.delete()


def _check(type_id: int | None, analysis_status_id: int | None) -> None:
    check_references(
        type_id=(AssetType, type_id, "Invalid asset type ID"),
        analysis_status_id=(AnalysisStatus, analysis_status_id, "Invalid analysis status ID"),
    )


def _link(asset: Asset, case_iocs: list[CaseIoc]) -> None:
    AssetIoc.objects.bulk_create(AssetIoc(asset=asset, case_ioc=row) for row in case_iocs)
