"""`incident_templates/` over the wire (contract §3.9, §4.7)."""

from typing import Any

import pytest
from django.test import Client

from incidents.models import IncidentTemplate
from incidents.services.templates import add_template
from soar.api.cloudsoar.mounts import LEGACY
from soar.core.actor import Actor
from soar.core.models import User
from tests.api.cloudsoar.answers import assert_shape
from tests.api.cloudsoar.callers import Caller
from tests.http import bearer, token_of

pytestmark = pytest.mark.django_db
NEW = {
    "name": "Account compromise",
    "category": "Identity",
    "tags": ["identity"],
    "fields": {"type": [20], "status": 1, "restriction": 14, "owner": {"group": 2}},
    "description": "<p>Somebody else uses an account.</p>",
    "playbooks": [],
    "investigators": [{"user": 1, "role": "Lead"}],
    "notes": [{"title": "Checklist", "additional_info": "<ul><li>Call</li></ul>"}],
    "label_id": 1,
    "folder_id": None,
}


@pytest.fixture
def caller(administrator: User) -> Caller:
    """The administrator."""
    return Caller(administrator)


def test_a_template_is_added_and_shown_as_it_was_given(caller: Caller, analyst: User) -> None:
    answer = caller("POST", "incident_templates/", NEW)
    made = answer.json()
    assert (answer.status_code, made) == (201, NEW | {"id": made["id"]})
    reader = Caller(analyst)
    assert reader.get("incident_templates/") == [made]
    assert reader.get(f"incident_templates/{made['id']}/") == made


def test_labels_of_list_values_become_ids(caller: Caller) -> None:
    body = {"name": "T", "tags": "a, b", "fields": {"type": "Phishing", "restriction": "HIGH"}}
    made = caller("POST", "incident_templates/", body).json()
    assert (made["fields"], made["tags"]) == ({"type": [17], "restriction": 14}, ["a", "b"])


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_template_changes_in_part(caller: Caller, method: str) -> None:
    made = caller("POST", "incident_templates/", NEW).json()
    path = f"incident_templates/{made['id']}/"
    changed = caller(method, path, {"fields": {"status": 3}, "label_id": None}).json()
    assert changed == made | {"fields": {"status": 3}, "label_id": None}
    assert caller("DELETE", path).status_code == 204
    assert_shape(caller("GET", path), 404, "Not found")


@pytest.mark.parametrize(
    ("body", "culprit"),
    [
        ({}, "name"),
        ({"name": "T", "fields": [1]}, "fields"),
        ({"name": "T", "fields": {"nonsense": 1, "status": 1}}, "fields.nonsense"),
        ({"name": "T", "fields": {"opt_9": 1}}, "fields.opt_9"),
        ({"name": "T", "playbooks": [{"id": 1}]}, "playbooks"),
        ({"name": "T", "notes": ["x"]}, "notes"),
        ({"name": "T", "notes": [{}]}, "notes"),
        ({"name": "T", "investigators": [{"user": 999_999}]}, "investigators"),
        ({"name": "T", "label_id": 999_999}, "label_id"),
        ({"name": "T", "folder_id": 2**62}, "folder_id"),
    ],
)
def test_odd_templates_are_refused(caller: Caller, body: Any, culprit: str) -> None:
    told = assert_shape(caller("POST", "incident_templates/", body), 400, "Invalid request")
    assert [name.removesuffix(".0") for name in told["fields"]] == [culprit]
    assert not IncidentTemplate.objects.exists()


def test_rich_text_is_stored_as_it_came_and_shown_harmless(caller: Caller) -> None:
    evil = "<p onclick='x()'>a</p><script>alert(1)</script>"
    body = {
        "name": "T",
        "description": evil,
        "fields": {"additional_info": evil},
        "notes": [{"title": "N", "additional_info": evil}],
    }
    made = caller("POST", "incident_templates/", body).json()
    shown = (made["description"], made["fields"], made["notes"][0]["additional_info"])
    assert shown == ("<p>a</p>", {"additional_info": "<p>a</p>"}, "<p>a</p>")
    stored = IncidentTemplate.objects.get()
    assert (stored.description, stored.notes[0]["additional_info"]) == (evil, evil)


def test_more_templates_need_no_more_queries(caller: Caller, as_administrator: Actor) -> None:
    few = caller.queries("incident_templates/")
    for number in range(5):
        add_template(as_administrator, name=f"T{number}", label_id=1, folder_id=1)
    assert caller.queries("incident_templates/") == few


def test_a_form_makes_a_template_as_well(administrator: User) -> None:
    client = Client(headers=bearer(token_of(administrator)))
    form = {
        "name": "T",
        "tags": "a,b",
        "fields[type][]": "Phishing",
        "fields[owner]": "1",
        "fields.inhibit_phases": "on",
        "label_id": "1",
    }
    answer = client.post(f"{LEGACY}incident_templates", form)
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert made["fields"] == {"type": [17], "owner": 1, "inhibit_phases": True}
    assert (made["tags"], made["label_id"]) == (["a", "b"], 1)
