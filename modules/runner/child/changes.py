"""What a module did to an object: the difference between what it got and what is there at the end."""

import copy
import logging
from typing import Any

from .models import attribute
from .records import Record, plain

# Context we add; not part of the object.
CONTEXT = {"user", "case_id"}


class Tracked:
    """An object handed out, its place in the data, and its snapshot as it was."""

    def __init__(self, record: Record, index: int | None, before: dict[str, Any]) -> None:
        self.record, self.index = record, index
        self.before = copy.deepcopy(before)


def changes_of(tracked: Tracked) -> dict[str, list[Any]]:
    """Return field: [old, new] of every column that differs; related objects with a dot."""
    return _changes(tracked.record, tracked.before, "")


def _changes(record: Record, before: dict[str, Any], prefix: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name, value in vars(record).items():
        is_column = name in before or name in type(record)._columns
        if name.startswith("_") or name == "custom_attributes" or not is_column:
            continue
        old = before.get(name)
        if name in CONTEXT and old is None:
            continue
        if isinstance(value, Record) and isinstance(old, dict):
            found |= _changes(value, old, f"{prefix}{name}.")
            continue
        new = plain(value)
        if new != plain(attribute(name, old)):
            found[prefix + name] = [old, new]
    return found


def custom_attributes_of(tracked: Tracked, log: logging.Logger) -> dict[str, Any] | None:
    """Return the tabs and fields that are new or differ, or None when there are none."""
    old = tracked.before.get("custom_attributes") or {}
    new = plain(vars(tracked.record).get("custom_attributes")) or {}
    if new == old or not isinstance(new, dict):
        return None
    found: dict[str, Any] = {}
    for tab, fields in new.items():
        known = old.get(tab)
        if not isinstance(fields, dict):
            continue
        changed = {
            name: value
            for name, value in fields.items()
            if not isinstance(known, dict) or known.get(name) != value
        }
        if changed or known is None:
            found[tab] = changed
    if any(
        tab not in new or set(old[tab]) - set(new[tab]) for tab in old if _is_tab(old, new, tab)
    ):
        log.warning("Custom attributes the module removed are kept")
    return found or None


def _is_tab(old: dict[str, Any], new: dict[str, Any], tab: str) -> bool:
    return isinstance(old[tab], dict) and isinstance(new.get(tab, {}), dict)
