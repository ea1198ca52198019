"""Naming incidents by labels: patterns with dates, counters and random digits. Source: contract §3.9, §4.7.

Parts: {day} {month} {year} {roman_month} {counter} {counter_from:100} {counter_year} {counter_day}
{random}; counters but the second take a width, as in {counter_year:05d}. {random} is six digits. Days are those
of UTC. A label counts each kind of counter for itself, and each once per name however often it stands there.
"""

import datetime as dt
import re
import secrets
from collections.abc import Callable

from django.utils import timezone

from incidents.models import Incident, IncidentLabel, LabelCounter
from soar.core.errors import Conflict, Invalid

PART = re.compile(r"\{(\w+)(?::([^{}]*))?\}")
WIDTH = re.compile(r"0?([1-9])d?")
START = re.compile(r"[0-9]{1,12}")
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
LONGEST = 200
COUNTERS: dict[str, Callable[[dt.date], str]] = {
    "counter": lambda day: "",
    "counter_from": lambda day: "from",
    "counter_year": lambda day: f"{day:%Y}",
    "counter_day": lambda day: f"{day:%Y-%m-%d}",
}
DATES: dict[str, Callable[[dt.date], str]] = {
    "day": lambda day: f"{day:%d}",
    "month": lambda day: f"{day:%m}",
    "year": lambda day: f"{day:%Y}",
    "roman_month": lambda day: ROMAN[day.month - 1],
}
RANDOM = "random"
TAKEN = "An incident of this ID exists already."
GONE = "The incident label was deleted meanwhile."


def check_pattern(pattern: str) -> None:
    """Raise Invalid unless a pattern has only known parts, and a name can come of it."""
    if not pattern.strip():
        raise Invalid.field("value", "This field is required.")
    if len(pattern) > LONGEST or not pattern.isprintable():
        raise Invalid.field("value", f"Not one line of at most {LONGEST} characters.")
    for name, detail in PART.findall(pattern):
        if not _is_known(name, detail):
            part = f"{{{name}:{detail}}}" if detail else f"{{{name}}}"
            raise Invalid.field("value", f"{part} is not a part of names.")
    if set(PART.sub("", pattern)) & {"{", "}"}:
        raise Invalid.field("value", "A brace stands alone.")
    if len({int(start) for name, start in PART.findall(pattern) if name == "counter_from"}) > 1:
        raise Invalid.field("value", "A name counts from one number only.")


def next_name(label: IncidentLabel, *, is_preview: bool = False) -> str:
    """Return the next name of a label; a preview uses no counter up. Runs in the caller's transaction."""
    day = timezone.now().date()
    used: dict[str, int] = {}

    def part(found: re.Match[str]) -> str:
        name, detail = found[1], found[2] or ""
        if name in DATES:
            return DATES[name](day)
        if name == RANDOM:
            return f"{secrets.randbelow(10**6):06d}"
        period = COUNTERS[name](day)
        start = int(detail) if name == "counter_from" and detail else 1
        key = f"{name}:{period}"
        if key not in used:
            used[key] = _count(label, period, start, is_preview=is_preview)
        width = WIDTH.fullmatch(detail) if name != "counter_from" else None
        return f"{used[key]:0{int(width[1])}d}" if width else str(used[key])

    return PART.sub(part, label.value)[:LONGEST]


def free_reference(wanted: str, *, prohibits_duplicates: bool, but: int | None = None) -> str:
    """Return an incident ID nobody has: the wanted one, or with a suffix. Raise Conflict when that is off.

    `but` is the incident that may have it already.
    """
    others = Incident.objects.exclude(pk=but) if but else Incident.objects.all()
    if not others.filter(reference=wanted).exists():
        return wanted
    if prohibits_duplicates:
        raise Conflict(TAKEN)
    base = wanted[: LONGEST - 12]
    taken = set(others.filter(reference__startswith=f"{base}-").values_list("reference", flat=True))
    number = 2
    while f"{base}-{number}" in taken:
        number += 1
    return f"{base}-{number}"


def _is_known(name: str, detail: str) -> bool:
    if name == "counter_from":
        return bool(START.fullmatch(detail))
    if name in COUNTERS:
        return not detail or bool(WIDTH.fullmatch(detail))
    return not detail and (name in DATES or name == RANDOM)


def _count(label: IncidentLabel, period: str, start: int, *, is_preview: bool) -> int:
    """Return the next number of a period; taking it holds the label until the transaction ends."""
    if not is_preview and not list(IncidentLabel.objects.select_for_update().filter(pk=label.pk)):
        raise Conflict(GONE)
    counter = LabelCounter.objects.filter(label=label, period=period).first()
    value = max(counter.value + 1 if counter else start, start)
    if not is_preview:
        LabelCounter.objects.update_or_create(label=label, period=period, defaults={"value": value})
    return value
