"""Closing incidents with a note, and opening them again."""

from typing import Any

from django.utils import timezone

from cases.models import CaseState
from cases.models.lookups import OutcomeStatus
from cases.services.cases import EDITABLE as CASE_EDITABLE
from incidents.models import Incident, ListField
from incidents.services.admission import locked_incident
from incidents.services.custom_values import REQUIRED
from incidents.services.incidents import incident_settings
from incidents.services.lists import find_value
from soar.core.actor import Actor
from soar.core.errors import Conflict, Invalid
from soar.core.history import apply_changes, note
from soar.core.recording import Record, recording

NOTE_REQUIRED = "A closing note is required."
IS_CLOSED, IS_OPEN = "The incident is closed already", "The incident is open"


def close_incident(
    actor: Actor,
    incident_id: int,
    *,
    closing_note: str = "",
    status: int | str | None = None,
    outcome: int | str | None = None,
) -> Incident:
    """Close an incident as of now, with a closed status and how it turned out, where given.

    Raise NotFound, Forbidden, Conflict when it is closed already, or Invalid, such as for a missing note
    where one is required.
    """
    with recording(actor) as record:
        incident = locked_incident(actor, incident_id)
        if is_closed(incident):
            raise Conflict(IS_CLOSED)
        state = _state(status, CaseState.CLOSED, is_closed=True)
        changes = {"outcome": find_outcome(outcome)} if outcome not in (None, "") else {}
        enter_closed_state(actor, record, incident, state, closing_note=closing_note, **changes)
    return incident


def reopen_incident(
    actor: Actor, incident_id: int, *, status: int | str | None = None, reason: str = ""
) -> Incident:
    """Open a closed incident again. Its closing note stays until the next one replaces it.

    Raise NotFound, Forbidden, Invalid, or Conflict when it is open.
    """
    with recording(actor) as record:
        incident = locked_incident(actor, incident_id)
        if not is_closed(incident):
            raise Conflict(IS_OPEN)
        state = _state(status, CaseState.OPEN, is_closed=False)
        leave_closed_state(actor, record, incident, state, reason=reason)
    return incident


def is_closed(incident: Incident) -> bool:
    """Tell whether an incident is closed."""
    return incident.case.closed_on is not None


def require_note(closing_note: str | None) -> None:
    """Raise Invalid for an empty note where this installation wants one."""
    if not (closing_note or "").strip() and incident_settings().requires_closing_note:
        raise Invalid(NOTE_REQUIRED, {"closing_note": [REQUIRED]})


def find_outcome(given: int | str) -> int:
    """Return an outcome by its number or its label. Raise Invalid."""
    for value, label in OutcomeStatus.choices:
        if str(given).casefold() in (str(value), str(label).casefold()):
            return int(value)
    labels = ", ".join(str(label) for label in OutcomeStatus.labels)
    raise Invalid.field("outcome", f"Not one of {labels}.")


def enter_closed_state(
    actor: Actor,
    record: Record,
    incident: Incident,
    state: CaseState,
    *,
    closing_note: str | None = "",
    **more: Any,
) -> None:
    """Close a locked, open incident within the caller's transaction. Raise Invalid for a missing note."""
    require_note(closing_note)
    now = timezone.now()
    changes = {"state_id": state.pk, "closed_at": now, "closed_on": now.date(), **more}
    if closing_note:
        changes["closing_note"] = closing_note
    _save(actor, record, incident, changes, ("case.closed", "closed case"))


def leave_closed_state(
    actor: Actor, record: Record, incident: Incident, state: CaseState, *, reason: str = ""
) -> None:
    """Open a locked, closed incident again within the caller's transaction."""
    changes: dict[str, Any] = {"state_id": state.pk, "closed_at": None, "closed_on": None}
    _save(actor, record, incident, changes, ("case.reopened", "reopened case"), reason=reason)


def _save(
    actor: Actor,
    record: Record,
    incident: Incident,
    changes: dict[str, Any],
    deed: tuple[str, str],
    *,
    reason: str = "",
) -> None:
    case, (action, text) = incident.case, deed
    before, after = apply_changes(case, changes, CASE_EDITABLE)
    note(actor, case, text)
    case.save()
    summary = f"{text} {case}: {reason}" if reason else f"{text} {case}"
    record(action, case, case_id=case.pk, summary=summary, before=before, after=after)


def _state(status: int | str | None, default_id: int, *, is_closed: bool) -> CaseState:
    """Return the state a status stands for. Raise Invalid unless it is a closed, or an open, one."""
    value = find_value(ListField.STATUS, status, "status")
    state = value.case_state if value is not None else CaseState.objects.get(pk=default_id)
    if state is None or state.is_closed != is_closed:
        words = "a closed" if is_closed else "an open"
        raise Invalid.field("status", f"This is not {words} status.")
    return state
