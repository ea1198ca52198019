"""Indicators in the console: what each case says of them; incidents.admin has the observables behind."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from cases.admin.base import ATTRIBUTES, BY_CASE, CaseRecordAdmin
from cases.models import CaseIoc
from cases.selectors import visible_activities, visible_case_iocs
from cases.services.iocs import Added, add_ioc, remove_ioc, update_ioc
from iocs.models import IocType
from soar.core.actor import Actor
from soar.core.admin.base import Services
from soar.core.errors import Invalid

ALREADY_HERE = "IOC already exists in this case"


class CaseIocForm(forms.ModelForm):
    """An indicator in a case: type and value belong to the observable, the rest to the case."""

    type = forms.ModelChoiceField(IocType.objects.all(), widget=UnfoldAdminSelectWidget())
    value = forms.CharField(widget=UnfoldAdminTextInputWidget())

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk is not None:
            self.initial["type"] = self.instance.ioc.type_id
            self.initial["value"] = self.instance.ioc.value


@admin.register(CaseIoc)
class CaseIocAdmin(CaseRecordAdmin):
    """IOCs as each case sees them."""

    services = Services(visible_case_iocs, add_ioc, update_ioc, remove_ioc, visible_activities)
    address = ("case_id", "ioc_id")
    form = CaseIocForm
    list_display = ("value", "type", "case", "tlp", "tags", "added_at")
    list_select_related = ()  # get_queryset has them
    list_filter = (BY_CASE, "tlp", "ioc__type")
    search_fields = ("ioc__value", "tags")
    readonly_fields = ("user", "added_at")
    details = ("case", ("type", "tlp"), "value", "description", "tags")
    add_fieldsets = ((None, {"fields": details}),)
    fieldsets = (
        (None, {"fields": details}),
        ("Registered", {"fields": (("user", "added_at"),)}),
        ATTRIBUTES,
    )

    @admin.display(description="value", ordering="ioc__value")
    def value(self, case_ioc: CaseIoc) -> str:
        """Return the beginning of the value."""
        return str(case_ioc.ioc)

    @admin.display(description="type", ordering="ioc__type__name")
    def type(self, case_ioc: CaseIoc) -> str:
        """Return the name of the type."""
        return case_ioc.ioc.type.name

    def label_of(self, obj: Any) -> str:
        """Return the value with the case."""
        return f"{obj.ioc} (case #{obj.case_id})"

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the rows with their observables, which every label needs."""
        return super().get_queryset(request).select_related("case", "tlp", "ioc__type")

    def perform_add(self, actor: Actor, values: dict[str, Any]) -> CaseIoc:
        """Put the indicator into the case, unless it is there already."""
        case_ioc, how = add_ioc(actor, values.pop("case_id"), **values)
        if how == Added.ALREADY_HERE:
            raise Invalid.field("value", ALREADY_HERE)
        return case_ioc
