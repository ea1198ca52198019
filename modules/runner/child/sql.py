"""`sqlalchemy` as modules use it with app.models: and_, or_, desc. A real one is kept, and taught our models."""

import functools
from types import ModuleType
from typing import Any

from .queries import Column, Condition, and_, not_, or_
from .records import Record
from .refusals import SQL, Refusal


class SQLAlchemyError(Exception):
    """No query fails this way here; it can be named in an except clause."""


class Functions:
    """`sqlalchemy.func`: lower and upper of a column."""

    def lower(self, column: Any) -> Any:
        """Return the column in small letters."""
        return Column(column.model, column.key, lambda value: str(value).lower())

    def upper(self, column: Any) -> Any:
        """Return the column in capitals."""
        return Column(column.model, column.key, lambda value: str(value).upper())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Refusal(f"sqlalchemy.func.{name}", SQL)


class Text(str):
    """A piece of SQL; whoever would run it refuses."""

    __slots__ = ()

    def bindparams(self, *_given: Any, **_named: Any) -> "Text":
        """Return it."""
        return self


def desc(column: Any) -> Any:
    """Return a column for sorting from the highest."""
    return column.desc()


def asc(column: Any) -> Any:
    """Return a column for sorting from the lowest."""
    return column.asc()


def flag_modified(_record: Any, _name: str) -> None:
    """Do nothing: changes in place are seen anyway."""


WORDS: dict[str, Any] = {
    "and_": and_,
    "or_": or_,
    "not_": not_,
    "desc": desc,
    "asc": asc,
    "func": Functions(),
    "text": Text,
}
ERRORS = {
    name: type(name, (SQLAlchemyError,), {})
    for name in (
        "IntegrityError",
        "OperationalError",
        "DatabaseError",
        "DataError",
        "NoResultFound",
    )
} | {"SQLAlchemyError": SQLAlchemyError}
# What there is when no real sqlalchemy is installed; anything else of it refuses to be used.
STAND_INS: dict[str, dict[str, Any]] = {
    "sqlalchemy": WORDS,
    "sqlalchemy.sql": WORDS,
    "sqlalchemy.sql.expression": WORDS,
    "sqlalchemy.exc": ERRORS,
    "sqlalchemy.orm": {},
    "sqlalchemy.orm.exc": ERRORS,
    "sqlalchemy.orm.attributes": {"flag_modified": flag_modified},
}
# What of a real one learns about our models, and the classes it must know them by.
TAUGHT: dict[str, dict[str, Any]] = {
    "sqlalchemy": {name: WORDS[name] for name in ("and_", "or_", "not_", "desc", "asc")},
    "sqlalchemy.orm.attributes": {"flag_modified": flag_modified},
}
TAUGHT["sqlalchemy.sql"] = TAUGHT["sqlalchemy.sql.expression"] = TAUGHT["sqlalchemy"]


def teach(module: ModuleType) -> None:
    """Make functions of a real sqlalchemy accept our conditions, columns and records too."""
    for name, ours in TAUGHT.get(module.__name__, {}).items():
        real = vars(module).get(name)
        if callable(real) and not hasattr(real, "_is_taught"):
            setattr(module, name, _taught(real, ours))


def _taught(real: Any, ours: Any) -> Any:
    @functools.wraps(real)
    def either(*given: Any, **named: Any) -> Any:
        is_ours = any(isinstance(one, Condition | Column | Record) for one in given)
        return ours(*given, **named) if is_ours else real(*given, **named)

    either._is_taught = True  # type: ignore[attr-defined]
    return either
