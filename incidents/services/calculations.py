"""Calculated custom fields: worked out whenever a record is shown, stored nowhere. Source: contract §3.8.

The default of such a field says how: {"operation": "difference", "of": ["closingtime", "openingtime"]}.
A difference is the first less the second; a sum adds two to ten. Two moments differ by seconds; seconds
(time intervals, numbers) can be added to a moment and taken from it. What has no value yet gives null.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime

from incidents.models import CustomField

Type = CustomField.Type
Section = CustomField.Section
DIFFERENCE, SUM = "difference", "sum"
MOST_TERMS = 10
CALCULABLE = (Type.NUMBER, Type.INTERVAL, Type.DATE, Type.MOMENT)
# What can be reckoned with besides custom fields, by section and wire name.
FACTS = {
    Section.INCIDENTS: frozenset({"starttime", "endtime", "openingtime", "closingtime"}),
    Section.TRIAGE: frozenset({"created_at"}),
    Section.TASKS: frozenset({"due_date", "opened_at", "closed_at", "percentage", "effort_hours"}),
    Section.NOTES: frozenset({"created_on", "updated_on"}),
    Section.ATTACHMENTS: frozenset({"datetime", "file_size"}),
}
Quantity = dt.datetime | float


def calculation_fields(section: str) -> list[CustomField]:
    """Return the calculated fields of a section, to be asked for once per list."""
    rows = CustomField.objects.filter(section=section, type=Type.CALCULATION, removed_at=None)
    return list(rows)


def calculated(
    section: str,
    values: Mapping[str, Any],
    facts: Mapping[str, Any],
    *,
    fields: Iterable[CustomField] | None = None,
) -> dict[str, Any]:
    """Return the calculated values of a record by opt_<number>, null where something is missing.

    `values` are its custom values, `facts` its other fields by wire name: times may be datetimes or ISO
    texts. `fields` are those of calculation_fields, for lists. Seconds and numbers come as numbers,
    moments as ISO texts in UTC.
    """
    known = {**facts, **values}
    rows = calculation_fields(section) if fields is None else fields
    return {row.name: _result(row.default, known) for row in rows}


def values_as_shown(
    fields: Iterable[CustomField], values: Mapping[str, Any], facts: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a value for each of the fields, all of one section: stored, calculated or null.

    What is stored for fields that were removed is not among them.
    """
    listed = list(fields)
    known = {**facts, **values}
    return {
        one.name: _result(one.default, known)
        if one.type == Type.CALCULATION
        else values.get(one.name)
        for one in listed
    }


def problem_of(formula: Any, section: str) -> str:
    """Return why nothing can be calculated like this in a section, an empty text if it can."""
    terms = formula.get("of") if isinstance(formula, Mapping) else None
    if not isinstance(formula, Mapping) or formula.keys() != {"operation", "of"}:
        return 'Expected {"operation": "difference" or "sum", "of": [field, field]}.'
    if formula["operation"] not in (DIFFERENCE, SUM):
        return "The operation is difference or sum."
    most = 2 if formula["operation"] == DIFFERENCE else MOST_TERMS
    if not isinstance(terms, list) or not 2 <= len(terms) <= most:
        return f"A {formula['operation']} is of 2 to {most} fields."
    rows = CustomField.objects.filter(section=section, removed_at=None, type__in=CALCULABLE)
    known = FACTS[Section(section)] | {row.name for row in rows}
    unknown = [term for term in terms if not isinstance(term, str) or term not in known]
    return f"{unknown[0]} is no number, date or time of this section." if unknown else ""


def _result(formula: Any, known: Mapping[str, Any]) -> Any:
    terms = [_quantity(known.get(name)) for name in formula["of"]]
    given = [term for term in terms if term is not None]
    if len(given) < len(terms):
        return None
    try:
        if formula["operation"] == DIFFERENCE:
            return _shown(_less(given[0], given[1]))
        moments = [term for term in given if isinstance(term, dt.datetime)]
        amount = sum(term for term in given if not isinstance(term, dt.datetime))
        if len(moments) > 1:
            return None
        return _shown(moments[0] + dt.timedelta(seconds=amount) if moments else amount)
    except OverflowError:
        return None


def _less(first: Quantity, second: Quantity) -> Quantity | None:
    if isinstance(first, dt.datetime):
        is_span = isinstance(second, dt.datetime)
        return (
            (first - second).total_seconds()  # type: ignore[operator]
            if is_span
            else first - dt.timedelta(seconds=second)  # type: ignore[arg-type]
        )
    return None if isinstance(second, dt.datetime) else first - second


def _quantity(value: Any) -> Quantity | None:
    """Return a value as a moment or a number, None for what is neither."""
    if isinstance(value, str):
        try:
            day = parse_date(value)
            value = dt.datetime.combine(day, dt.time(), dt.UTC) if day else parse_datetime(value)
        except (ValueError, OverflowError):
            return None
    if isinstance(value, dt.datetime):
        return value if value.tzinfo else value.replace(tzinfo=dt.UTC)
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return float(value) if is_number else None


def _shown(value: Quantity | None) -> Any:
    if isinstance(value, dt.datetime):
        utc = value.astimezone(dt.UTC).replace(tzinfo=None)
        return f"{utc.isoformat(timespec='seconds')}Z"
    if value is None:
        return None
    return int(value) if value == int(value) else value
