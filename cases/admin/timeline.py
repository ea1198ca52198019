"""Timeline events in the console, in UTC."""

from typing import Any

from django import forms
from django.contrib import admin
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.widgets import UnfoldAdminSelectWidget

from cases.admin.base import ATTRIBUTES, BY_CASE, CaseRecordAdmin
from cases.admin.links import assets_of_case, iocs_of_case, shown_assets, shown_iocs
from cases.models import Event
from cases.selectors import visible_activities, visible_events
from cases.services.timeline import add_event, delete_event, update_event
from soar.core.actor import Actor
from soar.core.admin.base import Services

# The seven colours of the timeline (contract §4, event_colors).
COLORS = [
    ("", "none"),
    ("#fff", "white"),
    ("#1572E899", "blue"),
    ("#6861CE99", "purple"),
    ("#48ABF799", "light blue"),
    ("#31CE3699", "green"),
    ("#F2596199", "red"),
    ("#FFAD4699", "orange"),
]
UTC_OFFSET = "+00:00"


class NewEventForm(forms.ModelForm):
    """An event to be."""

    color = forms.ChoiceField(choices=COLORS, required=False, widget=UnfoldAdminSelectWidget())


class EventForm(NewEventForm):
    """An existing event with the assets and indicators it touches."""

    asset_ids = assets_of_case(Event)
    ioc_ids = iocs_of_case(Event)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, linked in (("asset_ids", "assets"), ("ioc_ids", "iocs")):
            if name in self.fields:
                self.fields[name].bind_case(self.instance.case_id)
                rows = getattr(self.instance, linked)
                self.initial[name] = list(rows.values_list("pk", flat=True))


@admin.register(Event)
class EventAdmin(CaseRecordAdmin):
    """What happened when."""

    services = Services(visible_events, add_event, update_event, delete_event, visible_activities)
    form = EventForm
    add_form = NewEventForm
    list_display = ("date", "title", "case", "category", "source", "is_in_graph", "is_in_summary")
    list_display_links = ("date", "title")
    list_select_related = ("case", "category")
    list_filter = (
        BY_CASE,
        "category",
        "is_in_graph",
        "is_in_summary",
        ("date", RangeDateTimeFilter),
    )
    search_fields = ("title", "content", "source")
    readonly_fields = ("local_date", "tz", "user", "added_at")
    details = (
        "case",
        "title",
        "date",
        ("category", "color"),
        "content",
        "raw",
        "source",
        "tags",
        ("is_in_graph", "is_in_summary"),
    )
    add_fieldsets = ((None, {"fields": details}),)
    fieldsets = (
        (None, {"fields": (*details, "asset_ids", "ioc_ids")}),
        ("Registered", {"fields": (("local_date", "tz"), ("user", "added_at"))}),
        ATTRIBUTES,
    )

    @admin.display(description="Assets")
    def asset_ids(self, event: Event) -> str:
        """Return the linked assets, for those who may only read."""
        return shown_assets(event)

    @admin.display(description="IOCs")
    def ioc_ids(self, event: Event) -> str:
        """Return the linked indicators, for those who may only read."""
        return shown_iocs(event)

    def perform_add(self, actor: Actor, values: dict[str, Any]) -> Event:
        """Put the event on the timeline; links follow on its own page."""
        return super().perform_add(actor, {**_in_utc(values), "asset_ids": []})

    def perform_change(self, actor: Actor, obj: Event, values: dict[str, Any]) -> Event:
        """Change the event; a new date is a reading of a UTC clock."""
        return update_event(actor, obj.case_id, obj.pk, **_in_utc(values))


def _in_utc(values: dict[str, Any]) -> dict[str, Any]:
    if "date" not in values:
        return values
    return {**values, "local_date": values["date"], "tz": UTC_OFFSET}
