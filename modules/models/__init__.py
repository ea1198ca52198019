"""Models of what runs beside the application."""

from modules.models.runs import ModuleRun

__all__ = ["ModuleRun"]
