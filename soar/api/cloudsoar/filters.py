"""The fields a list can be filtered and sorted by, and what a filter text says of them as conditions."""

import datetime as dt
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Protocol

from django.db.models import Q
from django.utils.dateparse import parse_date, parse_datetime

from soar.api.cloudsoar.filter_language import Clause, clauses_of, normalised
from soar.api.cloudsoar.forms import FALSE, TRUE
from soar.core.errors import Invalid

CONTAINS, EQUAL, UNEQUAL = ":", "=", "!="
LOOKUPS = {">": "gt", "<": "lt", ">=": "gte", "<=": "lte"}
NUMBER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
NOT_A_FILTER = "is no field to filter by"
NO_ORDER = "cannot be compared with < or >"


class Kind(Protocol):
    """What the values of a field are.

    A condition must not multiply rows: what an object has several of is asked for with EXISTS.
    """

    def condition(self, lookup: str, clause: Clause) -> Q:
        """Return the condition of a clause on a column. Raise ValueError for a value it cannot have."""


class Texts:
    """Texts: `:` looks for a part of them, and for the whole where the value is quoted."""

    def condition(self, lookup: str, clause: Clause) -> Q:
        """Return the condition."""
        if clause.operator == CONTAINS and not clause.is_quoted:
            return Q(**{f"{lookup}__icontains": clause.value})
        return _equality(clause, Q(**{lookup: clause.value}))


class Numbers:
    """Integers."""

    def condition(self, lookup: str, clause: Clause) -> Q:
        """Return the condition."""
        if not NUMBER.fullmatch(clause.value):
            raise ValueError("is a number")
        return _comparison(lookup, clause, int(clause.value))


class Moments:
    """Points in time: ISO 8601; a date alone is the whole day, in UTC."""

    def condition(self, lookup: str, clause: Clause) -> Q:
        """Return the condition."""
        try:
            day = parse_date(clause.value)
            if day is not None:
                return self._of_day(lookup, clause, day)
            moment = parse_datetime(clause.value)
        except (ValueError, OverflowError) as error:
            raise ValueError("has no such day or time") from error
        if moment is None:
            raise ValueError("is a date or time such as 2025-03-04T08:55:00Z")
        known = moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)
        return _comparison(lookup, clause, known)

    def _of_day(self, lookup: str, clause: Clause, day: dt.date) -> Q:
        start = dt.datetime.combine(day, dt.time(), dt.UTC)
        end = start + dt.timedelta(days=1)
        bounds = {">": ("gte", end), ">=": ("gte", start), "<": ("lt", start), "<=": ("lt", end)}
        if clause.operator in bounds:
            name, bound = bounds[clause.operator]
            return Q(**{f"{lookup}__{name}": bound})
        return _equality(clause, Q(**{f"{lookup}__gte": start, f"{lookup}__lt": end}))


class Flags:
    """Yes or no, as in forms: true/false, 1/0, on/off."""

    def condition(self, lookup: str, clause: Clause) -> Q:
        """Return the condition."""
        word = clause.value.lower()
        if word not in TRUE | FALSE:
            raise ValueError("is true or false")
        return _equality(clause, Q(**{lookup: word in TRUE}))


@dataclass(frozen=True)
class Choices:
    """One of some values, by label or id; `options` gives the ids by label."""

    options: Callable[[], Mapping[str, int]]

    def condition(self, lookup: str, clause: Clause) -> Q:
        """Return the condition."""
        ids = {normalised(label): pk for label, pk in self.options().items()}
        if NUMBER.fullmatch(clause.value) and int(clause.value) in ids.values():
            return _equality(clause, Q(**{lookup: int(clause.value)}))
        if normalised(clause.value) not in ids:
            raise ValueError("has no such value")
        return _equality(clause, Q(**{lookup: ids[normalised(clause.value)]}))


@dataclass(frozen=True)
class FilterField:
    """A field by both its names, and the column behind it: whole values of all but long texts have an index."""

    name: str
    label: str
    kind: Kind
    lookup: str
    is_sortable: bool = True


class FilterTable:
    """The fields of one list.

    `free_text` names the columns that free text is looked for in, `others` the fields of the list that it cannot
    be filtered by, with their labels: they are no free text, so a clause about one is refused.
    """

    def __init__(
        self,
        *fields: FilterField,
        free_text: tuple[str, ...],
        others: Mapping[str, str] | None = None,
    ) -> None:
        self.fields = {normalised(name): one for one in fields for name in (one.name, one.label)}
        self.others = {
            normalised(word): label
            for name, label in (others or {}).items()
            for word in (name, label)
        }
        self.free_text = free_text
        self.sortable = {one.name: one.lookup for one in fields if one.is_sortable}

    def condition(self, text: str) -> Q:
        """Return the condition of a filter text, none for an empty one. Raise Invalid."""
        return reduce(operator.and_, map(self._of_clause, self.clauses(text)), Q())

    def clauses(self, text: str) -> list[Clause]:
        """Return the clauses of a filter text. Raise Invalid."""
        return clauses_of(text, self.others | self.fields)

    def order(self, name: str) -> tuple[str, ...]:
        """Return what to sort by, ending in the id, so that pages never overlap. Raise Invalid."""
        field = name.removeprefix("-")
        if field not in self.sortable:
            raise Invalid.field("order_by", f"Sort by one of {', '.join(sorted(self.sortable))}.")
        sign = "-" if name.startswith("-") else ""
        return f"{sign}{self.sortable[field]}", f"{sign}pk"

    def _of_clause(self, clause: Clause) -> Q:
        if not clause.field:
            conditions = (Q(**{f"{name}__icontains": clause.value}) for name in self.free_text)
            return reduce(operator.or_, conditions)
        field = self.fields.get(clause.field)
        if field is None:
            raise Invalid.field("filter", f"{self.others[clause.field]} {NOT_A_FILTER}.")
        try:
            return field.kind.condition(field.lookup, clause)
        except ValueError as error:
            raise Invalid.field("filter", f"{field.label} {error}.") from error


def _equality(clause: Clause, equal: Q) -> Q:
    if clause.operator in LOOKUPS:
        raise ValueError(NO_ORDER)
    return ~equal if clause.operator == UNEQUAL else equal


def _comparison(lookup: str, clause: Clause, value: Any) -> Q:
    if clause.operator in LOOKUPS:
        return Q(**{f"{lookup}__{LOOKUPS[clause.operator]}": value})
    return _equality(clause, Q(**{lookup: value}))
