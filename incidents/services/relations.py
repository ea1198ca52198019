"""Relations between incidents: parents, children, and others that belong together."""

from django.db.models import Q

from cases.selectors import find
from incidents.models import IncidentRelation
from incidents.selectors import visible_incidents, visible_relations
from incidents.services.admission import locked_incident
from soar.core.actor import Actor
from soar.core.errors import Conflict, Invalid
from soar.core.history import is_possible_id
from soar.core.locking import lock_for_transaction
from soar.core.recording import recording

PARENT, CHILD, RELATED = "parent", "child", "related"
KINDS = (PARENT, CHILD, RELATED)
NO_OTHER = "There is no such incident."
IS_SELF = "An incident is not related to itself."
IS_CYCLE = "An incident would be its own parent."
NO_RELATION = "There is no such relation."
EXISTS = "The two incidents are related already"


def add_relation(
    actor: Actor, incident_id: int, *, other_id: int, relation: str, field: str = "incident_id"
) -> IncidentRelation:
    """Relate an incident to another, which is its parent, its child, or related; errors call it `field`.

    Raise NotFound or Forbidden for the one, Invalid for another that is missing, hidden, itself or would
    close a circle, Conflict when they are related already.
    """
    if relation not in KINDS:
        raise Invalid.field("relation", f"Not one of {', '.join(KINDS)}.")
    with recording(actor) as record:
        # One at a time: two relations added at once could close a circle that neither sees.
        lock_for_transaction("incident relations")
        incident = locked_incident(actor, incident_id)
        if other_id == incident_id:
            raise Invalid.field(field, IS_SELF)
        others = visible_incidents(actor)
        other = others.filter(pk=other_id).first() if is_possible_id(other_id) else None
        if other is None:
            raise Invalid.field(field, NO_OTHER)
        first, second = (other_id, incident_id) if relation == PARENT else (incident_id, other_id)
        is_parent = relation != RELATED
        if is_parent and _reaches(second, first):
            raise Invalid.field(field, IS_CYCLE)
        both = (incident_id, other_id)
        if IncidentRelation.objects.filter(first__in=both, second__in=both).exists():
            raise Conflict(EXISTS)
        kind = IncidentRelation.Kind.PARENT if is_parent else IncidentRelation.Kind.RELATED
        row = IncidentRelation.objects.create(first_id=first, second_id=second, kind=kind)
        record(
            "relation.added",
            row,
            case_id=incident_id,
            summary=f"added {relation} {other} to {incident}",
            after={"other_id": other_id, "relation": relation},
        )
    return row


def remove_relation(actor: Actor, incident_id: int, relation_id: int) -> None:
    """End a relation of an incident. Raise NotFound or Forbidden."""
    with recording(actor) as record:
        incident = locked_incident(actor, incident_id)
        rows = visible_relations(actor).filter(Q(first=incident_id) | Q(second=incident_id))
        row = find(rows.select_for_update(of=("self",)), relation_id, NO_RELATION)
        other_id = row.second_id if row.first_id == incident_id else row.first_id
        record(
            "relation.removed",
            row,
            case_id=incident_id,
            summary=f"removed the relation of {incident} to incident {other_id}",
            before={"other_id": other_id, "relation": relation_of(row, incident_id)},
        )
        row.delete()


def relation_of(row: IncidentRelation, incident_id: int) -> str:
    """Return what the other one of a relation is to an incident."""
    if row.kind == IncidentRelation.Kind.RELATED:
        return RELATED
    return PARENT if row.second_id == incident_id else CHILD


def _reaches(start: int, goal: int) -> bool:
    """Tell whether one incident is another, or one of its ancestors; asks once per generation."""
    seen, generation = {start}, {start}
    while generation and goal not in seen:
        children = IncidentRelation.objects.filter(
            first__in=generation, kind=IncidentRelation.Kind.PARENT
        )
        generation = set(children.values_list("second_id", flat=True)) - seen
        seen |= generation
    return goal in seen
