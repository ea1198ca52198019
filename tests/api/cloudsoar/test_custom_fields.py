"""`custom_fields/` and `list_values/` over the wire (contract §3.8, §4.7)."""

from typing import Any

import pytest

from incidents.models import CustomField
from incidents.services.list_values import add_list_value
from soar.core.actor import Actor
from soar.core.models import User
from tests.api.cloudsoar.answers import assert_shape
from tests.api.cloudsoar.callers import Caller

pytestmark = pytest.mark.django_db
NEW = {
    "section": "incidents",
    "label": "Affected site",
    "type": "List",
    "required": True,
    "default": "Milan",
    "values": ["Milan", "Rome"],
    "use_as_filter": True,
    "use_in_notification": False,
    "visible_when": {"type": "Physical"},
    "additional_info": "Where it happened",
    "order": 3,
}


@pytest.fixture
def caller(administrator: User) -> Caller:
    """The administrator."""
    return Caller(administrator)


def test_a_field_is_added_and_shown(caller: Caller, analyst: User) -> None:
    answer = caller("POST", "custom_fields/", NEW)
    made = answer.json()
    assert (answer.status_code, made) == (201, NEW | {"id": made["id"], "field": "opt_1"})
    reader = Caller(analyst)
    assert reader.get("custom_fields/", section="incidents") == [made]
    assert reader.get("custom_fields/") == [made]
    assert reader.get("custom_fields/", section="triage") == []
    assert reader.get(f"custom_fields/{made['id']}/") == made


def test_a_short_body_gives_a_field_with_defaults(caller: Caller) -> None:
    body = {"section": "notes", "label": "A", "type": "Text"}
    made = caller("POST", "custom_fields/", body).json()
    expected = {"required": False, "default": None, "values": [], "visible_when": {}, "order": 1}
    assert expected.items() <= made.items()


def test_a_field_changes_but_for_its_type(caller: Caller) -> None:
    made = caller("POST", "custom_fields/", NEW).json()
    path = f"custom_fields/{made['id']}/"
    assert caller("PATCH", path, {"label": "Site"}).json() == made | {"label": "Site"}
    told = assert_shape(caller("PATCH", path, {"type": "Text"}), 400, "Invalid request")
    assert set(told["fields"]) == {"type"}
    assert_shape(caller("PUT", path, {"label": "B"}), 405, "Method not allowed")


def test_a_removed_field_is_gone_and_its_number_is_not_given_again(caller: Caller) -> None:
    made = caller("POST", "custom_fields/", NEW).json()
    path = f"custom_fields/{made['id']}/"
    assert caller("DELETE", path).status_code == 204
    assert_shape(caller("GET", path), 404, "Not found")
    assert_shape(caller("DELETE", path), 404, "Not found")
    assert caller("POST", "custom_fields/", NEW).json()["field"] == "opt_2"


@pytest.mark.parametrize(
    ("changes", "culprit"),
    [
        ({"section": "cases"}, "section"),
        ({"type": "Poem"}, "type"),
        ({"label": ""}, "label"),
        ({"values": []}, "values"),
        ({"default": "Paris"}, "default"),
        ({"visible_when": {"x": 1}}, "visible_when"),
        ({"visible_when": "x"}, "visible_when"),
        ({"type": "Calculation", "values": [], "default": 5}, "default"),
        ({"type": "Calculation", "values": [], "required": True}, "default"),
        ({"order": -1}, "order"),
    ],
)
def test_odd_fields_are_refused(caller: Caller, changes: Any, culprit: str) -> None:
    answer = caller("POST", "custom_fields/", NEW | changes)
    assert set(assert_shape(answer, 400, "Invalid request")["fields"]) == {culprit}
    assert not CustomField.objects.exists()


def test_the_culprit_of_a_domain_rule_is_named_as_on_the_wire(caller: Caller) -> None:
    formula = {"operation": "difference", "of": ["closingtime", "openingtime"]}
    body = {"section": "incidents", "label": "A", "type": "Calculation", "default": formula}
    told = assert_shape(
        caller("POST", "custom_fields/", body | {"required": True}), 400, "Invalid request"
    )
    assert set(told["fields"]) == {"required"}
    assert caller("POST", "custom_fields/", body).json()["default"] == formula


@pytest.mark.parametrize("path", ["custom_fields/", "list_values/"])
def test_an_unknown_list_is_refused(caller: Caller, path: str) -> None:
    name = "section" if path == "custom_fields/" else "field"
    told = assert_shape(caller("GET", path, **{name: "cases"}), 400, "Invalid request")
    assert set(told["fields"]) == {name}


def test_list_values_share_one_space_of_ids(analyst: User) -> None:
    rows = Caller(analyst).get("list_values/")
    assert len({row["id"] for row in rows}) == len(rows) == 53
    statuses = Caller(analyst).get("list_values/", field="status")
    assert statuses[-1] == {
        "id": 9,
        "field": "status",
        "label": "Closed",
        "internal": True,
        "is_closed": True,
        "order": 9,
    }
    assert [row["is_closed"] for row in statuses].count(True) == 1


def test_more_of_them_need_no_more_queries(caller: Caller, as_administrator: Actor) -> None:
    paths = ("custom_fields/", "list_values/")
    few = [caller.queries(path) for path in paths]
    for number in range(4):
        caller("POST", "custom_fields/", NEW | {"label": f"F{number}"})
        add_list_value(as_administrator, field="status", label=f"S{number}")
    assert [caller.queries(path) for path in paths] == few
