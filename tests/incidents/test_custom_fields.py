"""Custom fields: numbers given once, types that stay, and what may stand in one (contract §3.8)."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from incidents.models import CustomField
from incidents.selectors import visible_custom_fields
from incidents.services.custom_fields import (
    add_custom_field,
    remove_custom_field,
    update_custom_field,
)
from incidents.services.list_values import delete_list_value, update_list_value
from incidents.services.templates import add_template
from soar.core.actor import Actor
from soar.core.errors import Conflict, Forbidden, Invalid, NotFound
from soar.core.models import AuditLog
from tests.racing import at_once, errors

pytestmark = pytest.mark.django_db
Type = CustomField.Type
SPAN = {"operation": "difference", "of": ["closingtime", "openingtime"]}


@pytest.fixture
def add(as_administrator: Actor) -> Callable[..., CustomField]:
    """Add a text field to incidents, unless told otherwise."""
    labels = iter(range(1, 1000))

    def make(**values: Any) -> CustomField:
        values = {"section": "incidents", "type": "Text", "label": f"Field {next(labels)}"} | values
        return add_custom_field(as_administrator, **values)

    return make


def test_a_field_gets_the_next_number_of_its_section(add: Callable[..., CustomField]) -> None:
    names = [add().name, add().name, add(section="triage").name]
    assert names == ["opt_1", "opt_2", "opt_1"]
    line = AuditLog.objects.latest("id")
    assert (line.action, line.details["after"]["number"]) == ("custom_field.created", 1)


def test_a_number_is_never_given_twice(
    as_administrator: Actor, add: Callable[..., CustomField]
) -> None:
    gone = add(label="Site")
    remove_custom_field(as_administrator, gone.pk)
    assert add(label="Site").name == "opt_2"
    assert [one.name for one in visible_custom_fields(as_administrator)] == ["opt_2"]
    gone.refresh_from_db()
    assert gone.removed_at is not None


def test_a_section_has_a_hundred_numbers(add: Callable[..., CustomField]) -> None:
    CustomField.objects.create(section="notes", number=99, label="x", type="Text")
    assert add(section="notes").number == 100
    with pytest.raises(Conflict, match="at most 100"):
        add(section="notes")
    assert add(section="tasks").number == 1


@pytest.mark.parametrize(
    ("values", "culprit"),
    [
        ({"section": "cases"}, "section"),
        ({"type": "Poem"}, "type"),
        ({"label": " "}, "label"),
        ({"label": "SITE"}, "label"),
        ({"values": ["a"]}, "values"),
        ({"type": "List"}, "values"),
        ({"type": "List", "values": ["a", "A"]}, "values"),
        ({"type": "List", "values": ["a", " "]}, "values"),
        ({"type": "List", "values": ["x"] * 101}, "values"),
        ({"type": "List", "values": ["a"], "default": "b"}, "default"),
        ({"type": "Numeric Textbox", "default": "many"}, "default"),
        ({"type": "Calculation"}, "default"),
        ({"type": "Calculation", "default": SPAN, "is_required": True}, "is_required"),
        ({"visible_when": {"nonsense": 1}}, "visible_when"),
        ({"visible_when": {"opt_2": 1}}, "visible_when"),
        ({"visible_when": {"type": ["a"]}}, "visible_when"),
        ({"visible_when": {"type": "Poetry"}}, "visible_when"),
        ({"visible_when": {"opt_1": "x" * 201}}, "visible_when"),
        ({"section": "tasks", "visible_when": {"status": "x"}}, "visible_when"),
        ({"visible_when": [1]}, "visible_when"),
        ({"additional_info": "x" * 10_001}, "additional_info"),
        ({"position": -1}, "position"),
    ],
)
def test_odd_fields_are_refused(
    add: Callable[..., CustomField], values: dict[str, Any], culprit: str
) -> None:
    add(label="Site")
    with pytest.raises(Invalid) as refusal:
        add(**values)
    assert set(refusal.value.fields) == {culprit}
    assert CustomField.objects.count() == 1


def test_a_field_changes(as_administrator: Actor, add: Callable[..., CustomField]) -> None:
    field = add(type="List", values=["Milan"])
    changes: dict[str, Any] = {"default": "milan", "visible_when": {"type": "Phishing"}}
    update_custom_field(as_administrator, field.pk, values=["Rome", "Milan"], **changes)
    field.refresh_from_db()
    assert (field.values, field.default) == (["Rome", "Milan"], "Milan")
    assert field.visible_when == {"type": "Phishing"}


def test_its_section_and_type_stay(
    as_administrator: Actor, add: Callable[..., CustomField]
) -> None:
    field = add(type="List", values=["Milan"])
    for name, value in (("type", "Text"), ("section", "triage")):
        with pytest.raises(Invalid) as refusal:
            update_custom_field(as_administrator, field.pk, **{name: value})
        assert set(refusal.value.fields) == {name}
    same = update_custom_field(as_administrator, field.pk, type="List", section="incidents")
    assert (same.type, same.section) == ("List", "incidents")


def test_a_default_must_stay_among_the_values(
    as_administrator: Actor, add: Callable[..., CustomField]
) -> None:
    field = add(type="List", values=["a", "b"], default="a")
    with pytest.raises(Invalid) as refusal:
        update_custom_field(as_administrator, field.pk, values=["b"])
    assert set(refusal.value.fields) == {"default"}


def test_a_field_that_another_relies_on_stays(
    as_administrator: Actor, add: Callable[..., CustomField]
) -> None:
    asked, counted, given = add(), add(type="Numeric Textbox"), add()
    add(visible_when={asked.name: "yes"})
    formula = {"operation": "sum", "of": [counted.name, counted.name]}
    add(type="Calculation", default=formula)
    add_template(as_administrator, name="T", fields={given.name: "x"})
    for field in (asked, counted, given):
        with pytest.raises(Conflict, match="Another field"):
            remove_custom_field(as_administrator, field.pk)


def test_a_condition_names_a_list_value_by_its_label(add: Callable[..., CustomField]) -> None:
    assert add(visible_when={"type": 17}).visible_when == {"type": "Phishing"}
    triage = add(section="triage", visible_when={"status": "new", "source": "mail"})
    assert triage.visible_when == {"status": "New", "source": "mail"}


def test_a_condition_follows_when_the_value_is_renamed(
    as_administrator: Actor, add: Callable[..., CustomField]
) -> None:
    field, other = add(visible_when={"type": 17}), add(visible_when={"opt_1": "Phishing"})
    update_list_value(as_administrator, 17, label="Phish")
    for one in (field, other):
        one.refresh_from_db()
    assert (field.visible_when, other.visible_when) == ({"type": "Phish"}, {"opt_1": "Phishing"})
    changed = AuditLog.objects.get(action="custom_field.updated")
    assert changed.object_id == field.pk


def test_a_list_value_that_a_condition_names_stays(
    as_administrator: Actor, add: Callable[..., CustomField]
) -> None:
    add(visible_when={"type": 17})
    with pytest.raises(Conflict):
        delete_list_value(as_administrator, 17)


@pytest.mark.parametrize(
    "formula",
    [
        None,
        "sum",
        {"operation": "sum"},
        {"operation": "product", "of": ["opt_1", "opt_1"]},
        {"operation": "sum", "of": ["opt_1"]},
        {"operation": "sum", "of": ["opt_1"] * 11},
        {"operation": "difference", "of": ["opt_1"] * 3},
        {"operation": "sum", "of": ["opt_1", "opt_2"]},
        {"operation": "sum", "of": ["opt_1", "opt_9"]},
        {"operation": "sum", "of": ["opt_1", {"a": 1}]},
        {"operation": "sum", "of": ["opt_1", "opt_1"], "more": 1},
    ],
)
def test_a_calculation_is_of_numbers_and_times(
    add: Callable[..., CustomField], formula: Any
) -> None:
    add(type="Numeric Textbox")
    add(type="Text")
    with pytest.raises(Invalid) as refusal:
        add(type="Calculation", default=formula)
    assert set(refusal.value.fields) == {"default"}


def test_only_administrators_write_custom_fields(
    as_analyst: Actor, add: Callable[..., CustomField]
) -> None:
    field = add()
    for write in (
        partial(add_custom_field, as_analyst, section="tasks", label="A", type="Text"),
        partial(update_custom_field, as_analyst, field.pk, label="A"),
        partial(remove_custom_field, as_analyst, field.pk),
    ):
        with pytest.raises(Forbidden):
            write()


def test_a_removed_field_is_missing(
    as_administrator: Actor, add: Callable[..., CustomField]
) -> None:
    field = add()
    remove_custom_field(as_administrator, field.pk)
    for call in (update_custom_field, remove_custom_field):
        with pytest.raises(NotFound):
            call(as_administrator, field.pk)


@pytest.mark.django_db(transaction=True)
def test_fields_added_at_once_get_numbers_of_their_own(as_administrator: Actor) -> None:
    calls = [
        partial(add_custom_field, as_administrator, section="notes", label=label, type="Text")
        for label in ("A", "B", "C", "a")
    ]
    results = at_once(*calls)
    assert len(errors(results)) == 1  # one label was taken
    rows = CustomField.objects.filter(section="notes")
    assert sorted(rows.values_list("number", flat=True)) == [1, 2, 3]
