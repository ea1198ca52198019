"""Incident labels: patterns that name something, and always exactly one default."""

from collections.abc import Callable
from functools import partial

import pytest

from incidents.models import IncidentLabel, LabelCounter
from incidents.services.incidents import open_incident
from incidents.services.labels import add_label, delete_label, preview_label, update_label
from incidents.services.templates import add_template
from soar.core.actor import Actor
from soar.core.errors import Conflict, Forbidden, Invalid, NotFound
from soar.core.models import AuditLog
from tests.racing import at_once, errors

pytestmark = pytest.mark.django_db


def defaults() -> list[int]:
    """Return the ids of the default labels."""
    return list(IncidentLabel.objects.filter(is_default=True).values_list("pk", flat=True))


def test_a_label_is_added_beside_the_default(as_administrator: Actor) -> None:
    label = add_label(as_administrator, name=" Phish ", value="PH-{counter:03d}")
    assert (label.name, label.is_default, defaults()) == ("Phish", False, [1])
    line = AuditLog.objects.latest("id")
    assert (line.action, line.object_id) == ("incident_label.created", label.pk)
    assert line.details["after"]["value"] == "PH-{counter:03d}"


def test_a_new_default_takes_over(as_administrator: Actor) -> None:
    label = add_label(as_administrator, name="A", value="A", is_default=True)
    assert defaults() == [label.pk]
    update_label(as_administrator, 1, is_default=True)
    assert defaults() == [1]
    actions = AuditLog.objects.filter(action="incident_label.updated", object_id=label.pk)
    assert actions.count() == 1


def test_the_first_label_is_the_default(as_administrator: Actor) -> None:
    IncidentLabel.objects.all().delete()
    label = add_label(as_administrator, name="A", value="A")
    assert defaults() == [label.pk]


def test_there_is_never_no_default(as_administrator: Actor) -> None:
    with pytest.raises(Conflict, match="default"):
        update_label(as_administrator, 1, is_default=False)
    with pytest.raises(Conflict, match="default"):
        delete_label(as_administrator, 1)
    assert defaults() == [1]


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", "incident"), ("name", "x" * 101), ("value", "{nonsense}")],
)
def test_a_label_needs_a_free_name_and_a_good_pattern(
    as_administrator: Actor, field: str, value: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        add_label(as_administrator, **{"name": "A", "value": "A", field: value})
    assert set(refusal.value.fields) == {field}


def test_another_pattern_counts_on(as_administrator: Actor) -> None:
    label = add_label(as_administrator, name="A", value="A-{counter}", is_default=True)
    open_incident(as_administrator, name="x", customer_id=1)
    update_label(as_administrator, label.pk, value="B-{counter}")
    opened = open_incident(as_administrator, name="x", customer_id=1)
    assert opened.reference == "B-2"


def test_a_preview_tells_the_next_name_and_uses_none_up(as_administrator: Actor) -> None:
    label = add_label(as_administrator, name="A", value="A-{counter:03d}")
    assert preview_label(as_administrator, label.pk) == "A-001"
    assert preview_label(as_administrator, label.pk, value="B-{counter}") == "B-1"
    opened = open_incident(as_administrator, name="x", customer_id=1, label_id=label.pk)
    assert (opened.reference, preview_label(as_administrator, label.pk)) == ("A-001", "A-002")
    with pytest.raises(Invalid):
        preview_label(as_administrator, label.pk, value="{x}")


def test_a_deleted_label_takes_its_counters_along(as_administrator: Actor) -> None:
    label = add_label(as_administrator, name="A", value="A-{counter}")
    open_incident(as_administrator, name="x", customer_id=1, label_id=label.pk)
    delete_label(as_administrator, label.pk)
    assert not LabelCounter.objects.filter(label_id=label.pk).exists()
    assert AuditLog.objects.latest("id").action == "incident_label.deleted"


def test_a_label_of_a_template_stays(as_administrator: Actor) -> None:
    label = add_label(as_administrator, name="A", value="A")
    add_template(as_administrator, name="T", label_id=label.pk)
    with pytest.raises(Conflict, match="template"):
        delete_label(as_administrator, label.pk)


@pytest.mark.parametrize(
    "write",
    [
        partial(add_label, name="A", value="A"),
        lambda actor: update_label(actor, 1, name="A"),
        lambda actor: delete_label(actor, 1),
    ],
)
def test_only_administrators_write_labels(
    as_analyst: Actor, write: Callable[[Actor], object]
) -> None:
    with pytest.raises(Forbidden):
        write(as_analyst)


def test_a_missing_label_is_not_found(as_administrator: Actor) -> None:
    for call in (preview_label, delete_label, update_label):
        with pytest.raises(NotFound):
            call(as_administrator, 999_999)


@pytest.mark.django_db(transaction=True)
def test_two_new_defaults_at_once_leave_one(as_administrator: Actor) -> None:
    calls = [
        partial(add_label, as_administrator, name=name, value=name, is_default=True)
        for name in "AB"
    ]
    assert errors(at_once(*calls)) == []
    assert len(defaults()) == 1
