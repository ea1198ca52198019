"""Triage events to play with."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from incidents.models import Alert, CustomField
from incidents.services.alerts import add_alert
from soar.api.cloudsoar.mounts import CURRENT
from soar.core.actor import Actor
from soar.core.models import User
from tests.http import bearer, token_of

PHISHING = 17


@pytest.fixture
def make_alert(as_analyst: Actor) -> Callable[..., Alert]:
    """Take in an event of customer 1: phishing from the mail gate, unless said otherwise."""

    def make(actor: Actor = as_analyst, **values: Any) -> Alert:
        return add_alert(actor, **{"type_id": PHISHING, "source": "mailgate", **values})[0]

    return make


@pytest.fixture
def alert(make_alert: Callable[..., Alert]) -> Alert:
    """A pending event of customer 1."""
    return make_alert(title="Urgent invoice", external_id="MG-1")


@pytest.fixture
def as_colleague(colleague: User) -> Actor:
    """The colleague acting."""
    return Actor.of(colleague, "cloudsoar")


@pytest.fixture
def triage_fields(db: None) -> list[CustomField]:
    """Custom fields: opt_1 and opt_2 of events, the first for filters; both labels also of incidents."""
    rows = [
        ("triage", 1, "Domain", True),
        ("triage", 2, "Subject", False),
        ("incidents", 1, "Affected site", False),
        ("incidents", 2, "Domain", False),
        ("incidents", 3, "Subject", False),
    ]
    return CustomField.objects.bulk_create(
        CustomField(section=section, number=n, label=label, type="Text", use_as_filter=is_filter)
        for section, n, label, is_filter in rows
    )


class Caller:
    """Sends JSON with the token of a user."""

    def __init__(self, user: User) -> None:
        self.client = Client(headers=bearer(token_of(user)), raise_request_exception=False)

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"{CURRENT}{path}", query)

    def send(self, method: str, path: str, **body: Any) -> Any:
        text = json.dumps(body)
        return self.client.generic(method, f"{CURRENT}{path}", text, "application/json")

    def post(self, path: str, **body: Any) -> Any:
        return self.send("POST", path, **body)


@pytest.fixture
def caller(analyst: User) -> Caller:
    """The analyst."""
    return Caller(analyst)


@pytest.fixture
def boss(administrator: User) -> Caller:
    """The administrator."""
    return Caller(administrator)
