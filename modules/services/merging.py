"""Compare-and-set of values a module changed: what is written, what conflicts, what is refused.

Nothing here reads or writes rows. The results of a module come from foreign code, so every value is taken
for what it is, whatever its type.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from modules.snapshots.shapes import tags_of

MAXIMUM_DEPTH = 60
MAXIMUM_ENTRIES = 500  # of each list a run keeps
SHOWN_LENGTH = 2000
SURROGATE = re.compile("[\ud800-\udfff]")
CHANGED_MEANWHILE = "changed meanwhile"
NOT_A_TEXT = "not a text"
NOT_AN_OBJECT = "not an object"
NO_REMOVAL = "a module cannot remove an attribute"


@dataclass
class Sheet:
    """What became of the changes and creations of one run, as its row keeps them."""

    applied: list[dict[str, Any]] = field(default_factory=list)
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    created: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, kind: str, pk: Any, name: str, reason: str, change: Any = None) -> None:
        """Note something a module wanted and does not get."""
        old, new = pair_of(change) or (None, change)
        entry = {"kind": kind, "id": pk, "field": name, "old": old, "new": new, "reason": reason}
        note_entry(self.refused, entry)


def note_entry(entries: list[dict[str, Any]], entry: Mapping[str, Any]) -> None:
    """Append what a person can read of an entry, unless there are too many already."""
    if len(entries) < MAXIMUM_ENTRIES:
        entries.append({name: shown(value) for name, value in entry.items()})


@dataclass
class Merge:
    """The outcome for one column: its value afterwards, and each step as (field, old, new)."""

    value: Any
    applied: list[tuple[str, Any, Any]] = field(default_factory=list)
    conflicts: list[tuple[str, Any, Any]] = field(default_factory=list)
    refused: list[tuple[str, Any, str]] = field(default_factory=list)


def pair_of(change: Any) -> tuple[Any, Any] | None:
    """Return old and new value of a change as the runner writes it, or None."""
    if isinstance(change, list | tuple) and len(change) == 2:
        return change[0], change[1]
    return None


def storable(value: Any, depth: int = 0) -> Any:
    """Return a JSON value without what databases refuse: NUL, lone surrogates, endless numbers.

    Raise ValueError when it is nested too deeply.
    """
    if depth > MAXIMUM_DEPTH:
        raise ValueError("nested too deeply")
    if isinstance(value, str):
        return SURROGATE.sub("\ufffd", value.replace("\x00", ""))
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {storable(str(k)): storable(v, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item, depth + 1) for item in value]
    return value


def shown(value: Any) -> Any:
    """Return a value as the log of a run keeps it: storable, and long ones cut."""
    try:
        clean = storable(value)
    except ValueError as error:
        return str(error)
    text = clean if isinstance(clean, str) else json.dumps(clean, default=str)
    if len(text) <= SHOWN_LENGTH:
        return clean
    return f"{text[:SHOWN_LENGTH]}... ({len(text)} characters)"


def merge_text(
    name: str, current: str | None, change: Any, *, limit: int | None, is_required: bool = False
) -> Merge:
    """Set a text, unless somebody changed it since the module saw it."""
    values = pair_of(change)
    texts = [part if part is not None else "" for part in values or ()]
    if values is None or not all(isinstance(part, str) for part in texts):
        return Merge(current, refused=[(name, change, NOT_A_TEXT)])
    old, new, now = texts[0], storable(texts[1]), current or ""
    if limit is not None and len(new) > limit:
        return Merge(current, refused=[(name, change, f"longer than {limit} characters")])
    if is_required and not new:
        return Merge(current, refused=[(name, change, "may not be empty")])
    if new == now:
        return Merge(current)
    if old != now:
        return Merge(current, conflicts=[(name, old, new)])
    return Merge(new, applied=[(name, now, new)])


def merge_tags(name: str, current: str | None, change: Any, *, limit: int | None) -> Merge:
    """Add the tags a module added and take away those it removed; other people's stay.

    Tags that would make the text longer than the limit are left out.
    """
    values = pair_of(change)
    if values is None or not all(part is None or isinstance(part, str) for part in values):
        return Merge(current, refused=[(name, change, NOT_A_TEXT)])
    old, new = (tags_of(storable(part)) for part in values)
    now = tags_of(current)
    gone = set(old) - set(new)
    kept = [tag for tag in now if tag not in gone]
    wanted = [tag for tag in new if tag not in old and tag not in kept]
    merge = Merge(current)
    for tag in wanted:
        if limit is not None and len(",".join([*kept, tag])) > limit:
            merge.refused.append((name, tag, f"no room: at most {limit} characters of tags"))
        else:
            kept.append(tag)
    if kept != now:
        merge.value = ",".join(kept)
        merge.applied.append((name, current or "", merge.value))
    return merge


def merge_mapping(name: str, current: Any, change: Any) -> Merge:
    """Set the members a module changed, each unless somebody changed it meanwhile."""
    values = pair_of(change)
    parts = [part if part is not None else {} for part in values or ()]
    if values is None or not all(isinstance(part, Mapping) for part in parts):
        return Merge(current, refused=[(name, change, NOT_AN_OBJECT)])
    try:
        old, new = storable(parts[0]), storable(parts[1])
    except ValueError as error:
        return Merge(current, refused=[(name, None, str(error))])
    return _merge_members(name, current, old, new, may_remove=True)


def _merge_members(
    name: str, current: Any, old: Mapping[str, Any], new: Mapping[str, Any], *, may_remove: bool
) -> Merge:
    now = dict(current) if isinstance(current, Mapping) else {}
    merge = Merge(current)
    for key in dict.fromkeys([*old, *new]):
        path, before, after, here = f"{name}.{key}", old.get(key), new.get(key), now.get(key)
        if before == after or here == after:
            continue
        if key not in new and not may_remove:
            merge.refused.append((path, None, NO_REMOVAL))
        elif here != before:
            merge.conflicts.append((path, before, after))
        else:
            merge.applied.append((path, before, after))
            now[key] = after
            if key not in new:
                del now[key]
    if merge.applied:
        merge.value = now
    return merge


def merge_attributes(current: Any, change: Any, effects: Any) -> Merge:
    """Set attributes of an object, tab by tab and field by field.

    `effects` are fields a module set through the attribute functions it is offered: they replace what is
    there. `change` is what it did to the attributes by itself: compared and set like any other value.
    """
    name = "custom_attributes"
    merge = Merge(current)
    try:
        wanted = storable(effects) if isinstance(effects, Mapping) else {}
        values = [storable(part) for part in pair_of(change) or ()]
    except ValueError as error:
        merge.refused.append((name, None, str(error)))
        return merge
    tabs = {tab: dict(fields) for tab, fields in _tabs(current).items()}
    for tab, fields in _tabs(wanted).items():
        for key, given in fields.items():
            _set_field(merge, tabs.setdefault(tab, {}), f"{name}.{tab}.{key}", key, given)
        if tab not in tabs:
            tabs[tab] = {}
            merge.applied.append((f"{name}.{tab}", None, {}))
    if values:
        old, new = (_tabs(part) for part in values)
        for tab in dict.fromkeys([*old, *new]):
            ours = wanted.get(tab) or {}
            before = {k: v for k, v in old.get(tab, {}).items() if k not in ours}
            after = {k: v for k, v in new.get(tab, {}).items() if k not in ours}
            part = _merge_members(f"{name}.{tab}", tabs.get(tab), before, after, may_remove=False)
            merge.applied += part.applied
            merge.conflicts += part.conflicts
            merge.refused += part.refused
            if part.applied:
                tabs[tab] = part.value
    if merge.applied:
        merge.value = tabs
    return merge


def _set_field(merge: Merge, fields: dict[str, Any], path: str, key: str, given: Any) -> None:
    wanted = attribute_field(given)
    now = fields.get(key)
    if now != wanted:
        merge.applied.append((path, value_of(now), wanted["value"]))
        fields[key] = wanted


def attribute_field(given: Any) -> dict[str, Any]:
    """Return a field as it is stored: {mandatory, type, value}, and options where it has some."""
    known = given if isinstance(given, Mapping) and "value" in given else {"value": given}
    stored = {
        "mandatory": bool(known.get("mandatory")),
        "type": str(known.get("type") or "raw"),
        "value": known["value"],
    }
    if known.get("options") is not None:
        stored["options"] = known["options"]
    return stored


def value_of(stored: Any) -> Any:
    """Return the value of a stored field."""
    return stored.get("value") if isinstance(stored, Mapping) else stored


def _tabs(attributes: Any) -> dict[str, dict[str, Any]]:
    if not isinstance(attributes, Mapping):
        return {}
    return {tab: dict(fields) for tab, fields in attributes.items() if isinstance(fields, Mapping)}
