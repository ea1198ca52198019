"""The one helper of fast reads: a serializer's fields become columns, the database builds the JSON.

The declared serializer stays the schema and the reference: a test per endpoint compares the answers.
On PostgreSQL the rows leave the server as JSON text that is forwarded untouched; elsewhere the same
querysets are read as rows and built in Python. Why: docs/performance.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.db import connection, models
from django.db.models import F
from django.db.models.expressions import Combinable
from rest_framework import serializers

from soar.core.actor import Actor
from soar.core.compiled import CompiledCount, CompiledQuery

Build = Callable[..., models.QuerySet[Any]]
BOUNDS: dict[str, type] = {"start": int, "size": int}
Json = orjson.Fragment | list[dict[str, Any]]


@dataclass(frozen=True)
class Nested:
    """Children of each row: `build` gives them all, `parent` is what tells in them whose they are.

    `key` is what `parent` equals in the row: the wire name of a column, or an expression of its own.
    """

    row: type[serializers.Serializer[Any]]
    build: Build
    parent: str | Combinable
    key: str | Combinable


@dataclass(frozen=True)
class _Columns:
    """The plain fields of a serializer: wire names, expressions, and what Python does to values."""

    names: list[str] = field(default_factory=list)
    expressions: list[Combinable] = field(default_factory=list)
    converters: list[Callable[[Any], Any] | None] = field(default_factory=list)


def columns_of(row: type[serializers.Serializer[Any]]) -> _Columns:
    """Return the columns of a serializer's fields that are not serializers themselves."""
    columns = _Columns()
    for name, part in row().fields.items():
        if isinstance(part, serializers.BaseSerializer):
            continue
        path = str(part.source).replace(".", "__")
        make = getattr(part, "column", None)
        columns.names.append(name)
        columns.expressions.append(make(path) if make else F(path))
        columns.converters.append(part.to_representation if make else None)
    return columns


class FastRead:
    """Rows an actor may see, in the shape of a serializer.

    `counted` gives the same rows as `build`, for pages to count them without what is joined to be shown.
    """

    def __init__(
        self,
        row: type[serializers.Serializer[Any]],
        build: Build,
        *,
        nested: Mapping[str, Nested] | None = None,
        counted: Build | None = None,
        **parameters: type,
    ) -> None:
        self.row = row
        self.build = build
        self.nested = dict(nested or {})
        self.parameters = parameters
        self._columns: _Columns | None = None
        self._list = _JsonQuery(self, one=False)
        self._page = _JsonQuery(self, one=False, is_paged=True)
        self._count = CompiledCount(counted or build, **parameters)
        self._one = _JsonQuery(self, one=True)

    @property
    def columns(self) -> _Columns:
        """Return the columns, read from the serializer once the apps are loaded."""
        if self._columns is None:
            self._columns = columns_of(self.row)
        return self._columns

    def all(self, actor: Actor, **values: Any) -> Json:
        """Return all rows as JSON."""
        if connection.vendor == "postgresql":
            return _array(self._list.first(actor=actor, **values))
        return self.rows(actor, **values)

    def one(self, actor: Actor, **values: Any) -> orjson.Fragment | dict[str, Any] | None:
        """Return the first row as JSON, or None."""
        if connection.vendor == "postgresql":
            found = self._one.first(actor=actor, **values)
            return orjson.Fragment(found[0]) if found else None
        rows = self.rows(actor, **values)
        return rows[0] if rows else None

    def page(self, actor: Actor, *, start: int, size: int, **values: Any) -> tuple[Json, int]:
        """Return so many rows from a place on as JSON, and how many there are in all."""
        total = self._count.of(actor=actor, **values)
        if connection.vendor == "postgresql":
            page = self._page.first(actor=actor, start=start, size=size, **values)
            return _array(page), total
        return self.rows(actor, bounds=slice(start, start + size), **values), total

    def rows(
        self, actor: Actor, *, bounds: slice = slice(None), **values: Any
    ) -> list[dict[str, Any]]:
        """Return all rows as dictionaries, built in Python: the portable way."""
        keys = self.keys
        columns = _Columns(
            [*self.columns.names, *keys],
            [*self.columns.expressions, *keys.values()],
            [*self.columns.converters, *[None] * len(keys)],
        )
        rows = _dictionaries(columns, self.build(actor=actor, **values)[bounds])
        for name, nested in self.nested.items():
            children = _grouped(nested, actor, values)
            for row in rows:
                row[name] = children.get(row[_key_name(name, nested)], [])
        for row in rows:
            for key in keys:
                del row[key]
        return rows

    @property
    def keys(self) -> dict[str, Combinable]:
        """Return the columns that exist only to find children by."""
        return {
            _key_name(name, nested): nested.key
            for name, nested in self.nested.items()
            if not isinstance(nested.key, str)
        }


