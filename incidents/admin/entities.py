"""Entities in the console: the observables themselves, judged, locked, deleted and restored for everybody."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.admin import EmptyFieldListFilter
from django.db.models import Count, Exists, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from cases.selectors import visible_activities, visible_case_iocs
from incidents.selectors import all_visible_entities, visible_favorite_iocs
from incidents.services.entities import (
    delete_entity,
    lock_entity,
    may_write_entity,
    restore_entity,
    set_favorite,
    set_verdict,
    unlock_entity,
)
from incidents.services.entity_facts import EntityDetail, detail_of
from iocs.models import Ioc, Verdict
from soar.core.actor import Actor
from soar.core.admin.base import ServiceAdmin, Services, actor_of
from soar.core.permissions import Permission
from soar.core.rich_text import sanitised_html


@admin.register(Ioc)
class EntityAdmin(ServiceAdmin):
    """Entities of visible cases and alerts and of one's own catalogue, deleted ones too."""

    services = Services(all_visible_entities, delete=delete_entity, audit=visible_activities)
    writers = (Permission.ENTITIES_MANAGE,)
    list_display = (
        "short_value",
        "type",
        "verdict",
        "is_locked",
        "is_deleted",
        "is_favorite",
        "case_count",
        "first_seen_at",
    )
    list_select_related = ("type",)
    list_filter = (
        "verdict",
        "type",
        ("locked_at", EmptyFieldListFilter),
        ("deleted_at", EmptyFieldListFilter),
    )
    search_fields = ("value",)
    actions = (
        "mark_malicious",
        "mark_suspicious",
        "mark_none",
        "lock",
        "unlock",
        "restore",
        "mark_favorite",
        "unmark_favorite",
    )
    fields = (
        ("type", "verdict"),
        "value",
        "tags",
        "descriptions",
        "appears_in",
        ("locked_at", "deleted_at", "is_favorite"),
        ("uuid", "first_seen_at"),
        "enrichment",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return every field of the page, those of one line too."""
        names = (name if isinstance(name, tuple) else (name,) for name in self.fields)
        return tuple(part for name in names for part in name)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the entities with in how many visible cases each is, and whether it is a favourite."""
        actor = actor_of(request)
        held = visible_case_iocs(actor).filter(ioc=OuterRef("pk")).order_by().values("ioc")
        count = Subquery(held.annotate(count=Count("pk")).values("count"))
        mine = visible_favorite_iocs(actor).filter(ioc=OuterRef("pk"))
        return (
            super()
            .get_queryset(request)
            .annotate(
                cases_with_it=Coalesce(count, 0, output_field=IntegerField()),
                is_mine=Exists(mine),
            )
        )

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return the entity of a page, with all that the actor may know of it."""
        ioc = super().get_object(request, object_id, from_field)
        if ioc is not None:
            ioc.detail = detail_of(actor_of(request), ioc)
        return ioc

    def may_write(self, request: HttpRequest, obj: Any) -> bool:
        """Tell whether the actor may change this entity."""
        return may_write_entity(actor_of(request), obj)

    def has_judge_permission(self, request: HttpRequest) -> bool:
        """Tell whether what holds for everybody is offered; it is checked for each entity."""
        return self._may(request, self.writers)

    def has_mark_permission(self, request: HttpRequest) -> bool:
        """Tell whether what holds for the actor himself is offered."""
        return self._may(request, (Permission.STANDARD_USER,))

    @admin.display(description="value", ordering="value")
    def short_value(self, ioc: Ioc) -> str:
        """Return the beginning of the value."""
        return str(ioc)

    @admin.display(description="locked", boolean=True, ordering="locked_at")
    def is_locked(self, ioc: Ioc) -> bool:
        """Tell whether it takes no change."""
        return ioc.locked_at is not None

    @admin.display(description="deleted", boolean=True, ordering="deleted_at")
    def is_deleted(self, ioc: Ioc) -> bool:
        """Tell whether lists hide it."""
        return ioc.deleted_at is not None

    @admin.display(description="favourite", boolean=True, ordering="is_mine")
    def is_favorite(self, ioc: Any) -> bool:
        """Tell whether it is a favourite of the actor."""
        return bool(ioc.is_mine)

    @admin.display(description="cases", ordering="cases_with_it")
    def case_count(self, ioc: Any) -> int:
        """Return in how many visible cases it is."""
        return int(ioc.cases_with_it)

    @admin.display(description="tags")
    def tags(self, ioc: Ioc) -> str:
        """Return its tags in all that the actor sees."""
        return ", ".join(_detail(ioc).tags)

    @admin.display(description="descriptions")
    def descriptions(self, ioc: Ioc) -> SafeString:
        """Return what is said of it in all that the actor sees."""
        texts = ((sanitised_html(text),) for text in _detail(ioc).descriptions)
        return format_html_join("", "<div>{}</div>", texts)

    @admin.display(description="appears in")
    def appears_in(self, ioc: Ioc) -> SafeString:
        """Return links to the visible cases that hold it, newest first."""
        rows = (
            (reverse("admin:cases_case_change", args=[pk]), f"#{pk} {name}")
            for pk, name in _detail(ioc).incidents
        )
        links = format_html_join("", '<li><a href="{}">{}</a></li>', rows)
        return format_html("<ul>{}</ul>", links) if links else SafeString("")

    @admin.action(description="Mark as malicious", permissions=["judge"])
    def mark_malicious(self, request: HttpRequest, queryset: QuerySet[Ioc]) -> None:
        """Hold the selected entities for malicious."""
        self._judge(request, queryset, Verdict.MALICIOUS)

    @admin.action(description="Mark as suspicious", permissions=["judge"])
    def mark_suspicious(self, request: HttpRequest, queryset: QuerySet[Ioc]) -> None:
        """Hold the selected entities for suspicious."""
        self._judge(request, queryset, Verdict.SUSPICIOUS)

    @admin.action(description="Take the threat indicator back", permissions=["judge"])
    def mark_none(self, request: HttpRequest, queryset: QuerySet[Ioc]) -> None:
        """Hold the selected entities for nothing."""
        self._judge(request, queryset, Verdict.NONE)

    @admin.action(description="Lock", permissions=["judge"])
    def lock(self, request: HttpRequest, queryset: QuerySet[Ioc]) -> None:
        """Let the selected entities take no change and no action."""
        self.run_on_each(request, queryset, _by_id(lock_entity), "Locked %d entities.")

    @admin.action(description="Unlock", permissions=["judge"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[Ioc]) -> None:
        """Let the selected entities take changes again."""
        self.run_on_each(request, queryset, _by_id(unlock_entity), "Unlocked %d entities.")

    @admin.action(description="Restore deleted entities", permissions=["judge"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Ioc]) -> None:
        """Bring the selected entities back."""
        self.run_on_each(request, queryset, _by_id(restore_entity), "Restored %d entities.")

    @admin.action(description="Add to my favourites", permissions=["mark"])
    def mark_favorite(self, request: HttpRequest, queryset: QuerySet[Ioc]) -> None:
        """Mark the selected entities for the actor."""
        service = _by_id(partial(set_favorite, is_favorite=True))
        self.run_on_each(request, queryset, service, "%d entities are favourites of yours.")

    @admin.action(description="Remove from my favourites", permissions=["mark"])
    def unmark_favorite(self, request: HttpRequest, queryset: QuerySet[Ioc]) -> None:
        """Unmark the selected entities for the actor."""
        service = _by_id(partial(set_favorite, is_favorite=False))
        self.run_on_each(request, queryset, service, "%d entities are no favourites of yours.")

    def _judge(self, request: HttpRequest, queryset: QuerySet[Ioc], verdict: Verdict) -> None:
        service = _by_id(partial(set_verdict, verdict=verdict))
        self.run_on_each(request, queryset, service, f"%d entities: {verdict.label.lower()}.")


def _by_id(service: Callable[..., Any]) -> Callable[[Actor, Ioc], Any]:
    """Return the service as one that takes the row."""
    return lambda actor, ioc: service(actor, ioc.pk)


def _detail(ioc: Any) -> EntityDetail:
    detail: EntityDetail = ioc.detail
    return detail
