"""Runs of modules in the console: what ran on what, how it ended, and what came of it."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, FieldTextFilter, RangeDateTimeFilter
from unfold.decorators import display
from unfold.views import ChangeList

from cases.admin.base import has_full_access
from modules.admin import objects, shown
from modules.admin.filters import CaseFilter, HookFilter, ModuleFilter
from modules.admin.panel import REQUEST, request_view
from modules.admin.warning import hindrances_for
from modules.models import ModuleRun
from modules.selectors import get_switch, visible_runs
from modules.services.control import cancel_run, repeat_run
from soar.core.actor import Actor
from soar.core.admin.base import ReadOnlyAdmin, Services, actor_of
from soar.core.admin.forms import refusal_text
from soar.core.errors import DomainError

LONG_COLUMNS = ("payload", "snapshot", "traceback", "applied", "conflicts", "refused", "created")
WAITING = {"pending": "It waits for a worker.", "running": "It is running."}


class RunList(ChangeList):
    """The list of runs: without what only their own pages show, and with links to their objects."""

    result_list: Any

    def get_queryset(self, *args: Any, **options: Any) -> QuerySet[ModuleRun]:
        """Return the filtered runs without their long columns."""
        return super().get_queryset(*args, **options).defer(*LONG_COLUMNS)

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, and what its runs were about with one query per kind."""
        super().get_results(request)
        rows = list(self.result_list)
        links = objects.links_to(
            actor_of(request), [k for row in rows for k in objects.keys_of(row)]
        )
        for row in rows:
            row.shown_objects = [links[key] for key in objects.keys_of(row)]
        self.result_list = rows


@admin.register(ModuleRun)
class ModuleRunAdmin(ReadOnlyAdmin):
    """The runs of visible cases. Whoever may write to a case may cancel its runs and repeat them."""

    services = Services(visible_runs)
    show_full_result_count = False  # a long table
    ordering = ("-id",)
    list_display = (
        "shown_status",
        "module_and_hook",
        "about",
        "case",
        "user",
        "queued",
        "duration",
        "outcome",
    )
    list_display_links = ("shown_status", "module_and_hook")
    list_filter = (
        ModuleFilter,
        ("status", ChoicesDropdownFilter),
        HookFilter,
        CaseFilter,
        ("user_login", FieldTextFilter),
        ("queued_at", RangeDateTimeFilter),
    )
    list_before_template = "admin/modules/list_head.html"
    search_fields = ("module_name", "hook_name", "ui_name", "user_login", "message")
    fields = ("module_name", "hook_name", "status")

    # --- the list

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        """Return the list class."""
        return RunList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list with the warnings of the watch, and whether modules are paused at all."""
        context = {"console_warnings": hindrances_for(request), "switch": get_switch()}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    @display(description="status", ordering="status", label=shown.RUN_COLOURS)
    def shown_status(self, run: ModuleRun) -> str:
        """Return the badge."""
        return shown.status_of(run)

    @admin.display(description="module and hook", ordering="module_name")
    def module_and_hook(self, run: ModuleRun) -> SafeString:
        """Return the module, and under it the hook or the name of a manual one."""
        hook = run.ui_name or run.hook_name
        return shown.names_of(run.module_name or "-", hook)

    @admin.display(description="object")
    def about(self, run: Any) -> SafeString:
        """Return links to the first objects."""
        links = format_html_join(", ", "{}", ((_link(link),) for link in run.shown_objects))
        more = len(run.targets) - len(run.shown_objects)
        return format_html("{} and {} more", links, more) if more > 0 and links else links

    @admin.display(description="case", ordering="case_id")
    def case(self, run: ModuleRun) -> SafeString | None:
        """Return a link to the case."""
        if run.case_id is None:
            return None
        address = reverse("admin:cases_case_change", args=[run.case_id])
        return format_html('<a class="text-link" href="{}">#{}</a>', address, run.case_id)

    @admin.display(description="user", ordering="user_login")
    def user(self, run: ModuleRun) -> str | None:
        """Return in whose name it ran."""
        return run.user_login or None

    @admin.display(description="queued (UTC)", ordering="queued_at")
    def queued(self, run: ModuleRun) -> str:
        """Return when it was queued, to the second."""
        return shown.time_of(run.queued_at)

    @admin.display(description="ran for")
    def duration(self, run: ModuleRun) -> SafeString | None:
        """Return how long it ran."""
        text = shown.duration_of(run)
        return format_html('<span class="whitespace-nowrap">{}</span>', text) if text else None

    @admin.display(description="result")
    def outcome(self, run: ModuleRun) -> SafeString | None:
        """Return the beginning of the message."""
        return shown.cell_of(shown.beginning_of(run.message)) if run.message else None

    # --- one run

    def get_urls(self) -> list[URLPattern]:
        """Return the stock addresses and those of the buttons."""
        wrap = self.admin_site.admin_view
        return [
            path("request/", wrap(self.request_view), name=REQUEST),
            path("<int:run_id>/cancel/", wrap(self.cancel_view), name="modules_modulerun_cancel"),
            path("<int:run_id>/repeat/", wrap(self.repeat_view), name="modules_modulerun_repeat"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show everything about a run."""
        run = self.get_object(request, unquote(object_id))
        if run is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request, run):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": str(run),
            "opts": self.opts,
            "original": run,
            **_details(request, run),
        }
        return TemplateResponse(request, "admin/modules/run.html", context)

    def cancel_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Cancel a run."""
        return self._answer(request, run_id, cancel_run, "The run is being cancelled.")

    def repeat_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Queue a run again and lead to the new one."""
        return self._answer(request, run_id, repeat_run, "Queued again: this is the new run.")

    def request_view(self, request: HttpRequest) -> HttpResponse:
        """Queue a run asked for on the page of an object."""
        return request_view(self, request)

    def _answer(self, request: HttpRequest, run_id: int, service: Any, done: str) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        shown_id = run_id
        if request.method == "POST":
            try:
                shown_id = service(actor_of(request), run_id).pk
                self.message_user(request, done, messages.SUCCESS)
            except DomainError as refusal:
                self.message_user(request, refusal_text(refusal), messages.ERROR)
        return redirect(objects.address_of(ModuleRun, shown_id))


