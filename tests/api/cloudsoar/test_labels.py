"""`incident_labels/` over the wire (contract §3.9, §4.7)."""

from typing import Any

import pytest
from django.utils import timezone

from incidents.models import LabelCounter
from incidents.services.labels import add_label
from soar.core.actor import Actor
from soar.core.models import User
from tests.api.cloudsoar.answers import assert_shape
from tests.api.cloudsoar.callers import Caller

pytestmark = pytest.mark.django_db
NEW = {"name": "Phish", "description": "d", "value": "PH-{counter:03d}", "is_default": False}


@pytest.fixture
def caller(administrator: User) -> Caller:
    """The administrator."""
    return Caller(administrator)


def test_the_shipped_label_is_the_default(analyst: User) -> None:
    assert Caller(analyst).get("incident_labels/") == [
        {
            "id": 1,
            "name": "Incident",
            "description": "INC-2025-00042",
            "value": "INC-{year}-{counter_year:05d}",
            "is_default": True,
        }
    ]


def test_a_label_is_added_changed_and_deleted(caller: Caller) -> None:
    added = caller("POST", "incident_labels/", NEW)
    label = added.json()
    assert (added.status_code, label) == (201, NEW | {"id": label["id"]})
    path = f"incident_labels/{label['id']}/"
    assert caller("PUT", path, {"value": "P-{day}"}).json() == label | {"value": "P-{day}"}
    assert caller("PATCH", path, {"name": "P"}).json()["value"] == "P-{day}"
    assert caller.get(path)["name"] == "P"
    assert caller("DELETE", path).status_code == 204


def test_a_new_default_takes_over_and_there_is_always_one(caller: Caller) -> None:
    made = caller("POST", "incident_labels/", NEW | {"is_default": True}).json()
    shown = {row["id"]: row["is_default"] for row in caller.get("incident_labels/")}
    assert shown == {1: False, made["id"]: True}
    path = f"incident_labels/{made['id']}/"
    assert_shape(caller("PATCH", path, {"is_default": False}), 409, "Conflict")
    assert_shape(caller("DELETE", path), 409, "Conflict")


def test_a_preview_shows_the_next_name_and_counts_nothing(analyst: User) -> None:
    caller, year = Caller(analyst), timezone.now().year
    for _ in range(2):
        answer = caller("POST", "incident_labels/1/preview/")
        assert (answer.status_code, answer.json()) == (200, {"next": f"INC-{year}-00001"})
    tried = caller("POST", "incident_labels/1/preview/", {"value": "X-{year}"})
    assert tried.json() == {"next": f"X-{year}"}
    assert not LabelCounter.objects.exists()


@pytest.mark.parametrize(
    ("body", "culprit"),
    [
        ({"value": "x"}, "name"),
        ({"name": "x"}, "value"),
        ({"name": "INCIDENT", "value": "x"}, "name"),
        ({"name": "x", "value": "{week}"}, "value"),
        ({"name": "x", "value": "x", "is_default": "perhaps"}, "is_default"),
    ],
)
def test_odd_labels_are_refused(caller: Caller, body: Any, culprit: str) -> None:
    told = assert_shape(caller("POST", "incident_labels/", body), 400, "Invalid request")
    assert set(told["fields"]) == {culprit}


def test_a_pattern_that_names_nothing_has_no_preview(caller: Caller) -> None:
    answer = caller("POST", "incident_labels/1/preview/", {"value": "{"})
    assert set(assert_shape(answer, 400, "Invalid request")["fields"]) == {"value"}
    assert_shape(caller("POST", "incident_labels/999999/preview/"), 404, "Not found")


def test_more_labels_need_no_more_queries(caller: Caller, as_administrator: Actor) -> None:
    few = caller.queries("incident_labels/")
    for number in range(5):
        add_label(as_administrator, name=f"L{number}", value="x")
    assert caller.queries("incident_labels/") == few
