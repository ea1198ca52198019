"""The console's pages for modules and their runs; importing registers them."""

from modules.admin import modules, panel, runs, warning

__all__ = ["modules", "panel", "runs", "warning"]
