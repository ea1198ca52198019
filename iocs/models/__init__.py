"""Models of indicators: observables, their types, and the traffic light protocol."""

from iocs.models.iocs import Ioc, Verdict
from iocs.models.lookups import IocType, Tlp

__all__ = ["Ioc", "IocType", "Tlp", "Verdict"]