def _details(request: HttpRequest, run: ModuleRun) -> dict[str, Any]:
    actor = actor_of(request)
    keys = objects.keys_of(run)
    links = objects.links_to(actor, keys)
    targets = run.targets if isinstance(run.targets, list) else []
    return {
        "run": run,
        "badge": shown.badge_of(run),
        "duration": shown.duration_of(run),
        "links": [links[key] for key in keys],
        "more_objects": max(len(targets) - len(keys), 0),
        "log": shown.lines_of_run(run),
        "waiting": WAITING.get(run.status, ""),
        "created": _created(actor, run),
        "may_steer": run.case_id is None or has_full_access(request, run.case_id),
        "module_address": _module_address(actor, run),
        "parts": _parts(run),
        "payload": shown.text_of(run.payload),
        "snapshot": shown.text_of(run.snapshot),
        "switch": get_switch(),
    }


def _parts(run: ModuleRun) -> list[dict[str, Any]]:
    """Return the tables of what came of a run, those with rows."""
    parts = [
        ("Applied", "This was written.", shown.entries(run.applied)),
        (
            "Conflicts",
            "Not written: somebody else had changed the field since the run started.",
            shown.entries(run.conflicts),
        ),
        (
            "Refused",
            "Not written: modules may not change this, or not here.",
            shown.entries(run.refused),
        ),
    ]
    return [
        {
            "title": title,
            "hint": hint,
            "rows": rows,
            "has_reasons": any(row.get("reason") for row in rows),
        }
        for title, hint, rows in parts
        if rows
    ]


def _created(actor: Actor, run: ModuleRun) -> list[dict[str, Any]]:
    """Return what a run created, with links."""
    rows = shown.entries(run.created)
    keys = [(str(row.get("kind")), row.get("id"), run.case_id) for row in rows]
    links = objects.links_to(actor, [key for key in keys if isinstance(key[1], int)])
    return [{**row, "link": links.get(key)} for row, key in zip(rows, keys, strict=True)]


def _module_address(actor: Actor, run: ModuleRun) -> str:
    if run.module_id is None or not actor.is_administrator:
        return ""
    return reverse("admin:modules_module_change", args=[run.module_id])


def _link(link: objects.Link) -> SafeString | str:
    if not link.address:
        return link.text
    return format_html('<a class="text-link" href="{}">{}</a>', link.address, link.text)
