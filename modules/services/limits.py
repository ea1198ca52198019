"""The limits an operator may set for a module, and what they may be."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from iocs.models import Tlp
from modules.models import Module
from soar.core.errors import Invalid
from soar.core.history import is_possible_id

# Name: smallest and largest. A run must end while the broker still remembers its message.
NUMBERS = {
    "wall_seconds": (1, 3600),
    "memory_mb": (64, 65_536),
    "concurrency": (1, 100),
    "per_minute": (0, 100_000),
    "maximum_retries": (0, 10),
    "breaker_failures": (0, 1000),
    "cool_down_seconds": (1, 86_400),
}
FLAGS = ("may_run_synchronously", "is_preimported")
FIELD_NAME = re.compile(r"[a-z_*.]{1,100}")
OWN_QUEUE = "mod."
Changes = dict[str, Any]


def checked_limits(module: Module, changes: Mapping[str, Any]) -> Changes:
    """Return the changes fit to be stored. Raise Invalid naming the first that is not."""
    return {name: _checked(module, name, value) for name, value in changes.items()}


def _checked(module: Module, name: str, value: Any) -> Any:
    if name in NUMBERS:
        return _number(name, value)
    if name in FLAGS:
        if not isinstance(value, bool):
            raise Invalid.field(name, "Must be true or false")
        return value
    check = OTHERS.get(name)
    if check is None:
        raise Invalid.field(name, "This field cannot be changed.")
    return check(module, value)


def _number(name: str, value: Any) -> int:
    smallest, largest = NUMBERS[name]
    if isinstance(value, bool) or not isinstance(value, int) or not smallest <= value <= largest:
        raise Invalid.field(name, f"Must be between {smallest} and {largest}")
    return value


def _queue(module: Module, value: Any) -> str:
    """Check a queue: the common one, or the module's own."""
    if value in ("", f"{OWN_QUEUE}{module.package}"):
        return str(value)
    raise Invalid.field("queue", f"Must be empty or {OWN_QUEUE}{module.package}")


def _tlp(module: Module, value: Any) -> int | None:
    pk = value.pk if isinstance(value, Tlp) else value
    if pk is None:
        return None
    if not is_possible_id(pk) or not Tlp.objects.filter(pk=pk).exists():
        raise Invalid.field("maximum_tlp_id", "Invalid TLP ID")
    return int(pk)


def _writable(module: Module, value: Any) -> list[str] | None:
    if value is None:
        return None
    is_list = isinstance(value, list) and len(value) <= 200
    if not is_list or not all(isinstance(one, str) and FIELD_NAME.fullmatch(one) for one in value):
        raise Invalid.field("writable_fields", "Must be a list of names of fields")
    return list(value)


OTHERS: dict[str, Callable[[Module, Any], Any]] = {
    "queue": _queue,
    "maximum_tlp_id": _tlp,
    "writable_fields": _writable,
}
