"""The triage queue in the console."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import PAGE_VAR
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import display

from cases.selectors import visible_activities
from incidents.admin.triage_forms import (
    AlertForm,
    ConvertForm,
    DiscardForm,
    MergeForm,
    Question,
    ReassignForm,
    StateFilter,
    TypeFilter,
)
from incidents.models import Alert
from incidents.selectors import alerts_as_shown, visible_incidents
from incidents.services.alerts import add_alert, delete_alert, update_alert
from incidents.services.converting import convert_alert, merge_alert
from incidents.services.triage import (
    act_on_each,
    discard_alert,
    grab_alert,
    reassign_alert,
    restore_alert,
)
from soar.core.actor import Actor
from soar.core.admin.base import ServiceAdmin, Services, actor_of
from soar.core.admin.filters import VisibleChoiceFilter
from soar.core.errors import Invalid
from soar.core.permissions import Permission
from soar.core.rich_text import sanitised_html

SHOWN_REFUSALS = 5
COLOURS = {
    Alert.State.PENDING.label: "warning",
    Alert.State.GRABBED.label: "info",
    Alert.State.CONVERTED.label: "success",
    Alert.State.DISCARDED.label: "default",
}
Service = Callable[..., Any]


@admin.register(Alert)
class AlertAdmin(ServiceAdmin):
    """Events that wait for a decision. An action does to each event what can be done, and says what could not."""

    services = Services(alerts_as_shown, add_alert, update_alert, delete_alert, visible_activities)
    readers = (Permission.ALERTS_READ, Permission.ALERTS_WRITE, Permission.ALERTS_DELETE)
    writers = (Permission.ALERTS_WRITE,)
    fixed_fields = ("customer", "source", "external_id")
    form = AlertForm
    list_display = (
        "id",
        "headline",
        "shown_state",
        "status",
        "type",
        "severity",
        "source",
        "owner",
        "customer",
        "age",
    )
    list_display_links = ("id", "headline")
    list_filter = (
        StateFilter,
        "status",
        ("type", TypeFilter),
        "severity",
        ("owner", VisibleChoiceFilter),
        ("customer", VisibleChoiceFilter),
        ("created_at", RangeDateFilter),
    )
    search_fields = ("title", "description", "source", "external_id", "alert_iocs__ioc__value")
    ordering = ("-id",)
    autocomplete_fields = ("customer", "owner")
    readonly_fields = (
        "shown_state",
        "owner",
        "reason",
        "became",
        "created_by",
        "created_at",
        "grabbed_at",
        "decided_at",
        "indicators",
        "notes",
        "files",
    )
    list_before_template = "admin/triage/views.html"
    actions = ("grab", "reassign", "discard", "restore", "convert", "merge")
    what_it_is = (
        "title",
        ("type", "severity"),
        ("customer", "source", "external_id"),
        "description",
        "tags",
        "custom",
        "content",
    )
    add_fieldsets = ((None, {"fields": what_it_is}),)
    fieldsets = (
        (None, {"fields": ("title", ("type", "status", "severity"), *what_it_is[2:])}),
        ("Decision", {"fields": (("shown_state", "owner", "became"), "reason")}),
        ("On it", {"fields": ("indicators", "notes", "files")}),
        (
            "Registered",
            {"fields": (("created_by", "created_at"), ("grabbed_at", "decided_at"))},
        ),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the actor may delete events, which is a permission of its own."""
        return self._may(request, (Permission.ALERTS_DELETE,))

    def perform_add(self, actor: Actor, values: dict[str, Any]) -> Alert:
        """Take the event in, unless its source sent it before."""
        alert, is_new = add_alert(actor, **_with_content(values))
        if not is_new:
            raise Invalid.field("external_id", f"This is event #{alert.pk} already.")
        return alert

    def perform_change(self, actor: Actor, obj: Any, values: dict[str, Any]) -> Any:
        """Change what was changed."""
        return update_alert(actor, obj.pk, **_with_content(values))

    # --- how it looks

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the queue below links to what waits, to all, and to each state."""
        chosen = request.GET.get(StateFilter.parameter_name, "")
        names = [("", "Pending and grabbed"), (StateFilter.all, "All"), *Alert.State.choices]
        views = [
            {"label": label, "query": _query_for(request, state), "is_chosen": state == chosen}
            for state, label in names
        ]
        return super().changelist_view(request, {"views": views, **(extra_context or {})})

    @display(description="title", ordering="title")
    def headline(self, alert: Alert) -> str:
        """Return the title, or what stands for it."""
        return alert.title or f"{alert.type} from {alert.source or 'triage'}"

    @display(description="state", ordering="state", label=COLOURS)
    def shown_state(self, alert: Alert) -> str:
        """Return what was decided, in its colour."""
        return str(alert.get_state_display())

    @display(description="age", ordering="-created_at")
    def age(self, alert: Alert) -> str:
        """Return how long it has been here."""
        return timesince(alert.created_at, depth=1)

    @display(description="incident")
    def became(self, alert: Alert) -> str:
        """Return the incident it became or came from, as far as the actor may see it."""
        incident = alert.incident
        if incident is None or not getattr(alert, "is_incident_visible", False):
            return self.empty_value_display
        address = reverse("admin:incidents_incident_change", args=[incident.pk])
        return format_html('<a href="{}">{}</a>', address, incident.reference)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return the event of a page, and whether the actor may see its incident."""
        alert = super().get_object(request, object_id, from_field)
        if alert is not None and alert.incident_id is not None:
            known = visible_incidents(actor_of(request)).filter(pk=alert.incident_id)
            alert.is_incident_visible = known.exists()
        return alert

    @display(description="IOCs")
    def indicators(self, alert: Alert) -> SafeString | str:
        """Return what the event mentions."""
        rows = alert.alert_iocs.select_related("ioc__type", "tlp")
        parts = ((row.ioc.type, str(row.ioc), row.tlp, row.description) for row in rows)
        return format_html_join("", "<p>{}: <b>{}</b> ({}) {}</p>", parts) or "-"

    @display(description="notes")
    def notes(self, alert: Alert) -> SafeString | str:
        """Return what was noted."""
        rows = alert.notes.select_related("user")
        parts = ((row.title, row.user, sanitised_html(row.content_html)) for row in rows)
        return format_html_join("", "<div><b>{}</b>, {}: {}</div>", parts) or "-"

    @display(description="files")
    def files(self, alert: Alert) -> SafeString | str:
        """Return the names of the files."""
        rows = alert.attachments.select_related("file")
        parts = ((row.file_name, row.file.size_bytes, row.description) for row in rows)
        return format_html_join("", "<p><b>{}</b> ({} bytes) {}</p>", parts) or "-"

    # --- decisions

    @admin.action(description="Grab selected events", permissions=["change"])
    def grab(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        """Make the events one's own."""
        self.decide(request, queryset, grab_alert, "Grabbed")

    @admin.action(description="Restore selected events", permissions=["change"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        """Take discarded events back."""
        self.decide(request, queryset, restore_alert, "Restored")

    @admin.action(description="Reassign selected events", permissions=["change"])
    def reassign(self, request: HttpRequest, queryset: QuerySet[Alert]) -> HttpResponse | None:
        """Ask to whom, and give the events away."""
        return self.ask(request, queryset, ReassignForm, reassign_alert, "Reassigned")

    @admin.action(description="Discard selected events", permissions=["change"])
    def discard(self, request: HttpRequest, queryset: QuerySet[Alert]) -> HttpResponse | None:
        """Ask why, and drop the events."""
        return self.ask(request, queryset, DiscardForm, discard_alert, "Discarded")

    @admin.action(description="Convert selected events to incidents", permissions=["change"])
    def convert(self, request: HttpRequest, queryset: QuerySet[Alert]) -> HttpResponse | None:
        """Ask how, and open an incident of each event."""
        return self.ask(request, queryset, ConvertForm, convert_alert, "Converted")

    @admin.action(description="Merge selected events into an incident", permissions=["change"])
    def merge(self, request: HttpRequest, queryset: QuerySet[Alert]) -> HttpResponse | None:
        """Ask which, and put the events into the incident."""
        return self.ask(request, queryset, MergeForm, merge_alert, "Merged")

    def ask(
        self,
        request: HttpRequest,
        queryset: QuerySet[Alert],
        question: type[Question],
        service: Service,
        deed: str,
    ) -> HttpResponse | None:
        """Show what an action asks for; once answered, do it to the selection, the whole filtered one too."""
        is_answered = "answered" in request.POST
        given = (request.POST,) if is_answered else ()
        form = question(*given, actor=actor_of(request), site=self.admin_site)
        if is_answered and form.is_valid():
            self.decide(request, queryset, partial(_with_values, service, form.plain()), deed)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": question.__doc__,
            "opts": self.opts,
            "form": form,
            "media": self.media + form.media,
            "count": queryset.count(),
            "action": request.POST.get("action", ""),
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "checkbox": ACTION_CHECKBOX_NAME,
            "select_across": request.POST.get("select_across", "0"),
            "button": deed,
        }
        return TemplateResponse(request, "admin/triage/ask.html", context)

    def decide(
        self, request: HttpRequest, queryset: QuerySet[Alert], service: Service, deed: str
    ) -> None:
        """Call a service for each event by itself, and say how many it was and which were refused why."""
        ids = list(queryset.values_list("pk", flat=True))
        outcome = act_on_each(actor_of(request), ids, service)
        if outcome.done:
            self.message_user(request, f"{deed} {len(outcome.done)} events.", messages.SUCCESS)
        for pk, text in outcome.failed[:SHOWN_REFUSALS]:
            self.message_user(request, f"Event #{pk}: {text}", messages.WARNING)
        rest = len(outcome.failed) - SHOWN_REFUSALS
        if rest > 0:
            self.message_user(request, f"{rest} more were refused.", messages.WARNING)


def _query_for(request: HttpRequest, state: str) -> str:
    """Return the query of the list as it is, from its first page, with the events of a state."""
    query = request.GET.copy()
    for name in (StateFilter.parameter_name, PAGE_VAR):
        query.pop(name, None)
    if state:
        query[StateFilter.parameter_name] = state
    return f"?{query.urlencode()}"


def _with_values(service: Service, values: dict[str, Any], actor: Actor, alert_id: int) -> Any:
    return service(actor, alert_id, **values)


def _with_content(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a form with objects where none was typed."""
    empty: dict[str, Any] = {
        name: {} for name in ("content", "custom") if name in values and not values[name]
    }
    return {**values, **empty}
