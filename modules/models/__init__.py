"""Models of what runs beside the application."""

from modules.models.modules import HookSubscription, Module, ModuleParameter, ModuleSwitch
from modules.models.runs import ModuleRun, ModuleRunLog

__all__ = [
    "HookSubscription",
    "Module",
    "ModuleParameter",
    "ModuleRun",
    "ModuleRunLog",
    "ModuleSwitch",
]
