"""The types of entities as Cloud SOAR names them, and the types of indicators they are. Source: contract §4.8."""

from django.db.models import QuerySet
from django.db.models.functions import Lower

from iocs.models import IocType
from soar.core.compiled import CompiledObjects

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
_ENTITY_NAMES = {name: entity for entity, name in ENTITY_TYPES.items()}


def _named(name: str) -> QuerySet[IocType]:
    return IocType.objects.alias(_lower=Lower("name")).filter(_lower=name)


_NAMED = CompiledObjects(IocType, _named, name=str)


def find_ioc_type(entity_type: str) -> IocType | None:
    """Return the type of indicator that a type of entity stands for, under its own name too; None for none."""
    name = entity_type.strip().lower()
    found: list[IocType] = _NAMED.all(name=ENTITY_TYPES.get(name, name))
    return found[0] if found else None


def entity_type_of(ioc_type_name: str) -> str:
    """Return how Cloud SOAR names a type of indicator; one it does not know keeps its own name."""
    return _ENTITY_NAMES.get(ioc_type_name.lower(), ioc_type_name)
