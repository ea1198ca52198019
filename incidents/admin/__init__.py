"""The console's pages of the operational side; importing registers them."""

from incidents.admin import entities, incidents, lookups, notes, parts, setup, triage

__all__ = ["entities", "incidents", "lookups", "notes", "parts", "setup", "triage"]
