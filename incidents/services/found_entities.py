"""Entities that were found in a text: which of them its incident takes up. Source: contract §3.1, §6."""

import logging
from collections.abc import Collection

from cases.models import CaseIoc
from cases.services.iocs import add_ioc
from incidents.services.admission import locked_incident
from incidents.services.artifacts import default_tlp_id
from incidents.services.entity_types import find_ioc_type
from iocs.models import Ioc
from iocs.models.iocs import fingerprint
from soar.core.actor import Actor
from soar.core.models import AuditLog
from soar.core.recording import recording

logger = logging.getLogger(__name__)
MOST_OF_ONE_TEXT = 100
LET_GO = ("ioc.deleted", "ioc.updated")  # what says of an indicator that it is not this incident's
Found = tuple[str, str]


def add_found_entities(
    actor: Actor, incident_id: int, found: Collection[Found], *, found_in: str
) -> int:
    """Put what was found, as (type of entity, value), into an incident, and return how many came in.

    What the incident has under any type stays as it is, what was taken out of it or corrected in it stays
    away, what is locked or deleted is not touched. A deleted incident takes nothing. Raise NotFound or
    Forbidden.
    """
    with recording(actor):
        incident = locked_incident(actor, incident_id, accepts_deleted=True)
        if incident.case.deleted_at is not None:
            return 0
        wanted = _wanted(incident_id, found)
        if len(wanted) > MOST_OF_ONE_TEXT:
            more = len(wanted) - MOST_OF_ONE_TEXT
            logger.info("incident %s: %s more entities in %s", incident_id, more, found_in)
        types = {name: find_ioc_type(name) for name in {kind for kind, _ in wanted}}
        for kind, value in wanted[:MOST_OF_ONE_TEXT]:
            ioc_type = types[kind]
            if ioc_type is not None:
                add_ioc(
                    actor,
                    incident_id,
                    type_id=ioc_type.pk,
                    tlp_id=default_tlp_id(),
                    value=value,
                    description=f"Found in {found_in}",
                    found_in=found_in,
                )
    return min(len(wanted), MOST_OF_ONE_TEXT)


def _wanted(incident_id: int, found: Collection[Found]) -> list[Found]:
    """Return what of it the incident may take, in an order in which no two writers wait for each other."""
    hashes = {fingerprint(value): value for _, value in found}
    here = CaseIoc.objects.filter(case=incident_id, ioc__value_hash__in=hashes)
    not_ours = Ioc.objects.filter(value_hash__in=hashes)
    not_ours = not_ours.exclude(locked_at=None, deleted_at=None)
    unwanted = {
        *here.values_list("ioc__value", flat=True),
        *not_ours.values_list("value", flat=True),
    }
    candidates = set(hashes.values()) - unwanted
    if candidates:
        lines = AuditLog.objects.filter(case_id=incident_id, action__in=LET_GO)
        gone = lines.filter(details__before__value__in=sorted(candidates))
        unwanted |= set(gone.values_list("details__before__value", flat=True))
    return sorted(one for one in found if one[1] not in unwanted)
