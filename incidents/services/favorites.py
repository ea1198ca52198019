"""The incidents a user keeps in sight."""

from incidents.models import FavoriteIncident
from incidents.services.admission import locked_incident
from soar.core.actor import Actor
from soar.core.recording import recording


def add_favorite(actor: Actor, incident_id: int) -> None:
    """Make an incident one of the actor's favourites, if it is none yet. Raise NotFound."""
    with recording(actor) as record:
        incident = locked_incident(actor, incident_id, accepts_deleted=True, accepts_reader=True)
        favorite, is_new = FavoriteIncident.objects.get_or_create(
            incident=incident, user_id=actor.user_id
        )
        if is_new:
            summary = f"made {incident} a favorite"
            record("favorite.added", favorite, case_id=incident_id, summary=summary)


def remove_favorite(actor: Actor, incident_id: int) -> None:
    """Let an incident be no favourite of the actor's any more, if it is one. Raise NotFound."""
    with recording(actor) as record:
        incident = locked_incident(actor, incident_id, accepts_deleted=True, accepts_reader=True)
        rows = FavoriteIncident.objects.filter(incident=incident, user_id=actor.user_id)
        favorite = rows.first()
        if favorite is not None:
            summary = f"made {incident} no favorite any more"
            record("favorite.removed", favorite, case_id=incident_id, summary=summary)
            favorite.delete()
