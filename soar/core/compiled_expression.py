"""Expressions with subqueries whose text is built once; soar.core.compiled does the same for whole queries."""

import re
from collections.abc import Callable
from typing import Any

from django.db import connections
from django.db.models import Func
from django.db.models.expressions import Combinable
from django.db.models.sql import Query

from soar.core.compiled import PLACE

Build = Callable[..., Any]
_FIRST_MARK = 1_800_000_001  # as in soar.core.compiled, whose marks may pass through here
# Subqueries call their tables U0 and U1, theirs V0, and so does the query around.
_ALIAS = re.compile(r"\b([U-Z]\d+)\b")


class CompiledExpression(Func):
    """An expression that `build` makes of ids, compiled on first use; each id may be any expression.

    `build`, a function of a module, is called with a mark in place of each id and may put it wherever an id
    can stand; its other constants must be integers. Naming the columns of the query around is all that is
    left to do for each query, where resolving and compiling the subqueries took most of the time (bench/).
    """

    def __init__(self, build: Build, *ids: Combinable | int, output_field: Any) -> None:
        super().__init__(*ids, output_field=output_field)
        self.build = build

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, list[Any]]:  # type: ignore[override]  # there is no template
        """Return the text of the expression, each id compiled into its places."""
        pieces, places = _text(self.build, len(self.source_expressions), connection.alias)
        ids = [compiler.compile(expression) for expression in self.source_expressions]
        text, bound = pieces[0], []
        for place, piece in zip(places, pieces[1:], strict=True):
            sql, values = ids[place]
            text += sql + piece
            bound += values
        return text, bound


_TEXTS: dict[tuple[Build, str], tuple[list[str], list[int]]] = {}


def _text(build: Build, size: int, alias: str) -> tuple[list[str], list[int]]:
    """Return the text between the places of ids, and which id stands in each place."""
    key = (build, connections[alias].vendor)
    if key not in _TEXTS:
        _TEXTS[key] = _compiled(build, size, alias)
    return _TEXTS[key]


def _compiled(build: Build, size: int, alias: str) -> tuple[list[str], list[int]]:
    marks = range(_FIRST_MARK, _FIRST_MARK + size)
    query = Query(None)  # type: ignore[arg-type]  # an expression alone needs no model
    compiler = query.get_compiler(alias)
    sql, bound = compiler.compile(build(*marks).resolve_expression(query))
    first, *rest = PLACE.split(_ALIAS.sub(r"L\1", sql))
    pieces, places = [first], []
    for value, piece in zip(bound, rest, strict=True):
        if value in marks:
            places.append(marks.index(value))
            pieces.append(piece)
        else:
            pieces[-1] += f"{int(value)}{piece}"
    return pieces, places
