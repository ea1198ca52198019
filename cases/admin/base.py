"""What the console's pages for the records of a case share."""

from typing import Any

from django.db.models import Field, QuerySet
from django.http import HttpRequest

from cases.permissions import WRITE, level_on_case
from soar.core.admin.base import ServiceAdmin, actor_of
from soar.core.admin.filters import VisibleChoiceFilter
from soar.core.admin.forms import JSONObjectField
from soar.core.permissions import Permission

BY_CASE = ("case", VisibleChoiceFilter)
ATTRIBUTES = ("Custom attributes", {"classes": ("collapse",), "fields": ("custom_attributes",)})


class CaseRecordAdmin(ServiceAdmin):
    """A record of a case: written by whoever has full access to the case, which never changes."""

    address = ("case_id", "pk")
    writers = (Permission.STANDARD_USER, Permission.SERVER_ADMINISTRATOR)
    fixed_fields = ("case",)
    autocomplete_fields: tuple[str, ...] = ("case",)
    list_select_related: tuple[str, ...] = ("case",)
    list_filter: tuple[Any, ...] = (BY_CASE,)

    def may_write(self, request: HttpRequest, obj: Any) -> bool:
        """Tell whether the actor has full access to the object's case."""
        return has_full_access(request, obj.case_id)

    def label_of(self, obj: Any) -> str:
        """Return the name with the case, since names repeat from case to case."""
        return f"{obj} (case #{obj.case_id})"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search, for an autocomplete of one case in that case only."""
        case_id = request.GET.get("case", "")
        match = request.resolver_match
        if match is not None and match.url_name == "autocomplete" and case_id.isdecimal():
            queryset = queryset.filter(case_id=int(case_id))
        return super().get_search_results(request, queryset, search_term)

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **options: Any) -> Any:
        """Return the form field; custom attributes must be a JSON object."""
        if db_field.name == "custom_attributes":
            options["form_class"] = JSONObjectField
        return super().formfield_for_dbfield(db_field, request, **options)


def has_full_access(request: HttpRequest, case_id: int) -> bool:
    """Tell whether the actor has full access to a case, asking once per request."""
    levels: dict[int, int] = getattr(request, "console_levels", {})
    if case_id not in levels:
        levels = {**levels, case_id: level_on_case(actor_of(request), case_id)}
        request.console_levels = levels  # type: ignore[attr-defined]
    return levels[case_id] in WRITE
