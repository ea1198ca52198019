"""Opening an incident that is like another one."""

from cases.permissions import READ, cases_with_level
from cases.selectors import find
from incidents.models import Incident
from incidents.services.admission import UNKNOWN
from incidents.services.incidents import LISTED, open_incident
from soar.core.actor import Actor
from soar.core.permissions import Permission
from soar.core.recording import recording

OF_CASE = ("description", "description_html", "severity_id", "classification_id", "tags")
OF_INCIDENT = (
    *LISTED,
    "folder_id",
    "template_id",
    "started_at",
    "ended_at",
    "timezone",
    "inhibits_phases",
    "custom",
)


def clone_incident(actor: Actor, incident_id: int, *, reference: str = "") -> Incident:
    """Open an incident with the fields of another, the actor's own and open.

    Its parts, investigators and relations stay with the other one. Raise NotFound, Forbidden, or Conflict
    for a taken incident ID where duplicates are prohibited.
    """
    actor.require(Permission.STANDARD_USER)
    with recording(actor) as record:
        rows = cases_with_level(actor).filter(access_level__in=READ)
        case = find(rows, incident_id, UNKNOWN)
        incident = Incident.objects.select_related("case").get(pk=case.pk)
        clone = open_incident(
            actor,
            name=incident.title,
            customer_id=case.customer_id,
            reference=reference,
            type_ids=list(incident.type_links.values_list("value_id", flat=True)),
            **{name: getattr(case, name) for name in OF_CASE},
            **{name: getattr(incident, name) for name in OF_INCIDENT},
        )
        record(
            "incident.cloned",
            clone,
            case_id=clone.pk,
            summary=f"opened {clone} as a clone of {incident}",
            after={"original_id": incident_id},
        )
    return clone
