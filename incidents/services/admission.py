"""Who may change an incident, for doors that tell what is hidden from what may only be read."""

from cases.permissions import READ, WRITE, cases_with_level
from cases.selectors import find
from incidents.models import Incident
from soar.core.actor import Actor
from soar.core.errors import Conflict, Forbidden
from soar.core.permissions import Permission

UNKNOWN = "There is no such incident."
DELETED = "The incident is deleted. Restore it first."


def locked_incident(
    actor: Actor, incident_id: int, *, accepts_deleted: bool = False, accepts_reader: bool = False
) -> Incident:
    """Return an incident with its case, which stays locked until the caller's transaction ends.

    Raise NotFound when it is missing or hidden, Forbidden when the actor may only read it and that is not
    enough, Conflict when it is deleted and that is not accepted.
    """
    actor.require(Permission.STANDARD_USER)
    rows = cases_with_level(actor).filter(access_level__in=READ)
    case = find(rows.select_for_update(of=("self",)), incident_id, UNKNOWN)
    if case.access_level not in WRITE and not accepts_reader:
        raise Forbidden(case_id=incident_id)
    if case.deleted_at is not None and not accepts_deleted:
        raise Conflict(DELETED)
    incident = Incident.objects.get(pk=case.pk)
    incident.case = case
    return incident
