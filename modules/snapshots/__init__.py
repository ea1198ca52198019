"""Snapshots: what modules are shown of our objects, under the column names of DFIR-IRIS."""

from modules.snapshots.taking import stand_in, surroundings, take, take_many

__all__ = ["stand_in", "surroundings", "take", "take_many"]
