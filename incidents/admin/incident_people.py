"""Who works on incidents, which belong together, and whose favourites they are, in the console."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from cases.admin.base import has_full_access
from cases.selectors import visible_activities
from incidents.models import FavoriteIncident, IncidentRelation, Investigator
from incidents.selectors import (
    visible_favorite_incidents,
    visible_investigators,
    visible_relations,
)
from incidents.services.investigators import add_investigator, remove_investigator
from incidents.services.parties import Party, party_of
from incidents.services.relations import CHILD, RELATED, add_relation, remove_relation
from soar.core.actor import Actor
from soar.core.admin.base import ReadOnlyAdmin, ServiceAdmin, Services
from soar.core.admin.filters import VisibleChoiceFilter
from soar.core.permissions import Permission


@admin.register(Investigator)
class InvestigatorAdmin(ServiceAdmin):
    """Who works on incidents; adding one lets him in, deleting him takes that back."""

    services = Services(
        visible_investigators,
        add_investigator,
        add_investigator,
        remove_investigator,
        visible_activities,
    )
    writers = (Permission.INVESTIGATORS_MANAGE,)
    fixed_fields = ("incident", "user", "group")
    fields = ("incident", "user", "group", "role")
    autocomplete_fields = ("incident", "user")
    list_display = ("incident", "user", "group", "role")
    list_select_related = ("incident", "user", "group")
    list_filter = (("incident", VisibleChoiceFilter), ("user", VisibleChoiceFilter), "group")
    search_fields = ("incident__reference", "user__login", "group__name", "role")

    def may_write(self, request: HttpRequest, obj: Any) -> bool:
        """Tell whether the actor has full access to the incident."""
        return has_full_access(request, obj.incident_id)

    def perform_add(self, actor: Actor, values: dict[str, Any]) -> Investigator:
        """Let a user or a group investigate."""
        entry = {"user": values["user_id"], "group": values["group_id"]}
        party = party_of(entry, "user")
        return add_investigator(actor, values["incident_id"], party=party, role=values["role"])

    def perform_change(self, actor: Actor, obj: Investigator, values: dict[str, Any]) -> None:
        """Give another role."""
        add_investigator(actor, obj.incident_id, party=_party(obj), role=values["role"])

    def perform_delete(self, actor: Actor, obj: Investigator) -> None:
        """End his work."""
        remove_investigator(actor, obj.incident_id, party=_party(obj))


@admin.register(IncidentRelation)
class IncidentRelationAdmin(ServiceAdmin):
    """Incidents that belong together: the first is the parent of the second, or they are related."""

    services = Services(
        visible_relations, add_relation, delete=remove_relation, audit=visible_activities
    )
    address = ("first_id", "pk")
    writers = (Permission.STANDARD_USER,)
    fields = ("first", "kind", "second")
    autocomplete_fields = ("first", "second")
    list_display = ("first", "kind", "second")
    list_display_links = ("first", "kind")
    list_select_related = ("first", "second")
    list_filter = ("kind",)
    search_fields = ("first__reference", "second__reference")

    def may_write(self, request: HttpRequest, obj: Any) -> bool:
        """Tell whether the actor has full access to the first of the two."""
        return has_full_access(request, obj.first_id)

    def perform_add(self, actor: Actor, values: dict[str, Any]) -> IncidentRelation:
        """Relate the two."""
        relation = CHILD if values["kind"] == IncidentRelation.Kind.PARENT else RELATED
        return add_relation(
            actor, values["first_id"], other_id=values["second_id"], relation=relation
        )


@admin.register(FavoriteIncident)
class FavoriteIncidentAdmin(ReadOnlyAdmin):
    """The incidents the user keeps in sight."""

    services = Services(visible_favorite_incidents, audit=visible_activities)
    list_display = ("incident", "added_at")
    list_select_related = ("incident",)
    search_fields = ("incident__reference",)
    fields = ("incident", "added_at")


def _party(investigator: Investigator) -> Party:
    return Party(investigator.user, investigator.group)
