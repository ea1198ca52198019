"""The demonstration data set."""

import json
from collections import Counter

import pytest
from django.db.models import Count
from django.test import Client

from cases.models import Asset, Case, CaseIoc, Customer, Event, Evidence, Note, Task
from incidents.models import Alert, ListField, ListValue
from incidents.services.demo import DIRECTORY, load_demo
from incidents.services.demo_triage import DATA
from iocs.models import Ioc
from soar.core.actor import Actor
from soar.core.models import AuditLog, User
from tests.http import bearer, token_of

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def demo(for_module: Actor) -> int:
    """The number of cases, loaded once."""
    return load_demo()


def test_every_case_holds_everything(demo: int) -> None:
    assert demo == 10
    full = [json.loads(path.read_text())["soc_id"] for path in DIRECTORY.glob("[0-9]*.json")]
    cases = Case.objects.filter(incident__reference__in=full)
    assert cases.count() == 10
    for model in (Asset, CaseIoc, Event, Evidence, Note, Task):
        assert model.objects.filter(case__in=cases).values("case").distinct().count() == 10
    assert not Case.objects.exclude(pk=Case.INITIAL).filter(incident=None).exists()


def test_some_indicators_are_shared_and_some_cases_closed(demo: int) -> None:
    shared = Ioc.objects.annotate(cases=Count("case_iocs")).filter(cases__gt=1)
    assert shared.count() >= 4
    assert Case.objects.exclude(closed_on=None).count() == 2


def test_the_documented_requests_find_the_fields_and_templates_they_name(
    demo: int, administrator: User
) -> None:
    client = Client(headers=bearer(token_of(administrator)))
    templates = client.get("/api/csoar/v3/incident_templates/").json()
    assert len(templates) == 4
    fields = {"description": "", "opt_2": "INSIGHT-28592", "type": ["Incident Management"]}
    body = {"name": "INSIGHT-28592", "incident_type": {"id": templates[3]["id"]}, "fields": fields}
    new = {"type": "Phishing", "source": "mailgate", "external_id": "MG-99183", "opt_1": "a.b"}
    for path, sent in (("incidents", body), ("triage", new)):
        answer = client.post(f"/api/csoar/v3/{path}", sent, content_type="application/json")
        assert answer.status_code == 201, answer.content


def test_there_is_an_incident_in_every_state(demo: int) -> None:
    listed = ListValue.objects.filter(field=ListField.STATUS).values_list("case_state", flat=True)
    assert set(listed) == set(Case.objects.values_list("state", flat=True))
    assert Case.objects.get(incident__reference="SOC-2057").deleted_at is not None
    again = AuditLog.objects.get(action="case.reopened")
    reopened = Case.objects.get(pk=again.case_id)
    assert (reopened.closed_at, bool(reopened.closing_note)) == (None, True)
    types = Case.objects.exclude(incident__types=None)
    assert types.filter(incident__generated_by="").exists()


def test_a_second_load_changes_nothing(demo: int) -> None:
    before = AuditLog.objects.count()
    assert load_demo() == 0
    assert AuditLog.objects.count() == before
    assert Customer.objects.count() == 3


def test_the_queue_has_sixty_events_in_every_state(demo: int) -> None:
    counts = Counter(Alert.objects.values_list("state", flat=True))
    assert counts == {"pending": 23, "grabbed": 11, "discarded": 10, "converted": 16}
    statuses = set(Alert.objects.values_list("status__name", flat=True))
    assert statuses == {"New", "Assigned", "Closed", "Merged", "Escalated"}


def test_what_was_sent_twice_is_one_event_and_look_alikes_are_two(demo: int) -> None:
    assert len(json.loads(DATA.read_text(encoding="utf-8"))) > Alert.objects.count()
    alike = Alert.objects.values("customer", "source", "title").annotate(number=Count("pk"))
    assert alike.filter(number__gt=1).count() >= 5


def test_some_events_joined_the_cases_of_the_demonstration(demo: int) -> None:
    joined = Alert.objects.filter(status__name="Merged", incident__generated_by="")
    assert joined.values("incident").distinct().count() >= 5
    assert joined.exclude(incident__external_alerts=None).count() == joined.count()
