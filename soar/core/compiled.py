"""Queries whose SQL is built once: the ORM's compiler costs more than these small queries themselves.

Measured (bench/): building and compiling one queryset takes 1 to 1.5 ms of Python, running the compiled
text a tenth of it. The text still comes from the ORM, so models, selectors and migrations stay the only
place where tables are named.
"""

import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection, models
from django.db.models import BooleanField, Count, Func, Value, Window
from django.db.models.expressions import Combinable

from soar.core.actor import Actor

Build = Callable[..., models.QuerySet[Any]]
Column = str | Combinable
Text = tuple[str, list[Any]]
_FIRST_MARK = 1_900_000_001  # below 2**31, far above any id a test or small installation has
_ACTOR = "actor"
PLACE = re.compile(r"(?<!%)%s")
_PAGE_MARK = re.compile(r"(?<=LIMIT |FFSET )19000000\d\d\b")  # Django writes bounds out
_NOTHING = "SELECT 1 WHERE 1 = 0"
_MARKS = (int, str, uuid.UUID)
_PLAIN_WORDS = re.compile(r"[A-Za-z0-9_ #.:/%\\-]*")


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
        try:
            sql, bound = self.compile(arguments)
        except EmptyResultSet:  # this set of permissions shows nothing of the kind
            return _NOTHING, []
        named = {_for_driver(value): name for name, value in marks.items()}
        sql, bound = _with_bounds(sql, bound)
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


