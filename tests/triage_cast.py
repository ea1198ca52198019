"""Triage events to play with."""

from collections.abc import Callable
from typing import Any

import pytest

from incidents.models import Alert, CustomField
from incidents.services.alerts import add_alert
from soar.core.actor import Actor
from soar.core.models import User

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
