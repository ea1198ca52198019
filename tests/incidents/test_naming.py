"""Names that labels give, their counters, and what keeps an incident ID unique (contract §3.9)."""

import datetime as dt
import re
from functools import partial

import pytest
from django.db import connection, transaction
from django.utils import timezone

from incidents.models import IncidentLabel, LabelCounter
from incidents.services import naming
from incidents.services.incidents import open_incident
from incidents.services.naming import check_pattern, free_reference, next_name
from soar.core.actor import Actor
from soar.core.errors import Conflict, Invalid
from tests.racing import at_once

pytestmark = pytest.mark.django_db
DAY = dt.datetime(2026, 9, 4, 23, 30, tzinfo=dt.UTC)
GOOD = (
    "INC-{year}-{counter_year:05d}",
    "{day}.{month}.{year}/{roman_month}",
    "{counter}{counter_day:3}{random}",
    "{counter_from:100} again {counter_from:0100}",
)
BAD = (
    "",
    "   ",
    "INC-{week}",
    "INC-{year:4}",
    "{counter:wide}",
    "{counter_from}",
    "{counter_from:1}{counter_from:2}",
    "INC-{",
    "INC-}{counter}",
    "{{counter}}",
    "two\nlines",
    "x" * 201,
)


@pytest.fixture
def on_day(monkeypatch: pytest.MonkeyPatch) -> dt.datetime:
    """Stop the clock at the evening of 4 September 2026."""
    monkeypatch.setattr(timezone, "now", lambda: DAY)
    return DAY


def label(value: str) -> IncidentLabel:
    """Return a new label of a pattern."""
    return IncidentLabel.objects.create(name=f"Label {value}"[:100], value=value)


def names(value: str, count: int = 2) -> list[str]:
    """Return the first names of a new label."""
    one = label(value)
    return [next_name(one) for _ in range(count)]


@pytest.mark.parametrize("pattern", GOOD)
def test_patterns_of_known_parts_are_taken(pattern: str) -> None:
    check_pattern(pattern)
    assert "{" not in next_name(label(pattern))


@pytest.mark.parametrize("pattern", BAD)
def test_other_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_pattern(pattern)
    assert set(refusal.value.fields) == {"value"}


def test_parts_of_the_date_are_filled_in(on_day: dt.datetime) -> None:
    assert names("{day}.{month}.{year} {roman_month}", 1) == ["04.09.2026 IX"]


def test_a_counter_counts_with_its_width() -> None:
    assert names("A{counter:04d}") == ["A0001", "A0002"]
    assert names("B{counter:3}") == ["B001", "B002"]
    assert names("C{counter}") == ["C1", "C2"]


def test_a_counter_starts_where_it_is_told() -> None:
    assert names("T{counter_from:100}", 3) == ["T100", "T101", "T102"]


def test_counters_of_one_name_count_apart() -> None:
    assert names("{counter}/{counter_from:7}/{counter}") == ["1/7/1", "2/8/2"]


def test_counters_start_again_with_their_period(
    on_day: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = label("{counter}-{counter_year}-{counter_day}")
    assert [next_name(one), next_name(one)] == ["1-1-1", "2-2-2"]
    monkeypatch.setattr(timezone, "now", lambda: DAY + dt.timedelta(hours=1))
    assert next_name(one) == "3-3-1"
    monkeypatch.setattr(timezone, "now", lambda: DAY + dt.timedelta(days=200))
    assert next_name(one) == "4-1-1"


def test_random_digits_are_six() -> None:
    assert re.fullmatch(r"R-[0-9]{6}", names("R-{random}", 1)[0])


def test_a_preview_uses_no_counter_up() -> None:
    one = label("P{counter:03d}")
    assert [next_name(one, is_preview=True) for _ in range(2)] == ["P001", "P001"]
    assert not LabelCounter.objects.filter(label=one).exists()
    assert next_name(one) == "P001"


def test_a_label_that_is_gone_names_nothing() -> None:
    one = label("{counter}")
    IncidentLabel.objects.filter(pk=one.pk).delete()
    with pytest.raises(Conflict, match="deleted meanwhile"):
        next_name(one)


def test_a_name_nobody_has_stays_as_it_is() -> None:
    assert free_reference("NEW-1", prohibits_duplicates=True) == "NEW-1"


def test_a_taken_name_gets_the_next_suffix(as_administrator: Actor) -> None:
    for expected in ("DUP", "DUP-2", "DUP-3"):
        made = open_incident(as_administrator, name="x", customer_id=1, reference="DUP")
        assert made.reference == expected


def test_a_taken_name_is_refused_where_duplicates_are_prohibited(as_administrator: Actor) -> None:
    made = open_incident(as_administrator, name="x", customer_id=1, reference="DUP")
    with pytest.raises(Conflict, match="exists already"):
        free_reference("DUP", prohibits_duplicates=True)
    assert free_reference("DUP", prohibits_duplicates=True, but=made.pk) == "DUP"


def test_a_long_name_keeps_its_suffix(as_administrator: Actor) -> None:
    long = "x" * naming.LONGEST
    open_incident(as_administrator, name="x", customer_id=1, reference=long)
    found = free_reference(long, prohibits_duplicates=False)
    assert (len(found) <= naming.LONGEST, found.endswith("x-2")) == (True, True)


def in_transaction(one: IncidentLabel) -> str:
    """Take a name as opening an incident does."""
    with transaction.atomic():
        return next_name(one)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_never_get_one_name() -> None:
    one = label("RACE-{counter}")
    taken = at_once(*[partial(in_transaction, one) for _ in range(4)])
    assert sorted(taken) == [f"RACE-{number}" for number in range(1, 5)], connection.vendor
