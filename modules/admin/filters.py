"""Filters of the list of runs."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter, TextFilter

from modules.hooks import HOOKS
from modules.models import ModuleRun
from modules.selectors import modules_with_runs
from soar.core.admin.base import actor_of
from soar.core.admin.forms import is_id

Choices = list[tuple[str, str]]


class ModuleFilter(DropdownFilter):
    """Runs of one module; those of removed modules are found by searching for their name."""

    title = "module"
    parameter_name = "package"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the modules with a run this user may see."""
        rows = modules_with_runs(actor_of(request)).values_list("package", "human_name")
        return [(package, name) for package, name in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ModuleRun]) -> QuerySet[ModuleRun]:
        """Return the runs of the chosen module."""
        return queryset.filter(module_name=self.value()) if self.value() else queryset

    def value(self) -> str | None:
        """Return the package in the address, if it is one of the choices."""
        given = super().value()
        return given if given in dict(self.lookup_choices) else None


class HookFilter(DropdownFilter):
    """Runs on one hook."""

    title = "hook"
    parameter_name = "hook"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the hooks there are."""
        return [(name, name) for name in sorted(HOOKS)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ModuleRun]) -> QuerySet[ModuleRun]:
        """Return the runs on the chosen hook."""
        return queryset.filter(hook_name=self.value()) if self.value() in HOOKS else queryset


class CaseFilter(TextFilter):
    """Runs of one case, by its number; what is no number filters nothing."""

    title = "case number"
    parameter_name = "case"

    def queryset(self, request: HttpRequest, queryset: QuerySet[ModuleRun]) -> QuerySet[ModuleRun]:
        """Return the runs of the case."""
        given = (self.value() or "").strip().removeprefix("#")
        return queryset.filter(case_id=int(given)) if is_id(given) else queryset
