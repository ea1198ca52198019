"""Models of indicators: observables, their types, and the traffic light protocol."""

from iocs.models.catalogue import CatalogueEntry
from iocs.models.iocs import Ioc, Verdict
from iocs.models.lookups import IocType, Tlp

__all__ = ["CatalogueEntry", "Ioc", "IocType", "Tlp", "Verdict"]
