"""The demonstration data set."""

import pytest
from django.db.models import Count

from cases.models import Asset, Case, CaseIoc, Customer, Event, Evidence, Note, Task
from incidents.services.demo import load_demo
from iocs.models import Ioc
from soar.core.models import AuditLog


@pytest.fixture
def demo(db: None) -> int:
    """The number of cases loaded."""
    return load_demo()


def test_every_case_holds_everything(demo: int) -> None:
    assert demo == 10
    cases = Case.objects.exclude(pk=Case.INITIAL)
    assert cases.count() == 10
    for model in (Asset, CaseIoc, Event, Evidence, Note, Task):
        assert model.objects.filter(case__in=cases).values("case").distinct().count() == 10
    assert not Case.objects.exclude(pk=Case.INITIAL).filter(incident=None).exists()


def test_some_indicators_are_shared_and_some_cases_closed(demo: int) -> None:
    shared = Ioc.objects.annotate(cases=Count("case_iocs")).filter(cases__gt=1)
    assert shared.count() >= 4
    assert Case.objects.exclude(closed_on=None).count() == 3


def test_a_second_load_changes_nothing(demo: int) -> None:
    before = AuditLog.objects.count()
    assert load_demo() == 0
    assert AuditLog.objects.count() == before
    assert Customer.objects.count() == 3
