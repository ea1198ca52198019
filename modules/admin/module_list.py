"""The columns of the list of modules."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.views import ChangeList

from modules.admin import objects, shown
from modules.models import Module, ModuleRun
from modules.selectors import histories


class ModuleList(ChangeList):
    """The list of modules with how they did lately."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        """Read the page and the history of its modules."""
        super().get_results(request)
        rows = list(self.result_list)
        found = histories(rows)
        for row in rows:
            row.history = found[row.pk]
        self.result_list = rows


class ModuleColumns:
    """State, last run and success of each module."""

    list_display = (
        "module",
        "shown_state",
        "active",
        "version",
        "last_run",
        "success_rate",
        "reason",
    )

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        """Return the list class."""
        return ModuleList

    @admin.display(description="module", ordering="human_name")
    def module(self, module: Module) -> SafeString:
        """Return the name people read and the package."""
        return shown.names_of(module.human_name, module.package)

    @display(description="active", ordering="is_active", boolean=True)
    def active(self, module: Module) -> bool:
        """Tell whether it takes runs."""
        return module.is_active

    @display(description="state", ordering="state", label=shown.STATE_COLOURS)
    def shown_state(self, module: Module) -> str:
        """Return the badge."""
        return module.state

    @admin.display(description="reason")
    def reason(self, module: Module) -> SafeString | None:
        """Return the beginning of the reason of the state."""
        text = module.state_reason
        return shown.cell_of(shown.beginning_of(text)) if text else None

    @admin.display(description="last run (UTC)")
    def last_run(self, module: Any) -> SafeString | None:
        """Return when it last ran and how, with a link."""
        run = module.history.last
        if run is None:
            return None
        return format_html(
            '<a class="text-link whitespace-nowrap" href="{}">{}</a> {}',
            objects.address_of(ModuleRun, run.pk),
            shown.time_of(run.queued_at),
            run.status,
        )

    @admin.display(description="success")
    def success_rate(self, module: Any) -> str | None:
        """Return the share of good runs among the last."""
        return shown.rate_of(module.history) or None
