"""Artifacts of incidents, and the entities they are."""

from typing import Any

from django.db.models import Case as Choice
from django.db.models import QuerySet, Value, When

from cases.models import CaseIoc
from cases.services.iocs import add_ioc
from incidents.models import Artifact
from incidents.services.admission import locked_incident
from incidents.services.entity_types import find_ioc_type
from iocs.models import Tlp
from soar.core.actor import Actor
from soar.core.compiled import CompiledQuery
from soar.core.errors import Invalid
from soar.core.recording import recording

LONGEST_FIELD, LONGEST_VALUE = 200, 100_000
DEFAULT_TLP = "amber"


def _levels(name: str) -> QuerySet[Tlp, Any]:
    """Return the ids of the levels, the one of a name before all others."""
    is_it = Choice(When(name=name, then=Value(0)), default=Value(1))
    return Tlp.objects.order_by(is_it, "pk").values_list("pk")


_LEVELS = CompiledQuery(_levels, name=str)


def default_tlp_id() -> int:
    """Return the level of an indicator nobody said one for. Raise Invalid where there is none at all."""
    row = _LEVELS.first(name=DEFAULT_TLP)
    if row is None:
        raise Invalid("There is no TLP level.")
    return int(row[0])


def add_artifact(
    actor: Actor, incident_id: int, *, field: str, value: str
) -> tuple[Artifact, CaseIoc | None]:
    """Keep a value for a field of an incident, as an entity too where the field's name is a type of those.

    Raise Forbidden, NotFound or Invalid.
    """
    field, entity_value = field.strip(), value.strip()
    errors = {}
    if not 0 < len(field) <= LONGEST_FIELD:
        errors["field"] = [f"A text of at most {LONGEST_FIELD} characters is needed."]
    if not entity_value or len(value) > LONGEST_VALUE:
        errors["value"] = [f"A text of at most {LONGEST_VALUE} characters is needed."]
    if errors:
        raise Invalid("Data error", errors)
    with recording(actor) as record:
        locked_incident(actor, incident_id)
        made = Artifact.objects.create(
            incident_id=incident_id, field=field, value=value, user_id=actor.user_id
        )
        record(
            "artifact.created",
            made,
            case_id=incident_id,
            summary=f'added artifact "{field}"',
            after={"field": field, "value": value},
        )
        return made, _entity(actor, incident_id, field, entity_value)


def _entity(actor: Actor, incident_id: int, field: str, value: str) -> CaseIoc | None:
    ioc_type = find_ioc_type(field)
    if ioc_type is None:
        return None
    return add_ioc(actor, incident_id, type_id=ioc_type.pk, tlp_id=default_tlp_id(), value=value)[0]
