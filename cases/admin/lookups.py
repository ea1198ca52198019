"""Reference data of investigations in the console."""

from django.contrib import admin

from cases.models import AssetType, AttributeDefinition, CaseClassification
from cases.services import reference_rows as tables
from cases.services.lookups import (
    add_asset_type,
    add_classification,
    define_attributes,
    delete_asset_type,
    delete_classification,
    update_asset_type,
    update_classification,
)
from soar.core.admin.base import ServiceAdmin, Services
from soar.core.admin.reference import ReferenceAdmin, reference_rows, register_table


@admin.register(AssetType)
class AssetTypeAdmin(ReferenceAdmin):
    """Kinds of assets."""

    services = Services(
        reference_rows(AssetType), add_asset_type, update_asset_type, delete_asset_type
    )
    list_display = ("id", "name", "description")
    fields = ("name", "description", "icon_not_compromised", "icon_compromised")
    readonly_fields = ("icon_not_compromised", "icon_compromised")


@admin.register(CaseClassification)
class CaseClassificationAdmin(ReferenceAdmin):
    """Classes of incidents."""

    services = Services(
        reference_rows(CaseClassification),
        add_classification,
        update_classification,
        delete_classification,
    )
    list_display = ("id", "name", "name_expanded", "description")
    search_fields = ("name", "name_expanded")
    fields = ("name", "name_expanded", "description")


@admin.register(AttributeDefinition)
class AttributeDefinitionAdmin(ServiceAdmin):
    """The structure of custom attributes, one per family of objects."""

    services = Services(reference_rows(AttributeDefinition), change=define_attributes)
    list_display = ("display_name", "family")
    fields = ("display_name", "family", "content")
    readonly_fields = ("display_name", "family")


register_table(tables.ANALYSIS_STATUSES, columns=())
register_table(tables.CASE_STATES, columns=("description",), fixed=("protected",))
register_table(tables.EVENT_CATEGORIES, columns=())
register_table(tables.EVIDENCE_TYPES, columns=("description",))
register_table(tables.REVIEW_STATUSES, columns=())
register_table(tables.SEVERITIES, columns=("description",))
register_table(tables.TASK_STATUSES, columns=("description", "bscolor"))
