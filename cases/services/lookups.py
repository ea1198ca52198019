"""Reference data administrators may change."""

from typing import Any

from cases.models import Asset, AssetType, AttributeDefinition, Case, CaseClassification
from cases.selectors import find
from cases.services.references import unique
from soar.core.actor import Actor
from soar.core.errors import Conflict, Invalid
from soar.core.history import apply_changes
from soar.core.permissions import Permission
from soar.core.recording import recording

ASSET_TYPE_EDITABLE = frozenset({"name", "description"})
CLASSIFICATION_EDITABLE = frozenset({"name", "name_expanded", "description"})
ASSET_TYPE_TAKEN = "Asset type name already exists"
CLASSIFICATION_TAKEN = "Case classification name already exists"


def add_asset_type(actor: Actor, *, name: str, description: str) -> AssetType:
    """Add a kind of asset. Raise Forbidden, or Invalid when the name is taken."""
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        asset_type = AssetType(name=name, description=description)
        with unique("name", ASSET_TYPE_TAKEN):
            asset_type.save()
        summary = f"added asset type {name}"
        record("asset_type.created", asset_type, summary=summary, after={"name": name})
    return asset_type


def update_asset_type(actor: Actor, type_id: int, **changes: Any) -> AssetType:
    """Change a kind of asset. Raise Forbidden, NotFound, or Invalid when the name is taken."""
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        rows = AssetType.objects.select_for_update()
        asset_type = find(rows, type_id, "Invalid asset type ID")
        before, after = apply_changes(asset_type, changes, ASSET_TYPE_EDITABLE)
        with unique("name", ASSET_TYPE_TAKEN):
            asset_type.save()
        summary = f"updated asset type {asset_type.name}"
        record("asset_type.updated", asset_type, summary=summary, before=before, after=after)
    return asset_type


def delete_asset_type(actor: Actor, type_id: int) -> None:
    """Delete a kind of asset. Raise Forbidden, NotFound, or Conflict when an asset is of it."""
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        asset_type = find(AssetType.objects.select_for_update(), type_id, "Invalid asset ID")
        if Asset.objects.filter(type=asset_type).exists():
            raise Conflict(
                "Cannot delete a referenced asset type. "
                "Please delete any assets of this type first."
            )
        summary = f"deleted asset type {asset_type.name}"
        record("asset_type.deleted", asset_type, summary=summary, before={"name": asset_type.name})
        asset_type.delete()


def add_classification(actor: Actor, **fields: Any) -> CaseClassification:
    """Add a class of incidents. Raise Forbidden, or Invalid when the name is taken."""
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        classification = CaseClassification()
        _, after = apply_changes(classification, fields, CLASSIFICATION_EDITABLE)
        with unique("name", CLASSIFICATION_TAKEN):
            classification.save()
        summary = f"added case classification {classification.name}"
        record("case_classification.created", classification, summary=summary, after=after)
    return classification


def update_classification(actor: Actor, pk: int, **changes: Any) -> CaseClassification:
    """Change a class of incidents. Raise Forbidden, NotFound, or Invalid."""
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        classification = _locked_classification(pk)
        before, after = apply_changes(classification, changes, CLASSIFICATION_EDITABLE)
        with unique("name", CLASSIFICATION_TAKEN):
            classification.save()
        summary = f"updated case classification {classification.name}"
        record(
            "case_classification.updated",
            classification,
            summary=summary,
            before=before,
            after=after,
        )
    return classification


def delete_classification(actor: Actor, pk: int) -> None:
    """Delete a class of incidents. Raise Forbidden, NotFound, or Conflict when a case has it."""
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        classification = _locked_classification(pk)
        if Case.objects.filter(classification=classification).exists():
            raise Conflict("Cannot delete a referenced case classification")
        record(
            "case_classification.deleted",
            classification,
            summary=f"deleted case classification {classification.name}",
            before={"name": classification.name},
        )
        classification.delete()


def define_attributes(actor: Actor, definition_id: int, *, content: dict[str, Any]) -> None:
    """Give a family of objects its structure of custom attributes.

    Raise Forbidden, NotFound, or Invalid unless it is {tab: {field: {type, ...}}}.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    _check_structure(content)
    with recording(actor) as record:
        rows = AttributeDefinition.objects.select_for_update()
        definition = find(rows, definition_id, "Invalid attribute ID")
        before, after = apply_changes(definition, {"content": content}, frozenset({"content"}))
        definition.save()
        summary = f"updated custom attributes of {definition.display_name}"
        record("attributes.defined", definition, summary=summary, before=before, after=after)


def _check_structure(content: Any) -> None:
    tabs = content.values() if isinstance(content, dict) else [None]
    for fields in tabs:
        members = fields.values() if isinstance(fields, dict) else [None]
        if not all(isinstance(member, dict) and "type" in member for member in members):
            raise Invalid.field("content", "Expected {tab: {field: {type, mandatory, value}}}")


def _locked_classification(pk: int) -> CaseClassification:
    rows = CaseClassification.objects.select_for_update()
    return find(rows, pk, f"Invalid case classification ID {pk}")
