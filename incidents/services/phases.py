"""The order of process phases: which can be entered, and the status that comes with one. Source: §3.1."""

from incidents.models import Incident, ListField, ListValue
from soar.core.errors import Conflict

SKIPPED = "A mandatory phase was skipped"


def status_of_phase(incident: Incident | None, phase_id: int) -> int | None:
    """Return the state of cases that a phase brings with it, None when it brings none.

    Without an incident it is about a new one. Phases mean nothing to an incident that inhibits them. Raise
    Conflict when a mandatory phase between its present phase and this one was skipped.
    """
    if incident is not None and incident.inhibits_phases:
        return None
    rows = ListValue.objects.filter(field=ListField.PHASE)
    phase = rows.select_related("sets_status").get(pk=phase_id)
    present = incident.phase if incident is not None else None
    between = rows.filter(is_mandatory=True, position__lt=phase.position).exclude(pk=phase_id)
    if present is not None:
        between = between.filter(position__gt=present.position).exclude(pk=present.pk)
    skipped = between.order_by("position").first()
    if skipped is not None:
        raise Conflict(SKIPPED, details=[f"{phase.label} comes after {skipped.label}."])
    return phase.sets_status.case_state_id if phase.sets_status else None
