"""Readers of incidents, and of who and what they are connected with."""

from collections.abc import Sequence
from typing import Any, TypeVar, cast

from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    F,
    Model,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
)
from django.db.models.functions import Coalesce

from cases.models import Case
from cases.permissions import READ, default_level, level_expression
from cases.selectors import (
    Levels,
    find,
    visible_cases,
)
from incidents.models import (
    FavoriteIncident,
    Incident,
    IncidentRelation,
    IncidentType,
    Investigator,
    SavedSearch,
)
from soar.core.actor import Actor
from soar.core.compiled import Among, CompiledObjects
from soar.core.errors import NotFound
from soar.core.history import is_possible_id
from soar.core.models import User

M = TypeVar("M", bound=Model)
UNKNOWN = "There is no such incident."


def visible_incidents(actor: Actor, levels: Levels = READ) -> QuerySet[Incident]:
    """Return the incidents of visible cases; deleted ones are not among them."""
    return visible_incidents_and_deleted(actor, levels).filter(case__deleted_at=None)


def visible_incidents_and_deleted(actor: Actor, levels: Levels = READ) -> QuerySet[Incident]:
    """Return the incidents of cases the actor may read, those that can be restored too.

    The level is asked of each incident itself: of a subquery of cases PostgreSQL expects so few rows that
    it looks through all of them for each incident.
    """
    level = level_expression(
        actor.user_id,
        F("case_id"),
        F("case__customer_id"),
        int(default_level(actor)),
    )
    return Incident.objects.alias(access_level=level).filter(access_level__in=levels)


def involving(actor: Actor, incidents: QuerySet[Incident]) -> QuerySet[Incident]:
    """Return those of the incidents that the actor owns, opened or investigates, alone or in a group."""
    groups = User.groups.through.objects.filter(user_id=actor.user_id).values("group_id")
    # One set of ids a way, each from an index of its own: OR over them would read all cases.
    cases = Case.objects.order_by()
    investigated = Investigator.objects.order_by()
    ids = cases.filter(owner=actor.user_id).values("pk")
    return incidents.filter(
        case_id__in=ids.union(
            cases.filter(opened_by=actor.user_id).values("pk"),
            cases.filter(owner_group__in=groups).values("pk"),
            investigated.filter(user=actor.user_id).values("incident_id"),
            investigated.filter(group__in=groups).values("incident_id"),
        )
    )


def owned_by(login: str, user_id: int | None) -> Q:
    """Return the condition that incidents belong to the user of a login or of an id, and to no group."""
    users = User.objects.filter(Q(login=login) | Q(pk=user_id)).order_by()
    return Q(case__owner__in=users.values("pk"), case__owner_group=None)


def with_marks(actor: Actor, incidents: QuerySet[Incident]) -> QuerySet[Any]:
    """Return the incidents with `is_deleted`, `is_closed` and the actor's `is_favorite`."""
    favorites = FavoriteIncident.objects.filter(user=actor.user_id, incident=OuterRef("pk"))
    return incidents.annotate(
        is_favorite=Exists(favorites),
        is_deleted=_is_set("case__deleted_at"),
        is_closed=_is_set("case__closed_at"),
    )


def in_words(actor: Actor, incidents: QuerySet[Incident]) -> QuerySet[Any]:
    """Return the incidents with all that is shown of them, so that a list needs no query per row."""
    types = IncidentType.objects.select_related("value")
    return (
        worded(actor, incidents)
        .select_related(
            "case__owner",
            "case__owner_group",
            "case__opened_by",
            *("folder", "kind", "category", "purpose", "phase"),
        )
        .prefetch_related(Prefetch("type_links", types))
        .defer("case__history", "case__custom_attributes", "case__protagonists")
    )


