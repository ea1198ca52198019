"""Calculated custom fields: worked out when a record is shown (contract §3.8)."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from incidents.models import CustomField
from incidents.services.calculations import calculated, calculation_fields

MORNING = dt.datetime(2026, 3, 4, 8, tzinfo=dt.UTC)
FACTS = {
    "openingtime": MORNING,
    "closingtime": "2026-03-04T09:30:00Z",
    "starttime": None,
    "effort_hours": Decimal("1.5"),
}
VALUES = {
    "opt_1": 3600,
    "opt_2": 2.5,
    "opt_3": "2026-03-05",
    "opt_4": "text",
    "opt_5": True,
    "opt_6": 10**15,
    "opt_7": "2026-13-99",
}
CASES: list[tuple[str, list[str], Any]] = [
    ("difference", ["closingtime", "openingtime"], 5400),
    ("difference", ["openingtime", "closingtime"], -5400),
    ("difference", ["opt_3", "openingtime"], 57600),
    ("difference", ["openingtime", "opt_1"], "2026-03-04T07:00:00Z"),
    ("difference", ["opt_1", "opt_2"], 3597.5),
    ("difference", ["opt_1", "openingtime"], None),
    ("sum", ["opt_1", "opt_2", "effort_hours"], 3604),
    ("sum", ["openingtime", "opt_1", "opt_1"], "2026-03-04T10:00:00Z"),
    ("sum", ["openingtime", "closingtime"], None),
    ("sum", ["openingtime", "opt_6"], None),
    ("difference", ["starttime", "openingtime"], None),
    ("difference", ["endtime", "openingtime"], None),
    ("sum", ["opt_1", "opt_4"], None),
    ("sum", ["opt_1", "opt_5"], None),
    ("sum", ["opt_1", "opt_7"], None),
]


def field(operation: str, terms: list[str]) -> CustomField:
    """Return a calculated field that is not stored."""
    formula = {"operation": operation, "of": terms}
    return CustomField(section="incidents", number=9, type="Calculation", default=formula)


@pytest.mark.parametrize("row", CASES, ids=lambda row: f"{row[0]}-{'-'.join(row[1])}")
def test_a_calculation_has_one_result(row: tuple[str, list[str], Any]) -> None:
    operation, terms, expected = row
    shown = calculated("incidents", VALUES, FACTS, fields=[field(operation, terms)])
    assert shown == {"opt_9": expected}


@pytest.mark.django_db
def test_the_calculations_of_a_section_are_found_once_per_list(
    django_assert_num_queries: Any,
) -> None:
    for section in ("incidents", "triage"):
        one = field("difference", ["closingtime", "openingtime"])
        one.section, one.label = section, "Time to close"
        one.save()
    with django_assert_num_queries(1):
        fields = calculation_fields("incidents")
        rows = [calculated("incidents", {}, FACTS, fields=fields) for _ in range(3)]
    assert rows == [{"opt_9": 5400}] * 3
    assert calculated("incidents", {}, FACTS) == rows[0]


@pytest.mark.django_db
def test_a_removed_calculation_is_not_shown() -> None:
    one = field("difference", ["closingtime", "openingtime"])
    one.removed_at = MORNING
    one.save()
    assert calculated("incidents", {}, FACTS) == {}