def _array(row: tuple[Any, ...] | None) -> orjson.Fragment:
    """Return the JSON of a list, empty where permissions alone rule out every row."""
    return orjson.Fragment(row[0] if row else "[]")


def _key_name(name: str, nested: Nested) -> str:
    return nested.key if isinstance(nested.key, str) else f"key of {name}"


def _path(parent: str | Combinable) -> Combinable:
    return F(parent) if isinstance(parent, str) else parent


def _dictionaries(columns: _Columns, queryset: models.QuerySet[Any]) -> list[dict[str, Any]]:
    rows = queryset.values_list(*columns.expressions)
    converters = [(place, make) for place, make in enumerate(columns.converters) if make]
    result = []
    for row in rows:
        values = list(row)
        for place, convert in converters:
            if values[place] is not None:
                values[place] = convert(values[place])
        result.append(dict(zip(columns.names, values, strict=True)))
    return result


def _grouped(nested: Nested, actor: Actor, values: Mapping[str, Any]) -> dict[Any, list[Any]]:
    columns = columns_of(nested.row)
    with_parent = _Columns(
        ["", *columns.names],
        [_path(nested.parent), *columns.expressions],
        [None, *columns.converters],
    )
    grouped: dict[Any, list[Any]] = {}
    for child in _dictionaries(with_parent, nested.build(actor=actor, **values)):
        grouped.setdefault(child.pop(""), []).append(child)
    return grouped


def _sliced(build: Build) -> Build:
    def page(*, start: int, size: int, **given: Any) -> models.QuerySet[Any]:
        return build(**given)[start : start + size]

    return page


class _JsonQuery(CompiledQuery):
    """The PostgreSQL form: one statement that yields one text of JSON."""

    def __init__(self, read: FastRead, *, one: bool, is_paged: bool = False) -> None:
        bounds = BOUNDS if is_paged else {}
        super().__init__(
            _sliced(read.build) if is_paged else read.build, **read.parameters, **bounds
        )
        self.read = read
        self.one = one

    def compile(self, arguments: dict[str, Any]) -> tuple[str, list[Any]]:
        """Return the wrapped statement and its parameters: those of the rows, then of each child."""
        columns = self.read.columns
        keys = self.read.keys
        queryset = self.build(**arguments).values_list(*columns.expressions, *keys.values())
        sql, bound = (queryset[:1] if self.one else queryset).query.sql_with_params()
        names = ", ".join(_quoted(name) for name in [*columns.names, *keys])
        parameters = [*bound]
        if not self.read.nested:
            if self.one:
                return f"SELECT row_to_json(t)::text FROM ({sql}) AS t ({names})", parameters
            return (
                f"SELECT coalesce(json_agg(t), '[]')::text FROM ({sql}) AS t ({names})",
                parameters,
            )
        given = {name: value for name, value in arguments.items() if name not in BOUNDS}
        rows = f"SELECT s.*, row_number() OVER () AS place FROM ({sql}) AS s ({names})"
        joins, selected = "", [f"t.{_quoted(name)}" for name in columns.names]
        for place, (name, nested) in enumerate(self.read.nested.items()):
            child, child_bound = _children(nested, given)
            parameters += child_bound
            joins += f" LEFT JOIN ({child}) AS n{place} ON n{place}.parent = t.{_quoted(_key_name(name, nested))}"
            selected.append(f"coalesce(n{place}.items, '[]') AS {_quoted(name)}")
        row = f"(SELECT row_to_json(r) FROM (SELECT {', '.join(selected)}) AS r)"
        body = f"FROM ({rows}) AS t{joins}"
        if self.one:
            return f"SELECT {row}::text {body}", parameters
        return f"SELECT coalesce(json_agg({row} ORDER BY t.place), '[]')::text {body}", parameters


def _children(nested: Nested, arguments: dict[str, Any]) -> tuple[str, list[Any]]:
    columns = columns_of(nested.row)
    queryset = nested.build(**arguments).values_list(_path(nested.parent), *columns.expressions)
    sql, bound = queryset.query.sql_with_params()
    names = ", ".join(_quoted(name) for name in columns.names)
    row = ", ".join(f"c.{_quoted(name)}" for name in columns.names)
    items = f"json_agg((SELECT row_to_json(r) FROM (SELECT {row}) AS r) ORDER BY c.place)"
    placed = f"SELECT s.*, row_number() OVER () FROM ({sql}) AS s"
    return (
        f"SELECT c.parent_key AS parent, {items} AS items "
        f"FROM ({placed}) AS c (parent_key, {names}, place) GROUP BY c.parent_key",
        [*bound],
    )


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