def worded(actor: Actor, incidents: QuerySet[Incident]) -> QuerySet[Any]:
    """Return the incidents with what has to be worked out of them.

    Status and severity are `status_label` and `restriction_label`, with the ids of their list values; marks are
    those of with_marks. It joins so many tables that PostgreSQL does not reorder them: filter before.
    """
    return with_marks(actor, incidents).annotate(
        status_id=F("case__state__list_value"),
        status_label=Coalesce("case__state__list_value__label", "case__state__name"),
        restriction_id=F("case__severity__list_value"),
        restriction_label=Coalesce("case__severity__list_value__label", "case__severity__name"),
    )


def worded_of_ids(actor: Actor, ids: Sequence[int]) -> QuerySet[Any]:
    """Return the incidents of these ids, of which the actor is known to be allowed to know, in words."""
    return worded(actor, Incident.objects.filter(pk__in=ids))


def types_of(ids: str) -> QuerySet[IncidentType, Any]:
    """Return (incident, label, id) of the types of incidents; `ids` is a text for soar.core.compiled.Among."""
    rows = IncidentType.objects.filter(Among("incident_id", ids)).order_by("pk")
    return rows.values_list("incident_id", "value__label", "value_id")


def get_incident(actor: Actor, incident_id: int) -> Any:
    """Return an incident the actor may read, deleted or not, in words. Raise NotFound."""
    rows = in_words(actor, visible_incidents_and_deleted(actor))
    return find(rows, incident_id, UNKNOWN)


_VISIBLE = CompiledObjects(
    Incident,
    lambda actor, incident: visible_incidents(actor).filter(pk=incident).order_by(),
    incident=int,
)


def find_visible_incident(actor: Actor, incident_id: int, message: str) -> Incident:
    """Return an incident the actor may read that is not deleted, without what belongs to it.

    Raise NotFound(message).
    """
    found = _VISIBLE.all(actor=actor, incident=incident_id) if is_possible_id(incident_id) else []
    if not found:
        raise NotFound(message)
    return cast(Incident, found[0])


def investigators_of(actor: Actor, incident_id: int) -> QuerySet[Investigator]:
    """Return who investigates an incident the actor may read, deleted or not. Raise NotFound."""
    incident = find(visible_incidents_and_deleted(actor), incident_id, UNKNOWN)
    return incident.investigators.select_related("user", "group")


def relations_of(actor: Actor, incident_id: int) -> QuerySet[IncidentRelation]:
    """Return how an incident the actor may read belongs with others he may read. Raise NotFound."""
    find(visible_incidents_and_deleted(actor), incident_id, UNKNOWN)
    rows = visible_relations(actor).filter(Q(first=incident_id) | Q(second=incident_id))
    return rows.select_related("first", "second")


def of_type(condition: Q) -> Q:
    """Return the condition that incidents have a type whose link meets a condition."""
    links = IncidentType.objects.filter(condition).order_by()
    return Q(pk__in=links.values("incident_id"))


def _is_set(column: str) -> Any:
    condition = Q(**{f"{column}__isnull": False})
    return ExpressionWrapper(condition, output_field=BooleanField())


def of_visible_incidents(queryset: QuerySet[M], actor: Actor, levels: Levels) -> QuerySet[M]:
    """Return those of the rows that belong to visible incidents."""
    ids = visible_cases(actor, levels).order_by().values("pk")
    return queryset.filter(incident_id__in=ids)


def visible_investigators(actor: Actor, levels: Levels = READ) -> QuerySet[Investigator]:
    """Return who investigates visible incidents."""
    return of_visible_incidents(Investigator.objects.all(), actor, levels)


def visible_relations(actor: Actor) -> QuerySet[IncidentRelation]:
    """Return the relations between two visible incidents."""
    ids = visible_cases(actor).order_by().values("pk")
    return IncidentRelation.objects.filter(first_id__in=ids, second_id__in=ids)


def visible_favorite_incidents(actor: Actor) -> QuerySet[FavoriteIncident]:
    """Return his own favourites among visible incidents."""
    rows = FavoriteIncident.objects.filter(user=actor.user_id)
    return of_visible_incidents(rows, actor, READ)


def visible_saved_searches(actor: Actor) -> QuerySet[SavedSearch]:
    """Return his own searches."""
    return SavedSearch.objects.filter(user=actor.user_id)
