"""Changing incidents by the names their fields have outside; a closed status closes, an open one reopens."""

from collections.abc import Mapping
from typing import Any

from cases.models import CaseState
from cases.selectors import find
from incidents.models import Folder, Incident
from incidents.services.admission import locked_incident
from incidents.services.closing import enter_closed_state, is_closed, leave_closed_state
from incidents.services.custom_values import REQUIRED
from incidents.services.fields import Values, custom_of, values_of
from incidents.services.incidents import update_incident
from incidents.services.investigators import let_owner_in
from incidents.services.parties import Party, find_party
from incidents.services.phases import status_of_phase
from soar.core.actor import Actor
from soar.core.errors import Invalid
from soar.core.recording import Record, recording


def change_incident(actor: Actor, incident_id: int, fields: Mapping[str, Any]) -> None:
    """Change the given fields of an incident, and nothing else.

    A phase brings its status, unless one is given. Raise NotFound, Forbidden, Conflict for a skipped phase,
    a deleted incident or an incident ID that is taken, or Invalid naming what is wrong.
    """
    with recording(actor) as record:
        incident = locked_incident(actor, incident_id)
        values = values_of(fields)
        values |= custom_of(fields, values, incident)
        _set_phase(incident, values)
        _set_names(incident, values)
        _set_state(actor, record, incident, values)
        if values:
            update_incident(actor, incident_id, **values)
        if "owner" in fields:
            let_owner_in(incident.case, find_party(fields["owner"], "owner"), chosen_by=actor)


def move_to_folder(actor: Actor, incident_id: int, *, folder_id: int) -> Folder:
    """Put an incident into a folder. Raise NotFound, for an unknown folder too, or Forbidden."""
    with recording(actor):
        locked_incident(actor, incident_id)
        folder = find(Folder.objects.all(), folder_id, "There is no such folder.")
        update_incident(actor, incident_id, folder_id=folder.pk)
    return folder


def set_owner(actor: Actor, incident_id: int, *, owner: Party) -> None:
    """Give an incident to a user, or a group, who gets full access to it.

    Raise NotFound, Forbidden, or Invalid for whom a record denies.
    """
    given = {"group": owner.group.pk} if owner.group else {"user": owner.user and owner.user.pk}
    change_incident(actor, incident_id, {"owner": given})


def _set_phase(incident: Incident, values: Values) -> None:
    if "inhibits_phases" in values:
        incident.inhibits_phases = values["inhibits_phases"]
    phase_id = values.get("phase_id")
    if phase_id is not None and phase_id != incident.phase_id:
        state_id = status_of_phase(incident, phase_id)
        if state_id is not None:
            values.setdefault("state_id", state_id)


def _set_names(incident: Incident, values: Values) -> None:
    """Keep incident ID and title: the one is never empty, an incident without the other is called by its ID."""
    if values.get("reference") == "":
        raise Invalid.field("incidentid", REQUIRED)
    reference = values.get("reference", incident.reference)
    has_no_title = incident.case.name == incident.reference
    if values.get("name") == "" or ("name" not in values and has_no_title):
        values["name"] = reference
    if values.get("name") == incident.case.name:
        del values["name"]


def _set_state(actor: Actor, record: Record, incident: Incident, values: Values) -> None:
    """Close or reopen the incident, if its new state says so; what remains is an ordinary change."""
    if "state_id" not in values:
        return
    state = CaseState.objects.get(pk=values["state_id"])
    if state.is_closed == is_closed(incident):
        return
    del values["state_id"]
    if state.is_closed:
        closing_note = values.pop("closing_note", "")
        enter_closed_state(actor, record, incident, state, closing_note=closing_note)
    else:
        leave_closed_state(actor, record, incident, state)
