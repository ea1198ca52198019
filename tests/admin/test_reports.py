"""Reports in the console: a control on the page of an incident, for whoever sees the incident."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from cases.models import Case
from incidents.models import Incident
from soar.core.models import User
from tests.admin.conftest import url

KINDS = ("html", "json", "csv")


def address(kind: str, pk: object) -> str:
    """Return the address of a report."""
    return reverse(f"admin:incidents_incident_report_{kind}", args=[pk])


def test_the_page_of_an_incident_offers_its_reports(browser: Client) -> None:
    page = browser.get(url(Incident.objects.get(pk=1))).content.decode()
    assert all(address(kind, 1) in page for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_is_saved_by_whoever_sees_the_incident(
    console: Callable[[User], Client], reader: User, kind: str
) -> None:
    answer = console(reader).get(address(kind, 1))
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment; ")
    assert answer["Content-Security-Policy"].startswith("sandbox; ")
    assert len(answer.getvalue()) > 100


def test_nobody_else_gets_one(
    console: Callable[[User], Client], analyst: User, guest: User, outsider_case: Case
) -> None:
    for pk in (outsider_case.pk, 999_999, "x", "1_2F"):
        assert console(analyst).get(address("html", pk)).status_code == 404
    assert console(guest).get(address("html", 1)).status_code in (302, 403)
    assert Client().get(address("html", 1)).status_code == 302
