"""The suites published with dfir-iris-client 1.0.2 and 2.0.4, run against a live server."""

from pathlib import Path
from typing import Any

import pytest

from modules.services.registry import add_module
from soar.core.actor import Actor
from soar.core.models import User
from soar.core.services.users import add_user
from tests.cast import PASSWORD
from tests.clients.later import expected_failures, is_about_alerts
from tests.clients.published import run_suite

pytestmark = pytest.mark.slow
# Defects of the suite itself: what fails, and why it must.
DEFECTS_102 = {
    "test_case.test_delete_note_invalid_cid": "expects `invalid case id`; contract §1.4 and client "
    "2.0.4 want `Permission denied`, which tells nobody whether the case exists",
}
SIZE_102, SIZE_204 = 112, 317
MUST_PASS_204 = {
    "test_case",
    "test_admin",
    "test_customer",
    "test_asset_type",
    "test_ioc_types",
    "test_task_status",
    "test_analysis_status",
    "test_tlps",
    "test_event_categories",
    "test_compromise_status",
    "test_case_classifications",
    "test_alert_status",
    "test_global_search",
}


def failed(outcomes: dict[str, str]) -> set[str]:
    """Return the tests that did not pass."""
    return {name for name, outcome in outcomes.items() if outcome != "passed"}


def unnamed(outcomes: dict[str, str], names: set[str]) -> dict[str, str]:
    """Return the outcomes that differ from what the names say, with the complaint."""
    return {name: outcomes.get(name, "missing") for name in failed(outcomes) ^ names}


def test_of_the_suite_of_1_0_2_only_its_own_defects_fail(live_server: Any, tmp_path: Path) -> None:
    administrator = Actor.of(User.objects.get(pk=1), "iris")
    person = {"login": "user01", "name": "User 01", "email": "user01@example.org"}
    add_user(administrator, **person, password=PASSWORD)
    outcomes = run_suite("1.0.2", live_server.url, tmp_path)
    assert len(outcomes) == SIZE_102
    assert unnamed(outcomes, set(DEFECTS_102)) == {}


def test_of_the_suite_of_2_0_4_only_what_later_issues_serve_fails(
    live_server: Any, tmp_path: Path
) -> None:
    # The suite calls the check module of IRIS, which ours stands for once it is active (contract §7.4).
    add_module(Actor.of(User.objects.get(pk=1), "iris"), "watchfloor_check")
    outcomes = run_suite("2.0.4", live_server.url, tmp_path)
    assert len(outcomes) == SIZE_204
    alerts = {name for name in outcomes if is_about_alerts(name)}
    assert unnamed(outcomes, expected_failures() | alerts) == {}
    passed = {name.partition(".")[0] for name in set(outcomes) - failed(outcomes)}
    assert passed >= MUST_PASS_204
