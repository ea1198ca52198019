"""Incidents in the console, and the opening of cases, which is theirs."""

from typing import Any

from django.contrib import admin

from cases.admin.cases import CaseAdmin
from cases.models import Case
from cases.selectors import visible_activities, visible_cases
from cases.services.cases import delete_case
from incidents.models import Incident
from incidents.selectors import visible_incidents
from incidents.services.incidents import open_incident, update_incident
from soar.core.actor import Actor
from soar.core.admin.base import ReadOnlyAdmin, Services


@admin.register(Case)
class OpeningCaseAdmin(CaseAdmin):
    """Cases; a new one is opened as an incident."""

    services = Services(
        visible_cases, open_incident, update_incident, delete_case, visible_activities
    )

    def perform_add(self, actor: Actor, values: dict[str, Any]) -> Case:
        """Open an incident and return its case."""
        return open_incident(actor, **values).case


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    """The operational face of cases."""

    services = Services(visible_incidents, audit=visible_activities)
    list_display = ("reference", "case", "opened_through")
    list_select_related = ("case",)
    list_filter = ("opened_through",)
    search_fields = ("reference", "case__name")
    ordering = ("-case_id",)
    fields = ("reference", "case", "opened_through")
