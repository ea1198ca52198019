"""Artifacts of incidents: values for fields, given on creation or later."""

from incidents.models import Artifact
from incidents.services.admission import locked_incident
from soar.core.actor import Actor
from soar.core.recording import recording


def add_artifact(actor: Actor, incident_id: int, *, field: str, value: str) -> Artifact:
    """Add an artifact to an incident. Raise NotFound, Forbidden or Conflict."""
    with recording(actor) as record:
        incident = locked_incident(actor, incident_id)
        artifact = Artifact.objects.create(
            incident=incident, field=field, value=value, user_id=actor.user_id
        )
        record(
            "artifact.created",
            artifact,
            case_id=incident_id,
            summary=f"added artifact {field}",
            after={"field": field, "value": value},
        )
    return artifact
