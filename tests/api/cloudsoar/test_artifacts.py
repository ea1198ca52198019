"""Artifacts and external alerts at the door (contract §4.3, §5 example 11)."""

from typing import Any

import pytest

from cases.models import CaseIoc
from incidents.models import Artifact, ExternalAlert
from soar.core.models import AuditLog, User
from tests.api.cloudsoar.answers import assert_shape
from tests.api.cloudsoar.asking import Asking

ARTIFACTS, ALERTS = "incidents/1/artifacts/", "incidents/1/external_alerts/"
DATA = {"rule": "Impossible travel", "user": "j.doe", "src": ["203.0.113.7", "198.51.100.23"]}


@pytest.fixture
def ask(analyst: User) -> Asking:
    """The analyst asking."""
    return Asking(analyst)


@pytest.mark.parametrize(
    ("field", "ioc_type"),
    [
        ("ipaddress", "ip-any"),
        (" Domain ", "domain"),
        ("userdetail", "account"),
        ("ip-src", "ip-src"),
    ],
)
def test_an_artifact_of_a_known_type_is_an_entity(ask: Asking, field: str, ioc_type: str) -> None:
    told = ask("POST", ARTIFACTS, {"field": field, "value": " 203.0.113.7 "}).json()
    row = CaseIoc.objects.select_related("ioc__type", "tlp").get(case=1, ioc=told["entity_id"])
    assert (row.ioc.value, row.ioc.type.name, row.tlp.name) == ("203.0.113.7", ioc_type, "amber")
    listed = ask("GET", ARTIFACTS).json()
    assert listed == [{name: value for name, value in told.items() if name != "entity_id"}]


def test_an_artifact_of_another_field_is_only_kept(ask: Asking) -> None:
    answer = ask("POST", ARTIFACTS, {"field": "subject", "value": "Invoice"})
    told = answer.json()
    assert answer.status_code == 201
    assert told | {"id": 0, "datetime": ""} == {
        "id": 0,
        "field": "subject",
        "value": "Invoice",
        "added_by": "analyst",
        "datetime": "",
        "entity_id": None,
    }
    assert AuditLog.objects.get(action="artifact.created").case_id == 1


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["field", "value"]),
        ({"field": " ", "value": "x"}, ["field"]),
        ({"field": "x", "value": " "}, ["value"]),
        ({"field": "x" * 201, "value": "x"}, ["field"]),
    ],
)
def test_bad_artifacts_change_nothing(ask: Asking, body: dict[str, Any], fields: list[str]) -> None:
    told = assert_shape(ask("POST", ARTIFACTS, body), 400, "Invalid request")
    assert list(told["fields"]) == fields
    assert not Artifact.objects.exists()


def test_the_documented_alert_gets_the_documented_answer(ask: Asking) -> None:
    answer = ask("POST", ALERTS, {"type": "Sumo Logic", "data": DATA})
    told = answer.json()
    assert answer.status_code == 201
    row = {"id": told["id"], "type": "Sumo Logic", "datetime": told["datetime"]}
    assert told == row | {"data": DATA}
    assert ask("GET", ALERTS).json() == [row]
    full = ask("GET", f"{ALERTS}{told['id']}/").json()
    assert full == told | {"name": "", "actions": [], "result": []}


def test_an_alert_is_found_only_under_its_type(ask: Asking) -> None:
    made = ask("POST", ALERTS, {"type": "Sumo Logic", "data": {}}).json()
    path = f"{ALERTS}{made['id']}/"
    assert ask("GET", f"{path}?type=Sumo%20Logic").status_code == 200
    for other in ("sumo", ""):
        assert_shape(ask("GET", f"{path}?type={other}"), 404, "Not found")


def test_the_audit_trail_does_not_hold_what_is_in_an_alert(ask: Asking) -> None:
    ask("POST", ALERTS, {"type": "x", "data": {"line": "s3cret"}})
    line = AuditLog.objects.get(action="external_alert.created")
    assert "s3cret" not in str([line.details, line.summary])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"data": {}}, "type"),
        ({"type": "", "data": {}}, "type"),
        ({"type": "x"}, "data"),
        ({"type": "x", "data": []}, "data"),
        ({"type": "x", "data": "text"}, "data"),
    ],
)
def test_bad_alerts_change_nothing(ask: Asking, body: dict[str, Any], field: str) -> None:
    told = assert_shape(ask("POST", ALERTS, body), 400, "Invalid request")
    assert list(told["fields"]) == [field]
    assert not ExternalAlert.objects.exists()


@pytest.mark.parametrize("path", [ARTIFACTS, ALERTS])
def test_lists_take_a_constant_number_of_queries(
    ask: Asking, django_assert_num_queries: Any, path: str
) -> None:
    ask("GET", path)
    for number in range(3):
        body = {"field": "x", "value": f"{number}", "type": "x", "data": {}}
        assert ask("POST", path, body).status_code == 201
        with django_assert_num_queries(4):
            ask("GET", path)
