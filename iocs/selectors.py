"""Readers of indicators' reference data; the indicators themselves are read through cases."""

from django.db.models import QuerySet

from iocs.models import CatalogueEntry, IocType, Tlp
from soar.core.actor import Actor


def visible_ioc_types(actor: Actor) -> QuerySet[IocType]:
    """Return the IOC types: reference data every user may read."""
    return IocType.objects.all()


def visible_tlps(actor: Actor) -> QuerySet[Tlp]:
    """Return the TLP levels: reference data every user may read."""
    return Tlp.objects.all()


def visible_catalogue_entries(actor: Actor) -> QuerySet[CatalogueEntry]:
    """Return the entries of his own catalogue."""
    return CatalogueEntry.objects.filter(user=actor.user_id)
