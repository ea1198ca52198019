"""Two at once: one event per external ID, one owner, one incident."""

from collections.abc import Callable
from functools import partial

import pytest

from cases.models import Case
from incidents.models import Alert, Incident
from incidents.services.alerts import add_alert
from incidents.services.converting import convert_alert, merge_alert
from incidents.services.triage import discard_alert, grab_alert
from soar.core.actor import Actor
from soar.core.models import AuditLog
from tests.racing import at_once, errors
from tests.triage_cast import PHISHING

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 4


def test_an_event_sent_twice_at_once_is_one(as_analyst: Actor) -> None:
    for number in range(ROUNDS):
        given = {"type_id": PHISHING, "source": "gate", "external_id": f"E-{number}"}
        send = partial(add_alert, as_analyst, **given)  # type: ignore[arg-type]
        results = at_once(send, send, send)
        assert errors(results) == []
        assert sorted(is_new for _, is_new in results) == [False, False, True]
        assert len({alert.pk for alert, _ in results}) == 1
    assert AuditLog.objects.filter(action="alert.created").count() == ROUNDS


def test_an_event_is_grabbed_by_one(
    make_alert: Callable[..., Alert], as_analyst: Actor, as_colleague: Actor
) -> None:
    for _ in range(ROUNDS):
        pk = make_alert().pk
        results = at_once(*(partial(grab_alert, who, pk) for who in (as_analyst, as_colleague)))
        (lost,) = errors(results)
        assert lost.message == "Already grabbed"


def test_an_event_becomes_one_incident(
    make_alert: Callable[..., Alert], as_analyst: Actor, as_administrator: Actor
) -> None:
    for number in range(1, ROUNDS + 1):
        pk = make_alert().pk
        results = at_once(
            *(partial(convert_alert, who, pk) for who in (as_analyst, as_administrator))
        )
        (lost,) = errors(results)
        assert lost.message == "Already converted"
        (won,) = (one for one in results if isinstance(one, Incident))
        assert lost.details[0].endswith(f"{won.pk} ({won.reference}).")
        assert Case.objects.count() == 1 + number


def test_an_event_is_converted_or_discarded_or_merged_once(
    make_alert: Callable[..., Alert], as_analyst: Actor
) -> None:
    for _ in range(ROUNDS):
        pk = make_alert().pk
        results = at_once(
            partial(convert_alert, as_analyst, pk),
            partial(merge_alert, as_analyst, pk, incident_id=1),
            partial(discard_alert, as_analyst, pk),
        )
        assert len(errors(results)) == 2
