"""Cases in the console; incidents.admin adds how one is opened and registers the page."""

from typing import Any

from django.contrib import admin
from django.db.models import Field, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import RangeDateFilter

from cases.admin.base import ATTRIBUTES, has_full_access
from cases.models import Case
from cases.services.cases import close_case, reopen_case
from soar.core.actor import Actor
from soar.core.admin.base import ServiceAdmin
from soar.core.admin.filters import VisibleChoiceFilter
from soar.core.admin.forms import JSONObjectField
from soar.core.permissions import Permission


class CaseAdmin(ServiceAdmin):
    """Cases the actor may read; changed by whoever has full access."""

    writers = (Permission.STANDARD_USER,)
    list_display = (
        "id",
        "name",
        "customer",
        "state",
        "severity",
        "outcome",
        "owner",
        "opened_on",
        "closed_on",
    )
    list_display_links = ("id", "name")
    list_select_related = ("customer", "state", "severity", "owner")
    list_filter = (
        "state",
        "severity",
        "outcome",
        ("customer", VisibleChoiceFilter),
        ("owner", VisibleChoiceFilter),
        ("opened_on", RangeDateFilter),
    )
    search_fields = ("name", "soc_id")
    ordering = ("-id",)
    autocomplete_fields = ("customer", "owner", "reviewer")
    readonly_fields = ("opened_by", "opened_on", "closed_on")
    actions = ("close", "reopen")
    fieldsets = (
        (
            None,
            {"fields": ("name", "customer", "soc_id", "description", "tags")},
        ),
        (
            "State",
            {
                "fields": (
                    ("state", "outcome"),
                    ("severity", "classification"),
                    ("opened_on", "closed_on"),
                    "closing_note",
                )
            },
        ),
        ("People", {"fields": (("owner", "opened_by"), ("reviewer", "review_status"))}),
        ATTRIBUTES,
    )
    add_fieldsets = (
        (
            None,
            {
                "fields": (
                    "name",
                    "customer",
                    "soc_id",
                    "description",
                    ("severity", "classification"),
                    "tags",
                )
            },
        ),
    )

    def may_write(self, request: HttpRequest, obj: Any) -> bool:
        """Tell whether the actor has full access to the case."""
        return has_full_access(request, obj.pk)

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **options: Any) -> Any:
        """Return the form field; custom attributes must be a JSON object."""
        if db_field.name == "custom_attributes":
            options["form_class"] = JSONObjectField
        return super().formfield_for_dbfield(db_field, request, **options)

    @admin.action(description="Close selected cases", permissions=["change"])
    def close(self, request: HttpRequest, queryset: QuerySet[Case]) -> None:
        """Close the selected cases."""
        self.run_on_each(request, queryset, _close, "Closed %d cases.")

    @admin.action(description="Reopen selected cases", permissions=["change"])
    def reopen(self, request: HttpRequest, queryset: QuerySet[Case]) -> None:
        """Reopen the selected cases."""
        self.run_on_each(request, queryset, _reopen, "Reopened %d cases.")


def _close(actor: Actor, case: Case) -> None:
    close_case(actor, case.pk)


def _reopen(actor: Actor, case: Case) -> None:
    reopen_case(actor, case.pk)
