"""Incidents in the console, who and what they are connected with, and the opening of cases, which is theirs."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from cases.admin.base import has_full_access
from cases.admin.cases import CaseAdmin
from cases.models import Case
from cases.selectors import visible_activities, visible_cases
from cases.services.cases import delete_case
from cases.services.rich_texts import shown_as_html
from incidents.admin.incident_forms import (
    ClosingForm,
    FormAction,
    IncidentForm,
    InvestigatorForm,
    PartyForm,
)
from incidents.admin.opening import OPENING_FIELDSETS, open_asked, opening_form
from incidents.admin.reports import ReportingAdmin
from incidents.models import (
    Incident,
    ListField,
)
from incidents.selectors import (
    in_words,
    visible_incidents_and_deleted,
    visible_list_values,
)
from incidents.services.closing import close_incident, reopen_incident
from incidents.services.deleting import delete_incident, restore_incident
from incidents.services.editing import change_incident, set_owner
from incidents.services.fields import LISTED
from incidents.services.incidents import open_incident, update_incident
from incidents.services.investigators import add_investigator
from incidents.services.parties import Party
from soar.core.actor import Actor
from soar.core.admin.base import Services, actor_of
from soar.core.admin.filters import VisibleChoiceFilter
from soar.core.permissions import Permission
from soar.core.rich_text import sanitised_html

FIELD_OF = {attribute.removesuffix("_id"): field for attribute, field in LISTED.values()}


@admin.register(Case)
class OpeningCaseAdmin(CaseAdmin):
    """Cases; a new one is opened as an incident."""

    services = Services(
        visible_cases, open_incident, update_incident, delete_case, visible_activities
    )

    def perform_add(self, actor: Actor, values: dict[str, Any]) -> Case:
        """Open an incident and return its case."""
        return open_incident(actor, **values).case


class DeletedFilter(admin.SimpleListFilter):
    """Deleted incidents, which a list leaves out unless it is asked for them."""

    title = "deletion"
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices besides the usual one."""
        return [("yes", "Deleted"), ("any", "Deleted or not")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield the choices; the first is what a list shows by itself."""
        usual, *others = super().choices(changelist)
        yield {**usual, "display": "Not deleted"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the incidents of the choice."""
        if self.value() == "any":
            return queryset
        return queryset.filter(case__deleted_at__isnull=self.value() != "yes")


class TypeFilter(admin.SimpleListFilter):
    """Incidents of one type."""

    title = "type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the types."""
        rows = visible_list_values(actor_of(request)).filter(field=ListField.TYPE)
        return [(str(row.pk), row.label) for row in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the incidents of the type; what is none of the types filters nothing."""
        known = {value for value, _ in self.lookup_choices}
        return queryset.filter(types=self.value()) if self.value() in known else queryset


@admin.register(Incident)
class IncidentAdmin(ReportingAdmin):
    """The operational side of incidents: what IRIS knows of them is on the page of the case."""

    services = Services(
        visible_incidents_and_deleted,
        add=open_asked,
        change=update_incident,
        delete=delete_incident,
        audit=visible_activities,
    )
    writers = (Permission.STANDARD_USER,)
    form = IncidentForm
    list_display = (
        "reference",
        "title",
        "status",
        "severity",
        "owner",
        "folder",
        "shown_types",
        "opened_at",
    )
    list_filter = (
        DeletedFilter,
        "case__state",
        "case__severity",
        ("case__owner", VisibleChoiceFilter),
        "folder",
        TypeFilter,
    )
    search_fields = ("reference", "case__name", "case__tags")
    ordering = ("-case_id",)
    shown_only = (
        *("case", "status", "severity", "owner", "opened_through", "opened_at"),
        *("text", "closing_note", "investigators"),
    )
    add_fieldsets = OPENING_FIELDSETS
    actions = ("close", "reopen", "change_owner", "add_investigator", "restore")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("reference", "case"),
                    "description",
                    "text",
                    "type_ids",
                    ("folder", "phase"),
                )
            },
        ),
        (
            "State",
            {
                "fields": (
                    ("status", "severity"),
                    ("owner", "opened_at"),
                    "investigators",
                    "closing_note",
                    "inhibits_phases",
                )
            },
        ),
        (
            "Details",
            {
                "fields": (
                    ("kind", "category", "purpose"),
                    ("started_at", "ended_at"),
                    "timezone",
                    "opened_through",
                    "custom",
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the incidents with what the list shows of them."""
        return in_words(actor_of(request), super().get_queryset(request))

    def get_form(self, request: HttpRequest, obj: Any = None, **options: Any) -> Any:
        """Return the form of a new incident, or of one there is."""
        if obj is None:
            options = {"form": opening_form(actor_of(request)), **options}
        return super().get_form(request, obj, **options)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return what is only shown: of a new incident nothing."""
        return () if obj is None else (*super().get_readonly_fields(request, obj), *self.shown_only)

    def may_write(self, request: HttpRequest, obj: Any) -> bool:
        """Tell whether the actor has full access; nobody changes a deleted incident."""
        return has_full_access(request, obj.pk)

    def get_field_queryset(self, db: str | None, db_field: Any, request: HttpRequest) -> Any:
        """Return the choices of a relation: of a list field its own values."""
        if db_field.name in FIELD_OF:
            return visible_list_values(actor_of(request)).filter(field=FIELD_OF[db_field.name])
        return super().get_field_queryset(db, db_field, request)

    def perform_add(self, actor: Actor, values: dict[str, Any]) -> Incident:
        """Open the incident."""
        return open_asked(actor, values)

    def perform_change(self, actor: Actor, obj: Incident, values: dict[str, Any]) -> None:
        """Change the incident; a phase may bring a status, and cannot skip a mandatory one."""
        fields = values.pop("custom", None) or {}
        if "description" in values:
            fields["description"] = values.pop("description")
        if "phase_id" in values:
            fields["phase"] = values.pop("phase_id")
        if fields:
            change_incident(actor, obj.pk, fields)
        if values:
            update_incident(actor, obj.pk, **values)

    # --- columns

    @admin.display(description="description", ordering="case__name")
    def title(self, incident: Any) -> str:
        return incident.case.name

    @admin.display(ordering="case__state")
    def status(self, incident: Any) -> str:
        return incident.status_label

    @admin.display(ordering="case__severity")
    def severity(self, incident: Any) -> str:
        return incident.restriction_label

    @admin.display(ordering="case__owner__login")
    def owner(self, incident: Any) -> str:
        case = incident.case
        return Party(None if case.owner_group else case.owner, case.owner_group).name

    @admin.display(description="text")
    def text(self, incident: Any) -> SafeString | str:
        """Return what is known, sanitised."""
        case = incident.case
        body = shown_as_html(case.description, case.description_html)
        return format_html('<div class="report">{}</div>', sanitised_html(body)) if body else "-"

    @admin.display(description="investigators")
    def investigators(self, incident: Any) -> str:
        rows = incident.investigators.select_related("user", "group")
        return ", ".join(f"{Party(row.user, row.group).name} ({row.role})" for row in rows) or "-"

    @admin.display(description="closing note")
    def closing_note(self, incident: Any) -> str:
        return incident.case.closing_note or self.empty_value_display

    @admin.display(description="types")
    def shown_types(self, incident: Any) -> str:
        labels = ", ".join(link.value.label for link in incident.type_links.all())
        return labels or self.empty_value_display

    @admin.display(description="Types")
    def type_ids(self, incident: Any) -> str:
        """Return the types, for those who may only read."""
        return self.shown_types(incident)

    @admin.display(description="opened", ordering="case__opened_at")
    def opened_at(self, incident: Any) -> str:
        return date_format(localtime(incident.case.opened_at), "DATETIME_FORMAT")

    # --- actions

    def has_invite_permission(self, request: HttpRequest) -> bool:
        """Tell whether the actor may let others investigate; each incident is asked for by itself."""
        return self._may(request, (Permission.INVESTIGATORS_MANAGE,))

    @admin.action(description="Close selected incidents", permissions=["change"])
    def close(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Ask for the closing note and close the incidents."""
        return CLOSE.answer(self, request, queryset)

    @admin.action(description="Reopen selected incidents", permissions=["change"])
    def reopen(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Open the incidents again."""
        self.run_on_each(request, queryset, _reopen, "Reopened %d incidents.")

    @admin.action(description="Change owner of selected incidents", permissions=["change"])
    def change_owner(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Ask whom the incidents are given to, and do it."""
        return CHANGE_OWNER.answer(self, request, queryset)

    @admin.action(description="Add investigator to selected incidents", permissions=["invite"])
    def add_investigator(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """Ask who investigates the incidents, and let him in."""
        return ADD_INVESTIGATOR.answer(self, request, queryset)

    @admin.action(description="Restore selected incidents", permissions=["change"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Bring deleted incidents back."""
        self.run_on_each(request, queryset, _restore, "Restored %d incidents.")


def _reopen(actor: Actor, incident: Incident) -> None:
    reopen_incident(actor, incident.pk)


def _restore(actor: Actor, incident: Incident) -> None:
    restore_incident(actor, incident.pk)


def _close(actor: Actor, incident: Incident, values: dict[str, Any]) -> None:
    status = values["status"]
    close_incident(
        actor,
        incident.pk,
        closing_note=values["closing_note"],
        status=status.pk if status else None,
        outcome=values["outcome"],
    )


def _give(actor: Actor, incident: Incident, values: dict[str, Any]) -> None:
    set_owner(actor, incident.pk, owner=Party(values["user"], values["group"]))


def _let_in(actor: Actor, incident: Incident, values: dict[str, Any]) -> None:
    party = Party(values["user"], values["group"])
    add_investigator(actor, incident.pk, party=party, role=values["role"])


CLOSE = FormAction("close", "Close incidents", ClosingForm, _close, "Closed %d incidents.")
CHANGE_OWNER = FormAction(
    "change_owner", "Change owner", PartyForm, _give, "Gave %d incidents to their new owner."
)
ADD_INVESTIGATOR = FormAction(
    "add_investigator",
    "Add investigator",
    InvestigatorForm,
    _let_in,
    "Added the investigator to %d incidents.",
)
