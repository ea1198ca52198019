"""Queries over the objects shipped with a job, in the words of SQLAlchemy that modules use."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .refusals import NotOffered

ONE_MODEL = (
    "Only queries over one model are offered, with conditions on its own columns; related objects "
    "are attributes of the objects you are given."
)


class Condition:
    """A condition on an object; `&`, `|`, `~`, and_, or_ and not_ combine them."""

    def __init__(self, holds: Callable[[Any], bool]) -> None:
        self.holds = holds

    def __and__(self, other: Any) -> "Condition":
        return and_(self, other)

    def __or__(self, other: Any) -> "Condition":
        return or_(self, other)

    def __invert__(self) -> "Condition":
        return Condition(lambda row: not self.holds(row))

    def __bool__(self) -> bool:
        raise TypeError("A condition is neither true nor false; give it to filter()")


def _holds(condition: Any) -> Callable[[Any], bool]:
    if isinstance(condition, Condition):
        return condition.holds
    if isinstance(condition, bool):
        return lambda row: condition
    raise NotOffered(f"{condition!r} is not a condition on a model. {ONE_MODEL}")


def and_(*conditions: Any) -> Condition:
    """Return the condition that all hold."""
    parts = [_holds(condition) for condition in conditions]
    return Condition(lambda row: all(part(row) for part in parts))


def or_(*conditions: Any) -> Condition:
    """Return the condition that one holds."""
    parts = [_holds(condition) for condition in conditions]
    return Condition(lambda row: any(part(row) for part in parts))


def not_(condition: Any) -> Condition:
    """Return the opposite."""
    return ~and_(condition)


class Column:
    """A column of a model; comparing it makes a condition."""

    def __init__(self, model: type, name: str, change: Callable[[Any], Any] | None = None) -> None:
        self.model, self.key, self.change = model, name, change
        self.is_descending = False

    def of(self, row: Any) -> Any:
        """Return the value of a row."""
        value = getattr(row, self.key, None)
        return self.change(value) if self.change and value is not None else value

    def _where(self, test: Callable[[Any], bool], *values: Any) -> Condition:
        if any(isinstance(value, Column | Query) for value in values):
            raise NotOffered(ONE_MODEL)
        return Condition(lambda row: test(self.of(row)))

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]
        return self._where(lambda value: same(value, other), other)

    def __ne__(self, other: object) -> Condition:  # type: ignore[override]
        return ~(self == other)

    def __hash__(self) -> int:
        return hash((self.model, self.key))

    def __lt__(self, other: Any) -> Condition:
        return self._where(lambda value: value is not None and value < other, other)

    def __le__(self, other: Any) -> Condition:
        return self._where(lambda value: value is not None and value <= other, other)

    def __gt__(self, other: Any) -> Condition:
        return self._where(lambda value: value is not None and value > other, other)

    def __ge__(self, other: Any) -> Condition:
        return self._where(lambda value: value is not None and value >= other, other)

    def is_(self, other: Any) -> Condition:
        """Return the condition that it is null, true or false."""
        return self._where(lambda value: value is other, other)

    def is_not(self, other: Any) -> Condition:
        """Return the opposite of is_."""
        return ~self.is_(other)

    isnot = is_not

    def in_(self, values: Iterable[Any]) -> Condition:
        """Return the condition that it is one of the values."""
        known = values if isinstance(values, Query | Column) else list(values)
        return self._where(lambda value: any(same(value, one) for one in known), known)

    def not_in(self, values: Iterable[Any]) -> Condition:
        """Return the opposite of in_."""
        return ~self.in_(values)

    notin_ = not_in

    def like(self, pattern: str, *, flags: re.RegexFlag = re.NOFLAG) -> Condition:
        """Return the condition that it fits a pattern of `%` and `_`."""
        wild = {"%": ".*", "_": "."}
        expression = "".join(wild.get(letter, re.escape(letter)) for letter in str(pattern))
        fits = re.compile(expression, re.DOTALL | flags).fullmatch
        return self._where(lambda value: value is not None and bool(fits(str(value))))

    def ilike(self, pattern: str) -> Condition:
        """Return the condition that it fits a pattern in any case."""
        return self.like(pattern, flags=re.IGNORECASE)

    def contains(self, part: Any) -> Condition:
        """Return the condition that it has a part."""
        return self._where(lambda value: value is not None and part in value, part)

    def startswith(self, part: str) -> Condition:
        """Return the condition that it begins so."""
        return self._where(lambda value: str(value or "").startswith(part), part)

    def endswith(self, part: str) -> Condition:
        """Return the condition that it ends so."""
        return self._where(lambda value: str(value or "").endswith(part), part)

    def desc(self) -> "Column":
        """Return it for sorting from the highest."""
        column = Column(self.model, self.key, self.change)
        column.is_descending = True
        return column

    def asc(self) -> "Column":
        """Return it for sorting from the lowest."""
        return Column(self.model, self.key, self.change)


def same(value: Any, other: Any) -> bool:
    """Tell whether two values are equal; an id may come as text."""
    if isinstance(other, str) and isinstance(value, int) and not isinstance(value, bool):
        return str(value) == other.strip()
    return bool(value == other)


class Query:
    """The objects of a model that meet conditions. `source` tells the objects there are."""

    def __init__(self, model: Any, source: Callable[[type], list[Any]], *columns: Column) -> None:
        self._model, self._source, self._columns = model, source, columns
        self._conditions: list[Callable[[Any], bool]] = []
        self._order: list[Column] = []
        self._start, self._length = 0, -1

    def _with(self, **changes: Any) -> "Query":
        query = Query(self._model, self._source, *self._columns)
        query.__dict__.update(self.__dict__ | changes)
        return query

    def filter(self, *conditions: Any) -> "Query":
        """Narrow it by conditions."""
        return self._with(_conditions=[*self._conditions, *map(_holds, conditions)])

    where = filter

    def filter_by(self, **values: Any) -> "Query":
        """Narrow it by the values of columns."""
        return self.filter(*(getattr(self._model, name) == one for name, one in values.items()))

    def order_by(self, *columns: Any) -> "Query":
        """Sort it."""
        return self._with(_order=[column for column in columns if isinstance(column, Column)])

    def limit(self, number: int | None) -> "Query":
        """Return at most so many."""
        return self._with(_length=-1 if number is None else number)

    def offset(self, number: int | None) -> "Query":
        """Leave out the first."""
        return self._with(_start=number or 0)

    def with_entities(self, *columns: Any) -> "Query":
        """Return values of columns instead of objects."""
        return self._with(_columns=columns)

    def distinct(self, *_columns: Any) -> "Query":
        """Return it: no object comes twice."""
        return self

    def options(self, *_options: Any) -> "Query":
        """Return it: related objects are always there."""
        return self

    def all(self) -> list[Any]:
        """Return them."""
        rows = [row for row in self._source(self._model) if all(c(row) for c in self._conditions)]
        for column in reversed(self._order):
            empty = [row for row in rows if column.of(row) is None]
            known = [row for row in rows if column.of(row) is not None]
            rows = sorted(known, key=column.of, reverse=column.is_descending) + empty
        end = None if self._length < 0 else self._start + self._length
        chosen = rows[self._start : end]
        if self._columns:
            return [tuple(column.of(row) for column in self._columns) for row in chosen]
        return chosen

    def __iter__(self) -> Iterator[Any]:
        return iter(self.all())

    def first(self) -> Any:
        """Return the first or None."""
        return next(iter(self.all()), None)

    def one_or_none(self) -> Any:
        """Return the only one or None."""
        found = self.all()
        if len(found) > 1:
            raise LookupError(f"{len(found)} objects where one was expected")
        return found[0] if found else None

    def one(self) -> Any:
        """Return the only one."""
        found = self.one_or_none()
        if found is None:
            raise LookupError(f"No such {self._model.__name__} among the objects of this run")
        return found

    def scalar(self) -> Any:
        """Return the first column of the only one, or None."""
        found = self.one_or_none()
        return found[0] if isinstance(found, tuple) else found

    def get(self, identity: Any) -> Any:
        """Return the one of an id or None."""
        column = getattr(self._model, self._model._identity)
        return self._with(_conditions=[_holds(column == identity)]).first()

    def count(self) -> int:
        """Return how many there are."""
        return len(self.all())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise NotOffered(f"Queries have no {name}(). {ONE_MODEL}")
