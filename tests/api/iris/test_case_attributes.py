"""Custom attributes of cases: the administrators' structure, filled by requests."""

from typing import Any

import pytest

from cases.models import Case
from cases.services.lookups import define_attributes
from soar.core.actor import Actor
from tests.api.iris.answers import data_of
from tests.api.iris.test_cases import add
from tests.http import ApiClient


@pytest.fixture
def defined(as_administrator: Actor) -> None:
    """Cases have a tab Scope with two fields."""
    fields = {
        name: {"type": "input_string", "mandatory": False, "value": ""}
        for name in ("Site", "Owner")
    }
    define_attributes(as_administrator, 7, content={"Scope": fields})


def test_known_attributes_are_filled_and_unknown_ones_ignored(
    api_analyst: ApiClient, defined: None
) -> None:
    given = {"Scope": {"Site": "Berlin", "Nope": 1}, "Test": {"Test": "Test"}}
    data = data_of(add(api_analyst, custom_attributes=given), "Case created")
    site = {"type": "input_string", "mandatory": False, "value": "Berlin"}
    assert data["custom_attributes"] == {"Scope": {"Site": site, "Owner": site | {"value": ""}}}


@pytest.mark.parametrize(
    "given", [{}, {"Test": {"Test": "Test"}}, {"Scope": "text"}, {"Scope": []}]
)
def test_any_object_gives_the_structure(
    api_analyst: ApiClient, defined: None, given: dict[str, Any]
) -> None:
    data = data_of(add(api_analyst, custom_attributes=given), "Case created")
    assert list(data["custom_attributes"]) == ["Scope"]


@pytest.mark.parametrize("given", [{}, {"custom_attributes": None}])
def test_without_attributes_the_stored_value_is_null(
    api_analyst: ApiClient, defined: None, given: dict[str, Any]
) -> None:
    assert data_of(add(api_analyst, **given), "Case created")["custom_attributes"] is None


def test_an_update_keeps_the_attributes_it_does_not_name(
    api_analyst: ApiClient, defined: None
) -> None:
    for values in ({"Site": "Berlin"}, {"Owner": "Ann"}):
        api_analyst.post("/manage/cases/update/1", {"custom_attributes": {"Scope": values}})
    stored = Case.objects.get(pk=1).custom_attributes["Scope"]
    assert {name: field["value"] for name, field in stored.items()} == {
        "Site": "Berlin",
        "Owner": "Ann",
    }
