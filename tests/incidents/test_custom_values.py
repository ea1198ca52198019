"""Values of custom fields: what each type takes and stores, defaults, requirements, conditions (contract §3.8)."""

from typing import Any

import pytest

from incidents.models import CustomField
from incidents.services.custom_values import checked_value, checked_values, is_visible
from soar.core.errors import Invalid

Type = CustomField.Type
SECTION = "incidents"
MD5 = "d41d8cd98f00b204e9800998ecf8427e"
# What each type makes of a value.
STORED: list[tuple[Type, Any, Any]] = [
    (Type.CHECKBOX, "on", True),
    (Type.CHECKBOX, 0, False),
    (Type.CHECKBOX, False, False),
    (Type.COLOR, "#1A2b3c", "#1A2b3c"),
    (Type.DATE, "2025-03-04", "2025-03-04"),
    (Type.MOMENT, "2025-03-04T08:55:00+02:00", "2025-03-04T06:55:00Z"),
    (Type.MOMENT, "2025-03-04T08:55", "2025-03-04T08:55:00Z"),
    (Type.EMAIL, " j.doe@example.org ", "j.doe@example.org"),
    (Type.FILENAME, "invoice 7.pdf", "invoice 7.pdf"),
    (Type.HASH, MD5, MD5),
    (Type.IP_ADDRESS, "2001:DB8::0001", "2001:db8::1"),
    (Type.LIST, "milan", "Milan"),
    (Type.MULTI_SELECT, ["Rome", "milan", "ROME"], ["Rome", "Milan"]),
    (Type.MULTI_SELECT, "Rome", ["Rome"]),
    (Type.NUMBER, "7.0", 7),
    (Type.NUMBER, 2.5, 2.5),
    (Type.NUMBER, 0, 0),
    (Type.TAGS, "a, b ,a", ["a", "b"]),
    (Type.TAGS, ["x,y", " z "], ["x,y", "z"]),
    (Type.TEXT, 42, "42"),
    (Type.TEXT, " kept as it is ", " kept as it is "),
    (Type.INTERVAL, "3600", 3600),
    (Type.TIMEZONE, "Europe/Rome", "Europe/Rome"),
    (Type.URL, "https://example.org/a?b=c", "https://example.org/a?b=c"),
    (Type.USER_DETAILS, "j.doe", "j.doe"),
    *((kind, empty, None) for kind in Type for empty in ("", None) if kind != Type.CALCULATION),
]
REFUSED: list[tuple[Type, Any]] = [
    (Type.CALCULATION, 5),
    (Type.CHECKBOX, "perhaps"),
    (Type.CHECKBOX, [True]),
    (Type.COLOR, "red"),
    (Type.DATE, "2025-02-30"),
    (Type.DATE, "tomorrow"),
    (Type.MOMENT, "2025-03-04T25:00:00Z"),
    (Type.MOMENT, "0001-01-01T00:00:00+14:00"),
    (Type.EMAIL, "nobody"),
    (Type.HASH, "xyz"),
    (Type.HASH, MD5[:-1]),
    (Type.IP_ADDRESS, "300.1.1.1"),
    (Type.LIST, "Paris"),
    (Type.LIST, ["Rome"]),
    (Type.MULTI_SELECT, ["Rome", "Paris"]),
    (Type.MULTI_SELECT, ["Rome"] * 101),
    (Type.NUMBER, "many"),
    (Type.NUMBER, True),
    (Type.NUMBER, "nan"),
    (Type.NUMBER, "1e999"),
    (Type.NUMBER, 10**400),
    (Type.NUMBER, {"a": 1}),
    (Type.TAGS, {"a": 1}),
    (Type.TAGS, ["x"] * 101),
    (Type.TEXT, "a\0b"),
    (Type.TEXT, "\ud800"),
    (Type.TEXT, "x" * 10_001),
    (Type.TEXT, 10**5000),
    (Type.TEXT, {"a": 1}),
    (Type.TEXT, True),
    (Type.INTERVAL, -1),
    (Type.INTERVAL, 1.5),
    (Type.TIMEZONE, "Mars/Olympus"),
    (Type.URL, "javascript:alert(1)"),
    (Type.URL, "example"),
]


def named(rows: list[Any]) -> list[str]:
    """Return an id per row."""
    return [f"{row[0].value}-{number}" for number, row in enumerate(rows)]


