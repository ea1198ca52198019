"""Opening incidents: the only way a case comes into being, whichever door asked."""

from typing import Any

from django.utils import timezone

from cases.attributes import merge_attributes
from cases.models import Case
from cases.services.access import grant_initial_access
from cases.services.cases import EDITABLE, check_case_references
from incidents.models import Incident
from soar.core.actor import Actor
from soar.core.history import apply_changes, note
from soar.core.models import ChangeCounter
from soar.core.permissions import Permission
from soar.core.recording import recording

COUNTED_FAMILIES = ("assets", "events", "evidences", "ioc", "notes", "tasks")


def open_incident(
    actor: Actor,
    *,
    name: str,
    description: str,
    customer_id: int,
    soc_id: str = "",
    custom_attributes: dict[str, Any] | None = None,
    **fields: Any,
) -> Incident:
    """Open an incident with its case, both with one id, owned by the actor.

    Raise Forbidden, or Invalid for a reference to nothing the actor may use.
    """
    actor.require(Permission.STANDARD_USER)
    values = fields | {
        "name": name,
        "description": description,
        "customer_id": customer_id,
        "soc_id": soc_id,
    }
    check_case_references(actor, values)
    with recording(actor) as record:
        case = Case(opened_by_id=actor.user_id, owner_id=actor.user_id)
        case.opened_on = timezone.now().date()
        values["custom_attributes"] = merge_attributes("case", custom_attributes)
        _, after = apply_changes(case, values, EDITABLE)
        note(actor, case, "opened case")
        case.save()
        incident = Incident.objects.create(
            case=case, reference=f"INC-{case.pk:06d}", opened_through=actor.channel
        )
        grant_initial_access(case, actor.user_id)
        ChangeCounter.objects.bulk_create(
            ChangeCounter(case_id=case.pk, family=family) for family in COUNTED_FAMILIES
        )
        after |= {"customer_id": customer_id, "reference": incident.reference}
        record("case.created", case, case_id=case.pk, summary=f"opened case {case}", after=after)
    return incident
