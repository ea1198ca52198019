"""Runs of modules in the console: to be read only."""

from django.contrib import admin

from modules.models import ModuleRun
from modules.selectors import visible_runs
from soar.core.admin.base import ReadOnlyAdmin, Services


@admin.register(ModuleRun)
class ModuleRunAdmin(ReadOnlyAdmin):
    """Which hook ran for whom, and how it ended."""

    services = Services(visible_runs)
    list_display = (
        "task_id",
        "module_name",
        "hook_name",
        "case_id",
        "user_login",
        "status",
        "queued_at",
    )
    search_fields = ("module_name", "hook_name", "user_login")
    fields = (
        "task_id",
        "module_name",
        "hook_name",
        "case_id",
        "user_login",
        "targets",
        "status",
        "queued_at",
        "done_at",
    )
