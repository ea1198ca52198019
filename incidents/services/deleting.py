"""Deleting incidents so that they can be restored, restoring them, and deleting them for good."""

from cases.services.cases import erase_case, hide_case, restore_case
from incidents.models import Incident
from incidents.services.admission import locked_incident
from soar.core.actor import Actor
from soar.core.permissions import Permission
from soar.core.recording import recording


def delete_incident(actor: Actor, incident_id: int) -> None:
    """Delete an incident so that it can be restored.

    Raise NotFound, Forbidden, or Conflict when it is deleted already or the initial one.
    """
    with recording(actor):
        locked_incident(actor, incident_id)
        hide_case(actor, incident_id)


def restore_incident(actor: Actor, incident_id: int) -> Incident:
    """Bring a deleted incident back. Raise NotFound, Forbidden, or Conflict when it is not deleted."""
    with recording(actor):
        incident = locked_incident(actor, incident_id, accepts_deleted=True)
        incident.case = restore_case(actor, incident_id)
    return incident


def erase_incident(actor: Actor, incident_id: int) -> None:
    """Delete an incident for good, with everything in it; an administrator's alone.

    Raise NotFound, Forbidden, or Conflict for the initial one.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor):
        locked_incident(actor, incident_id, accepts_deleted=True)
        erase_case(actor, incident_id)
