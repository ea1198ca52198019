"""Reports at the door (contract §4.3): files to be saved, of three kinds."""

import json

import pytest

from cases.models import Case
from soar.core.models import User
from tests.api.cloudsoar.asking import Asking

REPORT = "incidents/1/report/"
KINDS = {
    "html": ("text/html; charset=utf-8", b"<!DOCTYPE html>"),
    "json": ("application/json", b'{"report":'),
    "csv": ("text/csv; charset=utf-8", b'\xef\xbb\xbf"section","id"'),
}


@pytest.fixture
def ask(analyst: User) -> Asking:
    """The analyst asking."""
    return Asking(analyst)


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_is_a_file_that_no_browser_shows(ask: Asking, kind: str) -> None:
    answer = ask("GET", f"{REPORT}?type={kind}")
    media, start = KINDS[kind]
    content = answer.getvalue()
    assert (answer.status_code, answer["Content-Type"]) == (200, media)
    assert answer["Content-Disposition"].startswith('attachment; filename="')
    assert answer["Content-Disposition"].split('"')[1].endswith(f"-report.{kind}")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert int(answer["Content-Length"]) == len(content)
    assert content.startswith(start)


def test_without_a_type_it_is_html(ask: Asking) -> None:
    assert ask("GET", REPORT)["Content-Type"] == KINDS["html"][0]


def test_another_type_is_refused_by_its_name(ask: Asking) -> None:
    answer = ask("GET", f"{REPORT}?type=pdf")
    assert answer.status_code == 400
    assert answer.json()["fields"] == {"type": ['"pdf" is not a valid choice.']}


def test_whoever_reads_the_incident_reads_its_report(reader: User, outsider_case: Case) -> None:
    ask = Asking(reader)
    told = json.loads(ask("GET", f"{REPORT}?type=json").getvalue())
    assert told["report"]["created_by"] == "reader"
    hidden = ask("GET", f"incidents/{outsider_case.pk}/report/")
    missing = ask("GET", "incidents/999999/report/")
    assert (hidden.status_code, hidden.json()) == (missing.status_code, missing.json())
    assert hidden.status_code == 404
