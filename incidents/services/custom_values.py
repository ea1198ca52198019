"""Values of custom fields: checked by the type of their field, defaults filled in. Source: contract §3.8."""

import datetime as dt
import re
import zoneinfo
from collections.abc import Callable, Mapping
from functools import cache
from ipaddress import ip_address
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, URLValidator
from django.utils.dateparse import parse_date, parse_datetime

from incidents.models import CustomField
from soar.core.compiled import CompiledObjects
from soar.core.errors import Invalid

Type = CustomField.Type
NAME = re.compile(r"opt_([1-9][0-9]{0,2})", re.ASCII)
HASH = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128}")
COLOR = re.compile(r"#[0-9a-f]{6}")
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
LONGEST_TEXT, LONGEST_LIST, LARGEST_NUMBER = 10_000, 100, 10**15
YES, NO = ("true", "1", "on", "yes"), ("false", "0", "off", "no")
EMPTY: tuple[Any, ...] = (None, "", [])
REQUIRED = "This field is required."
UNKNOWN = "There is no such custom field; it must be created first."


_FIELDS = CompiledObjects(
    CustomField,
    lambda section: CustomField.objects.filter(section=section, removed_at=None),
    section=str,
)


def checked_values(
    section: str,
    given: Mapping[str, Any],
    stored: Mapping[str, Any] | None = None,
    *,
    is_new: bool = False,
    facts: Mapping[str, Any] | Callable[[], Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return all values of a record by opt_<number>: those stored, overlaid with those given.

    A new record gets defaults and must have what is required of it. `facts` are its other fields, by wire
    name, or what finds them out, which conditions of visibility ask for; a field that is not visible is not required. An empty
    value unsets; values of removed fields stay. Raise Invalid naming every field whose value is wrong,
    unknown, calculated or missing.
    """
    fields = {one.name: one for one in _FIELDS.all(section=str(section))}
    values = dict(stored or {})
    errors: dict[str, list[str]] = {}
    for name, value in given.items():
        if name not in fields:
            errors[name] = [UNKNOWN]
            continue
        try:
            values[name] = checked_value(fields[name], value)
        except ValueError as error:
            errors[name] = [str(error)]
    if is_new:
        for name, one in fields.items():
            is_set = name in given or one.type == Type.CALCULATION  # its default is how it is made
            if not is_set and one.default not in EMPTY:
                values[name] = one.default
    known = {**_facts(facts), **values} if fields else {}
    for name, one in fields.items():
        is_asked = is_new or name in given
        is_missing = one.is_required and one.type != Type.CALCULATION and values.get(name) in EMPTY
        if is_asked and is_missing and name not in errors and is_visible(one, known):
            errors[name] = [REQUIRED]
    if errors:
        raise Invalid("Data error", errors)
    return {name: value for name, value in values.items() if value not in EMPTY}


def _facts(given: Mapping[str, Any] | Callable[[], Mapping[str, Any]] | None) -> Mapping[str, Any]:
    return given() if callable(given) else given or {}


def is_visible(field: CustomField, known: Mapping[str, Any]) -> bool:
    """Tell whether a field applies to a record with these values; one of several values is enough."""
    return all(_has(known.get(name), value) for name, value in field.visible_when.items())


def checked_value(field: CustomField, value: Any) -> Any:
    """Return a value as it is stored, None for an empty one. Raise ValueError with what it must be."""
    if field.type == Type.CALCULATION:
        raise ValueError("This field is calculated.")
    if value in EMPTY:
        return None
    return _CHECKS[Type(field.type)](field, value)


def _has(known: Any, value: Any) -> bool:
    return value in known if isinstance(known, list) else bool(known == value)


def _text(field: CustomField, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("Not a text.")
    if isinstance(value, int) and abs(value) > LARGEST_NUMBER:
        raise ValueError("Not a number within bounds.")
    text = str(value)
    if len(text) > LONGEST_TEXT or UNSTORABLE.search(text):
        raise ValueError(f"Not a text of at most {LONGEST_TEXT} characters.")
    return text


def _matching(pattern: re.Pattern[str], message: str) -> Callable[[CustomField, Any], str]:
    def check(field: CustomField, value: Any) -> str:
        text = _text(field, value).strip()
        if not pattern.fullmatch(text.lower()):
            raise ValueError(message)
        return text

    return check


def _validated(validator: Callable[[str], None], message: str) -> Callable[[CustomField, Any], str]:
    def check(field: CustomField, value: Any) -> str:
        text = _text(field, value).strip()
        try:
            validator(text)
        except ValidationError as error:
            raise ValueError(message) from error
        return text

    return check


def _checkbox(field: CustomField, value: Any) -> bool:
    word = str(value).strip().lower()
    if word not in YES + NO:
        raise ValueError("Not true or false.")
    return word in YES


def _number(field: CustomField, value: Any) -> int | float:
    try:
        number = float(value) if not isinstance(value, bool) else float("nan")
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError("Not a number.") from error
    if not abs(number) <= LARGEST_NUMBER:
        raise ValueError("Not a number within bounds.")
    return int(number) if number.is_integer() else number


def _date(field: CustomField, value: Any) -> str:
    try:
        day = parse_date(_text(field, value))
    except ValueError:
        day = None
    if day is None:
        raise ValueError("Not a date such as 2025-03-04.")
    return day.isoformat()


def _moment(field: CustomField, value: Any) -> str:
    try:
        moment = parse_datetime(_text(field, value))
        known = moment and (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC))
        utc = known and known.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        utc = None
    if not utc:
        raise ValueError("Not a time such as 2025-03-04T08:55:00Z.")
    return f"{utc.replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def _interval(field: CustomField, value: Any) -> int:
    """Seconds."""
    number = _number(field, value)
    if not isinstance(number, int) or number < 0:
        raise ValueError("Not a number of seconds.")
    return number


def _ip_address(field: CustomField, value: Any) -> str:
    try:
        return str(ip_address(_text(field, value).strip()))
    except ValueError as error:
        raise ValueError("Not an IP address.") from error


def _choice(field: CustomField, value: Any) -> str:
    wanted = _text(field, value).strip()
    for label in field.values:
        if label.casefold() == wanted.casefold():
            return str(label)
    raise ValueError("Not one of the values of this list.")


def _choices(field: CustomField, value: Any) -> list[str]:
    wanted = value if isinstance(value, list) else [value]
    if len(wanted) > LONGEST_LIST:
        raise ValueError(f"More than {LONGEST_LIST} values.")
    return list(dict.fromkeys(_choice(field, one) for one in wanted))


def _tags(field: CustomField, value: Any) -> list[str]:
    given = value if isinstance(value, list) else _text(field, value).split(",")
    if len(given) > LONGEST_LIST:
        raise ValueError(f"More than {LONGEST_LIST} tags.")
    tags = (_text(field, tag).strip() for tag in given)
    return list(dict.fromkeys(tag for tag in tags if tag))


def _timezone(field: CustomField, value: Any) -> str:
    name = _text(field, value).strip()
    if name not in _timezones():
        raise ValueError("Not the name of a time zone such as Europe/Rome.")
    return name


@cache
def _timezones() -> set[str]:
    """Looking them up reads the disk."""
    return zoneinfo.available_timezones()


_CHECKS: dict[Type, Callable[[CustomField, Any], Any]] = {
    Type.CHECKBOX: _checkbox,
    Type.COLOR: _matching(COLOR, "Not a colour such as #1a2b3c."),
    Type.DATE: _date,
    Type.MOMENT: _moment,
    Type.EMAIL: _validated(EmailValidator(), "Not an e-mail address."),
    Type.FILENAME: _text,
    Type.HASH: _matching(HASH, "Not a hash in hexadecimal digits."),
    Type.IP_ADDRESS: _ip_address,
    Type.LIST: _choice,
    Type.MULTI_SELECT: _choices,
    Type.NUMBER: _number,
    Type.TAGS: _tags,
    Type.TEXT: _text,
    Type.INTERVAL: _interval,
    Type.TIMEZONE: _timezone,
    Type.URL: _validated(URLValidator(), "Not a URL."),
    Type.USER_DETAILS: _text,
}