class CompiledRows(CompiledQuery):
    """A compiled query of columns of any kind: values come back as the ORM gives them."""

    def __init__(self, build: Build, **parameters: type) -> None:
        super().__init__(build, **parameters)
        self._converters: dict[int, Any] = {}

    def compile(self, arguments: dict[str, Any]) -> tuple[str, Sequence[Any]]:
        """Return the SQL of the built queryset and its parameters, and keep how its columns are read."""
        compiler = self.build(**arguments).query.get_compiler(DEFAULT_DB_ALIAS)
        text = compiler.as_sql()
        converters = compiler.get_converters([part[0] for part in compiler.select])
        # The window is the count of `counted`, which both drivers read as a number already.
        self._converters = {
            place: pair for place, pair in converters.items() if not isinstance(pair[1], Window)
        }
        return text

    def rows(self, **values: Any) -> Sequence[tuple[Any, ...]]:
        """Run the query with a value for every parameter and return its rows."""
        rows = super().rows(**values)
        if not self._converters:
            return rows
        return [self._converted(row) for row in rows]

    def _converted(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        values = list(row)
        for place, (converters, expression) in self._converters.items():
            for convert in converters:
                values[place] = convert(values[place], expression, connection)
        return tuple(values)


class CompiledCount(CompiledQuery):
    """A compiled query for how many rows there are."""

    def compile(self, arguments: dict[str, Any]) -> tuple[str, Sequence[Any]]:
        """Return the SQL that counts the rows of the built queryset, and its parameters."""
        rows = self.build(**arguments).order_by().values_list("pk")
        sql, bound = rows.query.sql_with_params()
        return f"SELECT count(*) FROM ({sql}) AS counted", bound  # noqa: S608  (the ORM's)

    def of(self, **values: Any) -> int:
        """Return how many rows there are for these values."""
        row = self.first(**values)
        return int(row[0]) if row else 0


class CompiledPage:
    """A page of a list as bare columns, and how many rows the list has, both compiled.

    With `counts_within` both are one query: right for ids alone, where finding out which rows are in the
    list is most of the work; wrong where much is joined to them, which then is joined to all.
    """

    def __init__(
        self, build: Build, *columns: Column, counts_within: bool = False, **parameters: type
    ) -> None:
        def page(size: int, start: int, **given: Any) -> models.QuerySet[Any]:
            rows = build(**given)
            shown = counted(rows, columns) if counts_within else rows.values_list(*columns)
            return shown[start : start + size]

        self._counts_within = counts_within
        self._rows = CompiledRows(page, size=int, start=int, **parameters)
        self._count = CompiledCount(build, **parameters)

    def read(self, *, start: int, size: int, **values: Any) -> tuple[list[Any], int]:
        """Return so many rows from a place on, and how many there are in all."""
        rows = [*self._rows.rows(start=start, size=size, **values)]
        if self._counts_within and (rows or not start):
            return uncounted(rows)
        return rows, self._count.of(**values)


def counted(rows: models.QuerySet[Any], columns: Sequence[Column]) -> models.QuerySet[Any, Any]:
    """Return columns of rows, and in a last one how many rows there are without the bounds of a page."""
    return rows.annotate(_total=Window(Count("*"))).values_list(*columns, "_total")


def uncounted(rows: Sequence[tuple[Any, ...]]) -> tuple[list[Any], int]:
    """Return the rows of `counted` without their last column, and what that says."""
    return [row[:-1] for row in rows], int(rows[0][-1]) if rows else 0


class CompiledObjects:
    """A compiled query of objects of a model, without anything that is related to them."""

    def __init__(self, model: type[models.Model], build: Build, **parameters: type) -> None:
        self._model = model
        self._names = [field.attname for field in model._meta.concrete_fields]
        self._rows = CompiledRows(
            lambda **given: build(**given).values_list(*self._names), **parameters
        )

    def all(self, **values: Any) -> list[Any]:
        """Return the objects."""
        rows = self._rows.rows(**values)
        return [self._model.from_db(DEFAULT_DB_ALIAS, self._names, row) for row in rows]


class Among(Func):
    """Tell whether a column of ids is one of the ids a text holds; `ids_text` writes such a text.

    All the ids are one parameter, so that the text of the query does not depend on how many there are.
    """

    template = "%(expressions)s"
    output_field = BooleanField()

    def __init__(self, column: str, ids: str) -> None:
        super().__init__(column, Value(ids, output_field=models.TextField()))

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Return the condition on PostgreSQL, whose arrays are texts too."""
        extra |= {"template": "%(expressions)s::bigint[])", "arg_joiner": " = ANY("}
        return self.as_sql(compiler, connection, **extra)

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Return the condition on SQLite, where JSON stands for arrays."""
        template = "%(expressions)s))"
        joiner = " IN (SELECT value FROM json_each("
        return self.as_sql(compiler, connection, template=template, arg_joiner=joiner, **extra)


def ids_text(ids: Iterable[int]) -> str:
    """Return the text that stands for ids in a query with Among."""
    listed = ",".join(map(str, ids))
    return f"{{{listed}}}" if connection.vendor == "postgresql" else f"[{listed}]"


def _with_bounds(sql: str, bound: Sequence[Any]) -> tuple[str, list[Any]]:
    """Return a text in which the bounds of slices that are marks are parameters like others."""
    values, places = iter(bound), []

    def noted(found: re.Match[str]) -> str:
        places.append(next(values) if found[0] == "%s" else int(found[0]))
        return "%s"

    text = re.sub(f"{PLACE.pattern}|{_PAGE_MARK.pattern}", noted, sql)
    return text, places


def _inlined(sql: str, template: list[Any]) -> Text:
    """Return the text with its constants written out: binding dozens of them costs more than the query.

    Only what our own code put there and what needs no quoting is written out: numbers, plain words and
    patterns of such words, for which PostgreSQL finds no index as long as they are parameters.
    """
    pieces = PLACE.split(sql)
    text, kept = pieces[0], []
    for part, piece in zip(template, pieces[1:], strict=True):
        if isinstance(part, int) and not isinstance(part, bool):  # also psycopg's Int2 to Int8
            text += f"{int(part)}{piece}" if part >= 0 else f"({int(part)}){piece}"
        elif type(part) is str and _PLAIN_WORDS.fullmatch(part):
            text += f"'{part.replace('%', '%%')}'{piece}"
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
