"""Whoever writes to an incident locks its case first, whose row is the lock of everything about it."""

from cases.models import Case
from cases.permissions import require_case
from cases.selectors import WRITE, find, visible_cases
from soar.core.actor import Actor


def lock_incident(actor: Actor, incident_id: int) -> Case:
    """Return the case of an incident, locked until the transaction ends. Raise Forbidden or NotFound."""
    require_case(actor, incident_id)
    rows = visible_cases(actor, WRITE).select_for_update(of=("self",))
    return find(rows, incident_id, "No such incident")
