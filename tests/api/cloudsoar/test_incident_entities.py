"""Entities of an incident at the door (contract §4.3, §4.8)."""

from typing import Any

import pytest

from cases.models import Case, CaseIoc
from cases.services.iocs import add_ioc
from incidents.models import FavoriteIoc
from incidents.services.incidents import open_incident
from iocs.models import Ioc, IocType
from soar.api.cloudsoar.entity_types import ENTITY_TYPES, entity_type_of, ioc_type_of
from soar.core.actor import Actor
from soar.core.models import User
from tests.api.cloudsoar.answers import assert_shape
from tests.api.cloudsoar.asking import Asking

ENTITIES = "incidents/1/entities/"
BODY = {
    "type": "ipaddress",
    "value": " 203.0.113.7 ",
    "tag": "proxy, eu",
    "additional_info": "<b>Seen</b><script>x</script>",
}


@pytest.fixture
def ask(analyst: User) -> Asking:
    """The analyst asking."""
    return Asking(analyst)


def test_an_entity_is_put_into_an_incident(ask: Asking) -> None:
    answer = ask("POST", ENTITIES, BODY)
    told = answer.json()
    assert answer.status_code == 201
    assert told | {"id": 0, "datetime": ""} == {
        "id": 0,
        "value": "203.0.113.7",
        "type": "ipaddress",
        "tag": [{"value": "proxy"}, {"value": "eu"}],
        "additional_info": "<b>Seen</b>",
        "threat_indicator": "none",
        "related_incidents_count": 1,
        "favorite": False,
        "locked": False,
        "deleted": False,
        "added_by": "analyst",
        "datetime": "",
    }
    assert CaseIoc.objects.get(case=1, ioc=told["id"]).tlp.name == "amber"
    assert told in ask("GET", ENTITIES).json()


def test_one_that_is_here_already_is_answered_as_it_is(ask: Asking) -> None:
    made = ask("POST", ENTITIES, BODY).json()
    again = ask("POST", ENTITIES, BODY | {"tag": "other"})
    assert (again.status_code, again.json()) == (200, made)


def test_a_known_entity_is_linked_by_its_id(ask: Asking, analyst: User, as_analyst: Actor) -> None:
    other = open_incident(as_analyst, name="Other", customer_id=1)
    row, _ = add_ioc(as_analyst, other.pk, type_id=20, tlp_id=2, value="evil.example")
    FavoriteIoc.objects.create(user=analyst, ioc=row.ioc)
    told = ask("POST", ENTITIES, {"entity_id": row.ioc_id}).json()
    assert (told["id"], told["value"], told["tag"]) == (row.ioc_id, "evil.example", [])
    assert (told["related_incidents_count"], told["favorite"]) == (2, True)


def test_an_entity_of_a_hidden_incident_is_unknown(
    ask: Asking, as_outsider: Actor, outsider_case: Case
) -> None:
    row, _ = add_ioc(as_outsider, outsider_case.pk, type_id=20, tlp_id=2, value="hidden.example")
    answers = [ask("POST", ENTITIES, {"entity_id": pk}) for pk in (row.ioc_id, 999_999)]
    assert answers[0].json() == answers[1].json()
    assert_shape(answers[0], 400, "Invalid request")
    told = ask("POST", ENTITIES, {"type": "domain", "value": "hidden.example"})
    assert (told.status_code, told.json()["related_incidents_count"]) == (201, 1)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["type", "value"]),
        ({"type": "domain", "value": " "}, ["value"]),
        ({"type": "planet", "value": "x"}, ["type"]),
        ({"entity_id": "x"}, ["entity_id"]),
        ({"type": "domain", "value": "x", "tag": [[1]]}, ["tag.0"]),
    ],
)
def test_bad_entities_change_nothing(ask: Asking, body: dict[str, Any], fields: list[str]) -> None:
    told = assert_shape(ask("POST", ENTITIES, body), 400, "Invalid request")
    assert list(told["fields"]) == fields
    assert not Ioc.objects.filter(value="x").exists()


def test_an_entity_is_taken_out_of_this_incident_only(ask: Asking, as_analyst: Actor) -> None:
    other = open_incident(as_analyst, name="Other", customer_id=1)
    for case_id in (1, other.pk):
        row, _ = add_ioc(as_analyst, case_id, type_id=20, tlp_id=2, value="evil.example")
    path = f"{ENTITIES}{row.ioc_id}/"
    assert [ask("DELETE", path).status_code for _ in range(2)] == [204, 404]
    assert list(CaseIoc.objects.filter(ioc=row.ioc_id).values_list("case", flat=True)) == [other.pk]


def test_every_type_of_the_contract_is_a_type_of_indicator(db: None) -> None:
    for name in ENTITY_TYPES:
        assert entity_type_of(ioc_type_of(name).name) == name
    other = IocType.objects.get(name="yara")
    assert (entity_type_of("yara"), ioc_type_of("YARA")) == ("yara", other)


def test_a_list_takes_a_constant_number_of_queries(
    ask: Asking, django_assert_num_queries: Any
) -> None:
    ask("GET", ENTITIES)
    for number in range(3):
        ask("POST", ENTITIES, BODY | {"value": f"203.0.113.{number}"})
        with django_assert_num_queries(3) as found:
            ask("GET", ENTITIES)
        assert len(found) == 3
