"""Readers of incidents, and of who and what they are connected with."""

import json
import re
from typing import Any, TypeVar, cast

from django.db import connection
from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    Model,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Coalesce

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
        OuterRef("case_id"),
        OuterRef("case__customer_id"),
        int(default_level(actor)),
    )
    return Incident.objects.alias(access_level=level).filter(access_level__in=levels)


def involving(actor: Actor, incidents: QuerySet[Incident]) -> QuerySet[Incident]:
    """Return those of the incidents that the actor owns, opened or investigates, alone or in a group."""
    groups = User.groups.through.objects.filter(user_id=actor.user_id).values("group_id")
    investigated = Investigator.objects.filter(
        Q(user=actor.user_id) | Q(group__in=groups), incident=OuterRef("pk")
    )
    return incidents.filter(
        Q(case__owner=actor.user_id)
        | Q(case__opened_by=actor.user_id)
        | Q(case__owner_group__in=groups)
        | Q(Exists(investigated))
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

    Status and severity are `status_label` and `restriction_label`, with the ids of their list values;
    `is_favorite` is the actor's.
    """
    favorites = FavoriteIncident.objects.filter(user=actor.user_id, incident=OuterRef("pk"))
    return incidents.annotate(
        status_id=F("case__state__list_value"),
        status_label=Coalesce("case__state__list_value__label", "case__state__name"),
        restriction_id=F("case__severity__list_value"),
        restriction_label=Coalesce("case__severity__list_value__label", "case__severity__name"),
        is_favorite=Exists(favorites),
        is_deleted=_is_set("case__deleted_at"),
        is_closed=_is_set("case__closed_on"),
    )


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
    return Q(Exists(IncidentType.objects.filter(condition, incident=OuterRef("pk"))))


def with_custom_value(name: str, value: Any) -> Q:
    """Return the condition that incidents have a value in a custom field, of a list all its values.

    PostgreSQL answers it from its index on all custom fields; elsewhere it is compared row by row.
    """
    if connection.vendor == "postgresql":
        return Q(custom__contains={name: value})
    has = Q(custom__has_key=name)  # so that its contrary is true of incidents without the field
    if not isinstance(value, list):
        return has & Q(**{f"custom__{name}": value})
    return has & Q(*(Q(**{f"custom__{name}__icontains": json.dumps(one)}) for one in value))


def with_tag(tag: str) -> Q:
    """Return the condition that incidents have a tag, without regard to case.

    PostgreSQL answers it from its index on the tags of cases; elsewhere it is compared row by row.
    """
    if connection.vendor == "postgresql":
        return Q(_HasTag(F("case__tags"), Value(tag, output_field=TextField())))
    return Q(case__tags__iregex=rf"(^|,)\s*{re.escape(tag)}\s*(,|$)")


class _HasTag(Func):
    """Tell whether a list of tags has one; the first part is what the index case_by_tag is on."""

    template = "(regexp_split_to_array(lower(%(expressions)s)])"
    arg_joiner = r"), '\s*,\s*') @> ARRAY[lower("
    output_field = BooleanField()


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
