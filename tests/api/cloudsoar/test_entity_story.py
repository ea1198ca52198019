"""Where an entity appears, what happened to it, what modules found out, and running them."""

from typing import Any

import pytest
from django.test import Client

from cases.models import Case
from incidents.models import Incident
from incidents.services.entities import delete_entity, lock_entity, set_verdict
from modules.models import Module, ModuleRun
from soar.core.actor import Actor
from soar.core.models import User
from tests.api.cloudsoar.answers import assert_shape
from tests.api.cloudsoar.entity_calls import (
    PATH,
    add_run,
    callable_module,
    client_of,
    send,
)
from tests.incidents.entity_cast import VALUE, put, the

pytestmark = pytest.mark.django_db
RED = "\N{LARGE RED CIRCLE}"


@pytest.fixture
def client(analyst: User) -> Client:
    """The analyst's client."""
    return client_of(analyst)


@pytest.fixture
def module(db: None) -> Module:
    """A module that analysts may call on indicators in two ways."""
    return callable_module()


# --- where it appears, and what happened


def test_the_incidents_of_an_entity_are_a_page(client: Client, as_analyst: Actor) -> None:
    row = put(as_analyst, 1)
    answer = client.get(f"{PATH}{row.ioc_id}/incidents/", {"page_size": 1})
    assert answer["X-Total-Count"] == "1"
    shown = answer.json()[0]
    assert (shown["id"], shown["incidentid"]) == (1, row.case.incident.reference)
    assert shown["description"] == row.case.name
    assert shown["status"] == row.case.state.list_value.label
    Incident.objects.filter(pk=1).update(reference=row.case.name)
    assert client.get(f"{PATH}{row.ioc_id}/incidents/").json()[0]["description"] == ""


def test_enrichments_are_what_successful_visible_runs_found(
    client: Client, as_analyst: Actor, as_outsider: Actor, outsider_case: Case, module: Module
) -> None:
    put(as_analyst, 1)
    put(as_outsider, outsider_case.pk)
    add_run(module)
    add_run(module, status=ModuleRun.Status.FAILURE)
    add_run(module, case_id=outsider_case.pk, message="hidden")
    add_run(module, targets=[{"type": "ioc", "id": 1}])
    assert client.get(f"{PATH}{the().pk}/").json()["enrichments"] == [
        {
            "source": "Lookup",
            "datetime": "2026-03-01T12:00:00Z",
            "result": {"message": "found", "changes": {"ioc_tags": "<b>x</b>"}},
        }
    ]


def test_reports_of_modules_are_sanitised(
    client: Client, as_analyst: Actor, module: Module
) -> None:
    put(as_analyst, 1)
    evil = "<p>x</p><script>alert(1)</script>"
    entry = {"kind": "ioc", "id": the().pk, "field": "custom_attributes", "new": {"a": [evil]}}
    add_run(module, applied=[entry], message=evil)
    text = client.get(f"{PATH}{the().pk}/").content.decode()
    assert "alert" not in text
    assert "<p>x</p>" in text


def test_the_timeline_tells_of_changes_and_runs_newest_first(
    client: Client, as_analyst: Actor, module: Module
) -> None:
    put(as_analyst, 1)
    set_verdict(as_analyst, the().pk, verdict="malicious")
    add_run(module)
    told = client.get(f"{PATH}{the().pk}/timeline/").json()
    kinds = [(step["category"], step["status"], step["incident"]) for step in told]
    assert kinds == [("action", "success", 1), ("change", None, None), ("change", None, 1)]
    assert told[1]["title"] == f'held "{VALUE}" for malicious'
    assert {step["created_by"] for step in told} == {"analyst"}
    short = client.get(f"{PATH}{the().pk}/timeline/", {"page_size": 1}).json()
    assert short == told[:1]


# --- actions


def test_an_action_queues_a_run_in_the_incident_that_holds_the_entity(
    client: Client, as_analyst: Actor, module: Module
) -> None:
    row = put(as_analyst, 1)
    answer = send(client, "POST", f"{row.ioc_id}/actions/", {"module": "lookup", "action": "Ask"})
    run = ModuleRun.objects.get()
    assert answer.status_code == 202
    assert (run.case_id, run.targets) == (1, [{"type": "ioc", "id": row.ioc_id}])
    assert [part["running_id"] for part in answer.json()] == [str(run.task_id)]
    assert (answer.json()[0]["action"], answer.json()[0]["status"]) == ("Ask", "pending")


def test_without_a_name_everything_a_module_offers_is_run(
    client: Client, as_analyst: Actor, module: Module
) -> None:
    row = put(as_analyst, 1)
    body = {"module": module.package, "incident_id": 1}
    assert send(client, "POST", f"{row.ioc_id}/actions/", body).status_code == 202
    assert sorted(ModuleRun.objects.values_list("ui_name", flat=True)) == ["Ask", "Ask again"]


@pytest.mark.parametrize(
    "body", [{"module": "nobody"}, {"module": "lookup", "action": "Sing"}, {"incident_id": 999}]
)
def test_an_unknown_module_hook_or_incident_is_missing(
    client: Client, as_analyst: Actor, module: Module, body: dict[str, Any]
) -> None:
    row = put(as_analyst, 1)
    answer = send(client, "POST", f"{row.ioc_id}/actions/", {"module": "lookup"} | body)
    assert_shape(answer, 404, "Not found")
    assert not ModuleRun.objects.exists()


def test_a_locked_or_deleted_entity_takes_no_action(
    client: Client, as_analyst: Actor, module: Module
) -> None:
    locked, gone = put(as_analyst, 1), put(as_analyst, 1, "203.0.113.9")
    lock_entity(as_analyst, locked.ioc_id)
    delete_entity(as_analyst, gone.ioc_id)
    for row in (locked, gone):
        answer = send(client, "POST", f"{row.ioc_id}/actions/", {"module": "lookup"})
        assert_shape(answer, 409, "Conflict")
    assert not ModuleRun.objects.exists()


def test_an_action_needs_an_incident_the_caller_may_write(
    client: Client, reader: User, as_analyst: Actor, module: Module
) -> None:
    row = put(as_analyst, 1)
    mine = send(client, "POST", "", {"type": "ipaddress", "value": "203.0.113.9"}).json()["id"]
    reading = client_of(reader)
    for one, pk in ((reading, row.ioc_id), (client, mine)):
        answer = send(one, "POST", f"{pk}/actions/", {"module": "lookup"})
        assert_shape(answer, 403, "Forbidden")
    assert not ModuleRun.objects.exists()
