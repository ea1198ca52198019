"""How this door names types of entities, and which type of indicator a name on the wire means (§4.8)."""

from incidents.services.entity_types import ENTITY_TYPES, entity_type_of, find_ioc_type
from iocs.models import IocType
from soar.core.errors import Invalid

__all__ = ["ENTITY_TYPES", "entity_type_of", "ioc_type_of"]


def ioc_type_of(given: str, field: str = "type") -> IocType:
    """Return the type of indicator that a name on the wire means. Raise Invalid naming the field."""
    found = find_ioc_type(given)
    if found is None:
        known = ", ".join(ENTITY_TYPES)
        raise Invalid.field(field, f"There is no such type; known ones are {known}.")
    return found
