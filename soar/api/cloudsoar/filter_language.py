"""Taking a filter text apart: `clause (AND clause)*`, each a field with a value or free text (contract §1.7).

Clients put values into quotes without escaping what is in them, so a quoted value runs to its last quote:
the one before the next clause that starts with a known field, or the last of all. A clause is about a field
only if what stands left of its first operator is one, so addresses with colons in them are free text.

Every step looks at each character a bounded number of times.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from soar.core.errors import Invalid

SEPARATOR = re.compile(r"\sAND\s")
OPERATOR = re.compile(r"!=|>=|<=|[:=<>]")
QUOTE = '"'
LONGEST_FILTER = 10_000
MAXIMUM_CLAUSES = 50
SLACK = 20  # blanks allowed around and within the name of a field


@dataclass(frozen=True, slots=True)
class Clause:
    """A condition; without a field the value is free text."""

    field: str
    operator: str
    value: str
    is_quoted: bool


@dataclass(frozen=True, slots=True)
class _Separator:
    """An AND: where the text before it ends, where what follows starts, and whether that is a field."""

    end_of_left: int
    start_of_right: int
    is_before_field: bool


def normalised(name: str) -> str:
    """Return a field's name or label as it is compared: without regard to case and runs of blanks."""
    return " ".join(name.split()).casefold()


def clauses_of(text: str, known: Collection[str]) -> list[Clause]:
    """Return the clauses of a filter; `known` holds the normalised names of fields. Raise Invalid."""
    if len(text) > LONGEST_FILTER:
        raise Invalid.field("filter", f"Longer than {LONGEST_FILTER} characters.")
    return _Reader(text, known).clauses()


class _Reader:
    def __init__(self, text: str, known: Collection[str]) -> None:
        self.text = text.rstrip()
        self.known = known
        self.longest = max(map(len, known), default=0) + SLACK
        self.last_quote = text.rfind(QUOTE)
        self.separators = [self._separator(found) for found in SEPARATOR.finditer(self.text)]

    def clauses(self) -> list[Clause]:
        found: list[Clause] = []
        start, index = self._after_blanks(0), 0
        while start < len(self.text):
            if len(found) == MAXIMUM_CLAUSES:
                raise Invalid.field("filter", f"More than {MAXIMUM_CLAUSES} clauses.")
            name, operator, value_start = self._field_at(start) or ("", "", start)
            end, index = self._end(value_start, index)
            value, is_quoted = _unquoted(self.text[value_start:end], is_free_text=not name)
            if not value and not is_quoted:
                raise Invalid.field("filter", "A clause has no value.")
            found.append(Clause(name, operator, value, is_quoted))
            is_last = index == len(self.separators)
            start = len(self.text) if is_last else self.separators[index].start_of_right
            index += 1
        return found

    def _separator(self, found: re.Match[str]) -> _Separator:
        end = found.start()
        while end > 0 and self.text[end - 1].isspace():
            end -= 1
        start = self._after_blanks(found.end())
        return _Separator(end, start, self._field_at(start) is not None)

    def _field_at(self, start: int) -> tuple[str, str, int] | None:
        """Return the known field that stands at a place, its operator, and where its value starts."""
        operator = OPERATOR.search(self.text, start, start + self.longest + 2)
        if operator is None:
            return None
        name = normalised(self.text[start : operator.start()])
        if name not in self.known:
            return None
        return name, operator[0], self._after_blanks(operator.end())

    def _end(self, value_start: int, index: int) -> tuple[int, int]:
        """Return where a value ends, and the index of the separator it ends at."""
        count = len(self.separators)
        while index < count and self.separators[index].end_of_left < value_start:
            index += 1
        is_quoted = self.text.startswith(QUOTE, value_start)
        for place in range(index, count):
            one = self.separators[place]
            if not is_quoted or self._closes(one, value_start):
                return one.end_of_left, place
        return len(self.text), count

    def _closes(self, separator: _Separator, opening: int) -> bool:
        """Tell whether a quoted value ends at a separator."""
        last = separator.end_of_left - 1
        is_closed = last > opening and self.text[last] == QUOTE
        return is_closed and (separator.is_before_field or last == self.last_quote)

    def _after_blanks(self, place: int) -> int:
        while place < len(self.text) and self.text[place].isspace():
            place += 1
        return place


def _unquoted(raw: str, *, is_free_text: bool) -> tuple[str, bool]:
    """Return a value without its quotes, and whether it had them."""
    if not raw.startswith(QUOTE):
        return raw, False
    if len(raw) > 1 and raw.endswith(QUOTE):
        return raw[1:-1], True
    if is_free_text:
        return raw, False
    raise Invalid.field("filter", "A quoted value does not end with a quote.")