def field(kind: Type = Type.TEXT, **values: Any) -> CustomField:
    """Return a new field of incidents."""
    taken = CustomField.objects.filter(section=SECTION).count()
    values = {"label": f"Field {taken + 1}", "section": SECTION} | values
    return CustomField.objects.create(type=kind, number=taken + 1, **values)


@pytest.mark.parametrize("row", STORED, ids=named(STORED))
def test_a_value_is_stored_in_one_form(row: tuple[Type, Any, Any]) -> None:
    kind, given, stored = row
    made = checked_value(CustomField(type=kind, values=["Milan", "Rome"]), given)
    assert (made, type(made)) == (stored, type(stored))


@pytest.mark.parametrize("row", REFUSED, ids=named(REFUSED))
def test_a_value_of_another_kind_is_refused(row: tuple[Type, Any]) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        checked_value(CustomField(type=row[0], values=["Milan", "Rome"]), row[1])


@pytest.mark.django_db
def test_all_wrong_fields_are_named_at_once() -> None:
    field(Type.NUMBER)
    field(is_required=True)
    with pytest.raises(Invalid) as refusal:
        checked_values(SECTION, {"opt_1": "x", "opt_9": 1}, is_new=True)
    assert set(refusal.value.fields) == {"opt_1", "opt_2", "opt_9"}


@pytest.mark.django_db
def test_what_is_given_overlays_what_is_stored() -> None:
    field()
    field()
    stored = {"opt_1": "a", "opt_2": "b"}
    assert checked_values(SECTION, {"opt_2": "c"}, stored) == {"opt_1": "a", "opt_2": "c"}
    assert checked_values(SECTION, {"opt_2": ""}, stored) == {"opt_1": "a"}


@pytest.mark.django_db
def test_values_of_removed_fields_stay_and_cannot_be_given() -> None:
    field(removed_at="2026-01-01T00:00:00Z")
    field()
    kept = checked_values(SECTION, {"opt_2": "b"}, {"opt_1": "old"})
    assert kept == {"opt_1": "old", "opt_2": "b"}
    with pytest.raises(Invalid) as refusal:
        checked_values(SECTION, {"opt_1": "new"})
    assert set(refusal.value.fields) == {"opt_1"}


@pytest.mark.django_db
def test_a_new_record_gets_defaults_where_nothing_is_given() -> None:
    field(Type.NUMBER, default=7)
    field(Type.CHECKBOX, default=False)
    assert checked_values(SECTION, {}, is_new=True) == {"opt_1": 7, "opt_2": False}
    assert checked_values(SECTION, {"opt_1": None}, is_new=True) == {"opt_2": False}
    assert checked_values(SECTION, {}) == {}


@pytest.mark.django_db
def test_how_a_field_is_calculated_is_no_value_of_it() -> None:
    formula = {"operation": "sum", "of": ["opt_1", "opt_1"]}
    field(Type.CALCULATION, default=formula, is_required=True)
    assert checked_values(SECTION, {}, is_new=True) == {}


@pytest.mark.django_db
def test_a_required_field_is_asked_of_new_records_and_never_emptied() -> None:
    field(is_required=True)
    assert checked_values(SECTION, {}, {}) == {}
    for given, stored, is_new in (({}, {}, True), ({"opt_1": ""}, {"opt_1": "a"}, False)):
        with pytest.raises(Invalid) as refusal:
            checked_values(SECTION, given, stored, is_new=is_new)
        assert refusal.value.fields == {"opt_1": ["This field is required."]}


@pytest.mark.django_db
def test_a_field_that_does_not_apply_is_not_required() -> None:
    field(is_required=True, visible_when={"type": "Phishing"})
    assert checked_values(SECTION, {}, is_new=True, facts={"type": ["Malware"]}) == {}
    with pytest.raises(Invalid):
        checked_values(SECTION, {}, is_new=True, facts={"type": ["Malware", "Phishing"]})


def test_a_field_applies_where_all_conditions_hold() -> None:
    one = CustomField(visible_when={"opt_1": "yes", "status": 3})
    assert is_visible(one, {"opt_1": "yes", "status": 3, "other": 1})
    assert not is_visible(one, {"opt_1": "yes", "status": 4})
    assert not is_visible(one, {})


@pytest.mark.django_db
def test_fields_of_another_section_are_unknown() -> None:
    field(section="triage")
    with pytest.raises(Invalid):
        checked_values(SECTION, {"opt_1": "a"})
