"""The types of entities: the names of this door and those of the types of indicators (contract §4.8)."""

from iocs.models import IocType
from soar.core.errors import Invalid

# A type that is not here goes by its own name in both directions.
ENTITY_TYPES = {
    "domain": "domain",
    "email": "email",
    "file": "filename",
    "ipaddress": "ip-any",
    "md5": "md5",
    "sha1": "sha1",
    "sha256": "sha256",
    "url": "url",
    "userdetail": "account",
    "host": "hostname",
    "mac": "mac-address",
}
_WIRE_TYPES = {name: wire for wire, name in ENTITY_TYPES.items()}


def wire_type(name: str) -> str:
    """Return what this door calls a type of indicators."""
    return _WIRE_TYPES.get(name, name)


def ioc_type_id(wire: str) -> int:
    """Return the id of the type that this door calls so, or that is called so. Raise Invalid."""
    wanted = wire.strip().lower()
    rows = IocType.objects.filter(name__iexact=ENTITY_TYPES.get(wanted, wanted))
    found = rows.values_list("pk", flat=True).first()
    if found is None:
        known = ", ".join(ENTITY_TYPES)
        raise Invalid.field("type", f"There is no entity type {wire[:50]}. Known are {known}.")
    return found
