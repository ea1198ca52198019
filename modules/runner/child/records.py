"""The objects given to modules: attributes with IRIS column names, related objects, real AttributeErrors.

A record is free to be changed. What it was is kept elsewhere (`changes.py`), so whatever a module does to
it, assigning or changing in place, is seen at the end. Contract iris-modules §3.3.
"""

import datetime
import enum
import math
from typing import Any, ClassVar

from .queries import Column, Query
from .refusals import NoSuchAttribute

DEEPEST = 12
# Kept as dicts and lists: they are JSON columns, not related objects.
JSON_FIELDS = {"custom_attributes", "modification_history", "chain_of_custody", "ioc_misp"}
JSON_ENDINGS = ("_enrichment", "_content", "_context", "_map", "_attributes")
TEXT_ENDINGS = ("description",)


class ModelType(type):
    """Makes columns out of attributes of the class, as the ORM does: `Ioc.ioc_value == "x"`."""

    _columns: tuple[str, ...]
    _store: ClassVar[Any] = None

    def __getattr__(cls, name: str) -> Any:
        if name in cls._columns:
            return Column(cls, name)
        raise NoSuchAttribute(
            f"{cls.__name__} has no column {name}; it has {', '.join(cls._columns)}"
        )

    @property
    def query(cls) -> Query:
        """Return all objects of the model that came with the run."""
        return ModelType._store.query(cls)


class Record(metaclass=ModelType):
    """An object. What its class calls a column and nobody has set is None."""

    _kind = ""
    _identity = "id"
    _columns: tuple[str, ...] = ()

    def __init__(self, **fields: Any) -> None:
        for name, value in fields.items():
            setattr(self, name, value)

    def __getattr__(self, name: str) -> Any:
        if name in type(self)._columns:
            return None
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {identity_of(self)}>"


class DeletedObject(int):
    """The id of an object that is gone, with the attributes it last had."""

    def __repr__(self) -> str:
        return str(int(self))


def identity_of(record: Record) -> Any:
    """Return the primary key."""
    return vars(record).get(type(record)._identity)


def fields_of(snapshot: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a snapshot without the marks of the protocol."""
    return {name: value for name, value in snapshot.items() if not name.startswith("__")}


def is_json_field(name: str) -> bool:
    """Tell whether a field holds JSON, as opposed to a related object."""
    return name in JSON_FIELDS or name.endswith(JSON_ENDINGS)


def plain(value: Any, depth: int = 0) -> Any:
    """Return a value as JSON knows it; records become dicts of their fields."""
    if value is None or isinstance(value, bool) or type(value) in (int, str):
        return value
    if depth > DEEPEST:
        return str(value)[:200]
    if isinstance(value, Record):
        return _plain_dict({k: v for k, v in vars(value).items() if not k.startswith("_")}, depth)
    if isinstance(value, dict):
        return _plain_dict(value, depth)
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one, depth + 1) for one in value]
    return _plain_scalar(value)


def _plain_dict(value: dict[Any, Any], depth: int) -> dict[str, Any]:
    return {str(key): plain(one, depth + 1) for key, one in value.items()}


def _plain_scalar(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return plain(value.value, DEEPEST)
    if isinstance(value, int | str):
        return int(value) if isinstance(value, int) else str(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(value)
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8", "replace")
    return str(value)
