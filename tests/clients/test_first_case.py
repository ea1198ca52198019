"""The script of the README, run with both published clients against a live server."""

from typing import Any

import pytest

from cases.models import Case, Event
from cases.models.lookups import CaseState
from tests.clients.published import ROOT, run_script

pytestmark = pytest.mark.slow
SCRIPT = ROOT / "docs" / "first_case.py"
LONGEST_LINES = 40
EXPORTED = {"evidences": 1, "timeline": 1, "iocs": 2, "assets": 1, "tasks": 1, "notes": 1}


@pytest.mark.parametrize("version", ["1.0.2", "2.0.4"])
def test_the_script_works_a_case_from_opening_to_closing(live_server: Any, version: str) -> None:
    done = run_script(version, SCRIPT, live_server.url)
    assert done.returncode == 0, done.stderr
    assert all(f"'{family}': {count}" in done.stdout for family, count in EXPORTED.items())
    case = Case.objects.latest("id")
    assert (case.name, case.state_id) == ("Phishing", CaseState.CLOSED)
    assert case.closed_on is not None
    assert list(Event.objects.get(case=case).assets.values_list("name", flat=True)) == ["WS-042"]


def test_the_readme_shows_the_script_as_it_is() -> None:
    script = SCRIPT.read_text(encoding="utf-8")
    assert script.strip() in (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(script.splitlines()) <= LONGEST_LINES
