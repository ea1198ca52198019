"""The audit trail, its seals, the outbox and the change counters in the console: to be read only."""

from typing import Any

from axes.models import AccessAttempt
from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import RangeDateTimeFilter

from soar.core.actor import Actor
from soar.core.admin.base import ReadOnlyAdmin, Services
from soar.core.models import AuditLog, AuditSeal, ChangeCounter, OutboxEvent
from soar.core.permissions import Permission
from soar.core.selectors import visible_audit, visible_counters, visible_outbox, visible_seals

SUMMARY_LENGTH = 100


class ChannelFilter(admin.SimpleListFilter):
    """Which door a write came through."""

    title = "channel"
    parameter_name = "door"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the known channels."""
        return [(name, name) for name in ("iris", "cloudsoar", "iop", "admin", "module", "system")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the chosen channel."""
        return queryset.filter(channel=self.value()) if self.value() else queryset


class KindFilter(admin.SimpleListFilter):
    """What kind of object a write was about."""

    title = "kind of object"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the kinds the console knows."""
        models = model_admin.admin_site._registry
        return sorted((model._meta.label_lower, str(model._meta.verbose_name)) for model in models)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows about the chosen kind."""
        return queryset.filter(object_type=self.value()) if self.value() else queryset


class DeliveredFilter(admin.SimpleListFilter):
    """Whether an event reached the modules."""

    title = "delivery"
    parameter_name = "delivery"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the two states."""
        return [("waiting", "waiting"), ("delivered", "delivered")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the events in the chosen state."""
        if self.value() in {"waiting", "delivered"}:
            return queryset.filter(delivered_at__isnull=self.value() == "waiting")
        return queryset


@admin.register(AuditLog)
class AuditLogAdmin(ReadOnlyAdmin):
    """Every write of the installation, newest first."""

    services = Services(visible=visible_audit)
    show_full_result_count = False  # a long table
    readers = (Permission.SERVER_ADMINISTRATOR, Permission.ALL_ACTIVITIES_READ)
    list_display = ("recorded_at", "actor_login", "channel", "action", "short_summary", "case_id")
    list_display_links = ("recorded_at",)
    list_filter = (ChannelFilter, KindFilter, ("recorded_at", RangeDateTimeFilter))
    search_fields = ("summary", "actor_login", "action")
    fields = (
        "recorded_at",
        "actor_login",
        "actor_id",
        "channel",
        "address",
        "request_id",
        "action",
        "object_type",
        "object_id",
        "case_id",
        "summary",
        "details",
    )

    @admin.display(description="summary")
    def short_summary(self, row: AuditLog) -> str:
        """Return the beginning of the summary."""
        text = row.summary
        return text if len(text) <= SUMMARY_LENGTH else f"{text[:SUMMARY_LENGTH]}…"


@admin.register(AuditSeal)
class AuditSealAdmin(ReadOnlyAdmin):
    """The hash chain; `manage.py verify_audit` checks it."""

    services = Services(visible=visible_seals)
    show_full_result_count = False  # a long table
    readers = (Permission.SERVER_ADMINISTRATOR,)
    ordering = ("-position",)
    list_display = ("position", "audit_id", "seal", "sealed_at")
    fields = ("position", "audit_id", "seal", "sealed_at")


@admin.register(OutboxEvent)
class OutboxEventAdmin(ReadOnlyAdmin):
    """What waits for delivery to modules."""

    services = Services(visible=visible_outbox)
    show_full_result_count = False  # a long table
    readers = (Permission.SERVER_ADMINISTRATOR,)
    ordering = ("-audit_id",)
    list_display = (
        "audit_id",
        "action",
        "created_at",
        "attempts",
        "next_attempt_at",
        "delivered_at",
    )
    list_select_related = ("audit",)
    list_filter = (DeliveredFilter,)
    fields = ("audit", "created_at", "attempts", "next_attempt_at", "delivered_at", "sealed_at")

    @admin.display(description="action")
    def action(self, event: OutboxEvent) -> str:
        """Return what the event tells of."""
        return event.audit.action


@admin.register(ChangeCounter)
class ChangeCounterAdmin(ReadOnlyAdmin):
    """How often each family of objects of a case has changed."""

    services = Services(visible=visible_counters)
    readers = (Permission.SERVER_ADMINISTRATOR,)
    ordering = ("case_id", "family")
    list_display = ("case_id", "family", "value", "updated_at")
    list_filter = ("family",)
    fields = ("case_id", "family", "value", "updated_at")


for _model in apps.get_app_config("axes").get_models():
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


def _visible_attempts(actor: Actor) -> QuerySet[AccessAttempt]:
    rows = AccessAttempt.objects.all()
    return rows if actor.is_administrator else rows.none()


@admin.register(AccessAttempt)
class AccessAttemptAdmin(ReadOnlyAdmin):
    """Failed log-ins since the last good one."""

    services = Services(visible=_visible_attempts)
    readers = (Permission.SERVER_ADMINISTRATOR,)
    list_display = ("attempt_time", "username", "ip_address", "failures_since_start", "user_agent")
    search_fields = ("username", "ip_address")
    fields = ("attempt_time", "username", "ip_address", "failures_since_start", "user_agent")
