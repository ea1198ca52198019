"""Models of the operational side."""

from incidents.models.incidents import Incident

__all__ = ["Incident"]
