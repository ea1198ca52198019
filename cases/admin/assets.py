"""Assets in the console."""

from typing import Any

from django import forms
from django.contrib import admin

from cases.admin.base import ATTRIBUTES, BY_CASE, CaseRecordAdmin
from cases.admin.links import iocs_of_case, shown_iocs
from cases.models import Asset
from cases.selectors import visible_activities, visible_assets
from cases.services.assets import add_asset, delete_asset, update_asset
from soar.core.admin.base import Services


class AssetForm(forms.ModelForm):
    """An existing asset with the indicators found on it."""

    ioc_ids = iocs_of_case(Asset)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "ioc_ids" in self.fields:
            self.fields["ioc_ids"].bind_case(self.instance.case_id)
            self.initial["ioc_ids"] = list(self.instance.iocs.values_list("pk", flat=True))


@admin.register(Asset)
class AssetAdmin(CaseRecordAdmin):
    """Machines, accounts and devices."""

    services = Services(visible_assets, add_asset, update_asset, delete_asset, visible_activities)
    form = AssetForm
    add_form = forms.ModelForm
    list_display = ("name", "case", "type", "analysis_status", "compromise_status", "ip", "domain")
    list_select_related = ("case", "type", "analysis_status")
    list_filter = (BY_CASE, "type", "analysis_status", "compromise_status")
    search_fields = ("name", "ip", "domain")
    readonly_fields = ("user", "added_at", "updated_at")
    details = (
        "case",
        "name",
        "type",
        ("analysis_status", "compromise_status"),
        ("ip", "domain"),
        "description",
        "info",
        "tags",
    )
    add_fieldsets = ((None, {"fields": details}),)
    fieldsets = (
        (None, {"fields": (*details, "ioc_ids")}),
        ("Registered", {"fields": (("user", "added_at", "updated_at"),)}),
        ATTRIBUTES,
    )

    @admin.display(description="IOCs")
    def ioc_ids(self, asset: Asset) -> str:
        """Return the linked indicators, for those who may only read."""
        return shown_iocs(asset)
