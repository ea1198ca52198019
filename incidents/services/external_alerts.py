"""The raw alerts that made or enriched an incident."""

from typing import Any

from incidents.models import ExternalAlert
from incidents.services.admission import locked_incident
from soar.core.actor import Actor
from soar.core.recording import recording


def add_external_alert(
    actor: Actor,
    incident_id: int,
    *,
    type: str,
    data: dict[str, Any],
    name: str = "",
    actions: list[Any] | None = None,
    result: list[Any] | None = None,
) -> ExternalAlert:
    """Keep an alert as it came, with where it came from. Raise Forbidden or NotFound.

    The audit trail tells that it came, not what is in it: that may hold secrets of the source.
    """
    with recording(actor) as record:
        locked_incident(actor, incident_id)
        made = ExternalAlert.objects.create(
            incident_id=incident_id,
            type=type,
            name=name,
            data=data,
            actions=actions or [],
            result=result or [],
            user_id=actor.user_id,
        )
        record(
            "external_alert.created",
            made,
            case_id=incident_id,
            summary=f'added external alert of "{type}"',
            after={"type": type, "name": name},
        )
    return made
