"""Models of the operational side."""

from incidents.models.incidents import Incident
from incidents.models.lookups import AlertStatus

__all__ = ["AlertStatus", "Incident"]
