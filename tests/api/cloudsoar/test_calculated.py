"""Calculated custom fields in the answers of incidents, events and tasks."""

import json
from typing import Any

import pytest
from django.test import Client

from incidents.models import CustomField
from soar.api.cloudsoar.mounts import CURRENT
from soar.core.models import User
from tests.http import bearer, token_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def soar(administrator: User) -> Any:
    """Send a request as the administrator and return the body of its answer."""
    client = Client(headers=bearer(token_of(administrator)))

    def send(method: str, path: str, **body: Any) -> Any:
        kind = "application/json"
        answer = client.generic(method, f"{CURRENT}{path}", json.dumps(body), kind)
        assert answer.status_code < 300, answer.content
        return answer.json()

    return send


def add_span(section: str, *names: str) -> None:
    """Add a field that is the seconds between two others."""
    CustomField.objects.create(
        section=section,
        number=7,
        label="Span",
        type=CustomField.Type.CALCULATION,
        default={"operation": "difference", "of": list(names)},
    )


def test_an_incident_shows_what_is_calculated(soar: Any) -> None:
    add_span("incidents", "endtime", "starttime")
    times = {"starttime": "2025-03-04T08:00:00Z", "endtime": "2025-03-04T09:00:00Z"}
    made = soar("POST", "incidents/", fields={"description": "Late", **times})
    assert made["opt_7"] == {"name": "Span", "value": 3600}
    assert soar("GET", f"incidents/{made['id']}/?flat=true")["opt_7"] == 3600
    found = soar("POST", "incidents/search/", columns=["opt_7"], filter="Late")
    assert found == [{"id": made["id"], "opt_7": 3600}]


def test_an_event_shows_what_is_calculated(soar: Any) -> None:
    add_span("triage", "created_at", "created_at")
    made = soar("POST", "triage/", type="Phishing")
    assert soar("GET", f"triage/{made['id']}/")["opt_7"] == {"name": "Span", "value": 0}


def test_a_task_shows_what_is_calculated(soar: Any) -> None:
    add_span("tasks", "percentage", "percentage")
    made = soar("POST", "incidents/1/tasks/", title="Look", percentage=30)
    assert made["opt_7"] == 0
    assert soar("GET", "incidents/1/tasks/")[-1]["opt_7"] == 0


def test_a_value_of_a_removed_field_is_not_shown(soar: Any) -> None:
    add_span("tasks", "percentage", "percentage")
    made = soar("POST", "incidents/1/tasks/", title="Look")
    CustomField.objects.update(removed_at="2025-03-04T08:00:00Z")
    assert "opt_7" not in soar("GET", f"incidents/1/tasks/{made['id']}/")
