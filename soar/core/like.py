"""Matching with the SQL wildcard %, ignoring case, on both databases."""

from typing import Any

from django.db.models import BooleanField, CharField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast
from django.db.models.lookups import Lookup


class MatchesLike(Lookup):  # type: ignore[type-arg]
    """True where a text matches a pattern in which only % has a meaning.

    SQLite ignores case for ASCII letters only; PostgreSQL for all.
    """

    lookup_name = "matches_like"
    prepare_rhs = False
    output_field = BooleanField()

    def __init__(self, text: Combinable, pattern: str) -> None:
        escaped = pattern.replace("\\", "\\\\").replace("_", "\\_")
        super().__init__(text, Cast(Value(escaped), CharField()))

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return the comparison."""
        text, text_parameters = self.process_lhs(compiler, connection)
        pattern, pattern_parameters = self.process_rhs(compiler, connection)
        operator = "ILIKE" if connection.vendor == "postgresql" else "LIKE"
        return f"{text} {operator} {pattern} ESCAPE '\\'", (*text_parameters, *pattern_parameters)
