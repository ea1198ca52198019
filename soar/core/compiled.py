"""Queries whose SQL is built once: the ORM's compiler costs more than these small queries themselves.

Measured (bench/): building and compiling one queryset takes 1 to 1.5 ms of Python, running the compiled
text a tenth of it. The text still comes from the ORM, so models, selectors and migrations stay the only
place where tables are named.
"""

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import connection, models

from soar.core.actor import Actor

Build = Callable[..., models.QuerySet[Any]]
Text = tuple[str, list[Any]]
_FIRST_MARK = 1_900_000_001  # below 2**31, far above any id a test or small installation has
_ACTOR = "actor"
_PLACE = re.compile(r"(?<!%)%s")
_MARKS = (int, str, uuid.UUID)
_PLAIN_WORDS = re.compile(r"[A-Za-z0-9_ #.:/-]*")


class CompiledQuery:
    """A queryset of ids, masks, texts and UUIDs, compiled on first use and run with other parameters later.

    `build` is called with a mark in place of each named parameter; whatever it filters by or annotates
    with must reach the SQL as given. A parameter named `actor` stands for an Actor: the text is compiled
    once per set of permissions, only his id varies. Values come back as the driver gives them, so select
    no dates, UUIDs, JSON or, on SQLite, booleans other than as 0 and 1.
    """

    def __init__(self, build: Build, **parameters: type) -> None:
        self.build = build
        self.parameters = parameters
        self._texts: dict[tuple[str, int], Text] = {}

    def rows(self, **values: Any) -> Sequence[tuple[Any, ...]]:
        """Run the query with a value for every parameter and return its rows."""
        sql, bound = self.bind(values)
        with connection.cursor() as cursor:
            cursor.execute(sql, bound)
            rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
        return rows

    def first(self, **values: Any) -> tuple[Any, ...] | None:
        """Return the first row, or None."""
        rows = self.rows(**values)
        return rows[0] if rows else None

    def bind(self, values: Mapping[str, Any]) -> Text:
        """Return the text and its parameters for these values."""
        actor = values.get(_ACTOR)
        key = (connection.vendor, int(actor.permissions) if actor is not None else -1)
        text = self._texts.get(key)
        if text is None:
            text = self._texts[key] = self._compile(actor)
        sql, template = text
        plain = {**values, _ACTOR: actor.user_id} if actor is not None else values
        return sql, [
            _for_driver(plain[part.name]) if isinstance(part, _Mark) else part for part in template
        ]

    def _compile(self, actor: Actor | None) -> Text:
        names = [*self.parameters, _ACTOR] if actor is not None else [*self.parameters]
        marks = {
            name: _mark_for(self.parameters.get(name), name, _FIRST_MARK + place)
            for place, name in enumerate(names)
        }
        arguments = dict(marks)
        if actor is not None:
            arguments[_ACTOR] = replace(actor, user_id=marks[_ACTOR])
        sql, bound = self.compile(arguments)
        named = {_for_driver(value): name for name, value in marks.items()}
        template = [
            _Mark(named[part]) if isinstance(part, _MARKS) and part in named else part
            for part in bound
        ]
        found = {part.name for part in template if isinstance(part, _Mark)}
        missing = set(self.parameters) - found
        if missing:
            raise ValueError(f"not in the compiled query: {sorted(missing)}")
        return _inlined(sql, template)

    def compile(self, arguments: dict[str, Any]) -> tuple[str, Sequence[Any]]:
        """Return the SQL of the built queryset and its parameters in order."""
        return self.build(**arguments).query.sql_with_params()


def _inlined(sql: str, template: list[Any]) -> Text:
    """Return the text with its constants written out: binding dozens of them costs more than the query.

    Only what our own code put there and what needs no quoting is written out: numbers and plain words.
    """
    pieces = _PLACE.split(sql)
    text, kept = pieces[0], []
    for part, piece in zip(template, pieces[1:], strict=True):
        if isinstance(part, int) and not isinstance(part, bool):  # also psycopg's Int2 to Int8
            text += f"{int(part)}{piece}" if part >= 0 else f"({int(part)}){piece}"
        elif type(part) is str and _PLAIN_WORDS.fullmatch(part):
            text += f"'{part}'{piece}"
        else:
            text += f"%s{piece}"
            kept.append(part)
    return text, kept


def _mark_for(kind: type | None, name: str, number: int) -> Any:
    if kind is str:
        return f"compiled-parameter-{name}"
    return uuid.UUID(int=number) if kind is uuid.UUID else number


def _for_driver(value: Any) -> Any:
    """Return a value as the ORM hands it to the driver of the database at hand."""
    if isinstance(value, uuid.UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    return value


class _Mark:
    """The place of a named parameter."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name
