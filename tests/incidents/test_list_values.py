"""List values: labels once per field, counterparts in other doors, and none that is in use goes."""

from collections.abc import Callable
from typing import Any

import pytest

from cases.models import CaseState, Severity
from cases.services.cases import update_case
from incidents.models import AlertStatus, ListField, ListValue
from incidents.services.incidents import open_incident
from incidents.services.list_values import add_list_value, delete_list_value, update_list_value
from incidents.services.reference import seed_reference
from incidents.services.templates import add_template
from soar.core.actor import Actor
from soar.core.errors import Conflict, Forbidden, Invalid, NotFound
from soar.core.models import AuditLog

pytestmark = pytest.mark.django_db
STATUS, TYPE, PHASE = ListField.STATUS, ListField.TYPE, ListField.PHASE
IDENTIFICATION, PHISHING = 1, 17


def test_a_value_is_added_at_the_end(as_administrator: Actor) -> None:
    value = add_list_value(as_administrator, field=TYPE, label=" Fraud ")
    assert (value.label, value.position, value.is_internal) == ("Fraud", 12, False)
    assert AuditLog.objects.latest("id").action == "list_value.created"


def test_a_new_status_makes_its_state(as_administrator: Actor) -> None:
    value = add_list_value(as_administrator, field=STATUS, label="Archived", is_closed=True)
    state = CaseState.objects.get(name="Archived")
    assert (value.case_state, state.is_closed) == (state, True)
    made = open_incident(as_administrator, name="x", customer_id=1, state_id=state.pk)
    assert made.case.closed_at is not None


@pytest.mark.parametrize(
    ("field", "table"),
    [(ListField.RESTRICTION, Severity), (ListField.TRIAGE_STATUS, AlertStatus)],
)
def test_other_fields_make_their_counterparts(
    as_administrator: Actor, field: ListField, table: Any
) -> None:
    value = add_list_value(as_administrator, field=field, label="Extreme")
    row = table.objects.get(name="Extreme")
    assert row.list_value == value
    delete_list_value(as_administrator, value.pk)
    assert not table.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize(
    ("values", "culprit"),
    [
        ({"field": "nonsense"}, "field"),
        ({"label": ""}, "label"),
        ({"label": "PHISHING"}, "label"),
        ({"label": "x" * 201}, "label"),
        ({"field": STATUS, "label": "Open"}, "label"),
        ({"field": STATUS, "label": "x" * 101}, "label"),
        ({"is_closed": True}, "is_closed"),
        ({"is_mandatory": True}, "is_mandatory"),
        ({"sets_status_id": 1}, "sets_status_id"),
        ({"field": PHASE, "sets_status_id": PHISHING}, "sets_status_id"),
        ({"field": PHASE, "sets_status_id": 999_999}, "sets_status_id"),
        ({"classification_id": 30}, "classification_id"),
        ({"classification_id": 999}, "classification_id"),
        ({"field": PHASE, "classification_id": 1}, "classification_id"),
        ({"position": -1}, "position"),
    ],
)
def test_odd_values_are_refused_and_nothing_is_left(
    as_administrator: Actor, values: dict[str, Any], culprit: str
) -> None:
    states = CaseState.objects.count()
    with pytest.raises(Invalid) as refusal:
        add_list_value(as_administrator, **{"field": TYPE, "label": "New"} | values)
    assert set(refusal.value.fields) == {culprit}
    assert CaseState.objects.count() == states


def test_an_internal_value_is_renamed_and_moved_only(as_administrator: Actor) -> None:
    value = update_list_value(as_administrator, IDENTIFICATION, label="Spotted", position=5)
    assert (value.label, value.position) == ("Spotted", 5)
    assert CaseState.objects.get(pk=3).name == "Open"
    with pytest.raises(Conflict, match="renamed"):
        delete_list_value(as_administrator, IDENTIFICATION)
    with pytest.raises(Conflict, match="renamed"):
        update_list_value(as_administrator, IDENTIFICATION, is_mandatory=True)


def test_a_phase_says_which_status_it_sets(as_administrator: Actor) -> None:
    value = add_list_value(as_administrator, field=PHASE, label="Review", is_mandatory=True)
    update_list_value(as_administrator, value.pk, sets_status_id=6, position=None)
    value.refresh_from_db()
    assert (value.sets_status_id, value.is_mandatory, value.position) == (6, True, 6)


def test_a_status_in_use_stays(as_administrator: Actor) -> None:
    value = add_list_value(as_administrator, field=STATUS, label="Waiting")
    update_case(as_administrator, 1, state_id=value.case_state_id)
    with pytest.raises(Conflict, match="another one first"):
        delete_list_value(as_administrator, value.pk)
    update_case(as_administrator, 1, state_id=3)
    delete_list_value(as_administrator, value.pk)
    assert not ListValue.objects.filter(pk=value.pk).exists()


def test_a_type_of_an_incident_or_a_template_stays(as_administrator: Actor) -> None:
    made = [add_list_value(as_administrator, field=TYPE, label=label).pk for label in "AB"]
    open_incident(as_administrator, name="x", customer_id=1, type_ids=[made[0]])
    add_template(as_administrator, name="x", fields={"type": [made[1]]})
    for pk in made:
        with pytest.raises(Conflict):
            delete_list_value(as_administrator, pk)


@pytest.mark.parametrize(
    "write",
    [
        lambda actor: add_list_value(actor, field=TYPE, label="A"),
        lambda actor: update_list_value(actor, PHISHING, label="A"),
        lambda actor: delete_list_value(actor, PHISHING),
    ],
)
def test_only_administrators_write_list_values(
    as_analyst: Actor, write: Callable[[Actor], object]
) -> None:
    with pytest.raises(Forbidden):
        write(as_analyst)


def test_a_missing_value_is_not_found(as_administrator: Actor) -> None:
    with pytest.raises(NotFound):
        delete_list_value(as_administrator, 999_999)


@pytest.mark.parametrize(
    ("table", "field"),
    [
        (CaseState, STATUS),
        (Severity, ListField.RESTRICTION),
        (AlertStatus, ListField.TRIAGE_STATUS),
    ],
)
def test_what_another_door_made_gets_its_value_at_the_next_seed(table: Any, field: str) -> None:
    row = table.objects.create(name="From elsewhere")
    assert seed_reference() == 1
    value = row.list_value
    assert (value.field, value.label, value.is_internal) == (field, "From elsewhere", False)
    last = ListValue.objects.filter(field=field).order_by("position").last()
    assert last == value
    assert seed_reference() == 0


def test_a_label_that_is_taken_gets_the_id_of_its_row() -> None:
    row = CaseState.objects.create(name="identification")
    seed_reference()
    assert row.list_value.label == f"identification ({row.pk})"
