"""The list of modules, the kill switch, and who may see any of it."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from modules.models import Module, ModuleRun, ModuleSwitch
from modules.services.registry import set_paused
from modules.services.watching import warnings
from soar.core.actor import Actor
from soar.core.models import AuditLog
from tests.admin.conftest import World, add_run, last_audit, shown, url
from tests.modules.rows import add_row

LIST, RUNS = reverse("admin:modules_module_changelist"), "/admin/modules/modulerun/"
SWITCH = reverse("admin:modules_module_switch")
ACTIONS = (
    "check",
    "enable",
    "disable",
    "reset",
    "parameters",
    "limits",
    "export",
    "import",
    "try",
)
Status = ModuleRun.Status


def action(module: Module, name: str) -> str:
    return reverse(f"admin:modules_module_{name}", args=[module.pk])


def test_the_list_tells_state_version_last_run_and_success(browser: Client, played: Module) -> None:
    Module.objects.filter(pk=played.pk).update(state="broken", state_reason="It lost its way")
    add_run(played, status=Status.SUCCESS)
    last = add_run(played, status=Status.FAILURE)
    page = browser.get(LIST)
    row = (
        "Lookup",
        "played",
        "broken",
        "It lost its way",
        "1.0",
        "failure",
        "50\N{NO-BREAK SPACE}% of 2",
    )
    assert all(text in page.content.decode() for text in row)
    assert url(last) in page.content.decode()


def test_success_counts_the_last_hundred_that_ended_well_or_badly(
    browser: Client, played: Module
) -> None:
    for status in [Status.FAILURE] * 50 + [Status.SUCCESS] * 97 + [Status.TIMEOUT, Status.DIED]:
        add_run(played, status=status)
    for status in (Status.SKIPPED, Status.CANCELLED, Status.PENDING):
        add_run(played, status=status)
    page = browser.get(LIST).content.decode()
    assert "97\N{NO-BREAK SPACE}% of 100" in page


def test_the_list_takes_a_constant_number_of_queries(browser: Client, played: Module) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(LIST).status_code == 200
        return len(captured)

    add_run(played)
    few = queries()
    for number in range(5):
        add_run(add_row(f"another_{number}"))
        add_run(played)
    assert queries() == few


def test_a_module_page_shows_its_last_runs_and_subscriptions(
    browser: Client, played: Module, world: World
) -> None:
    runs = [add_run(played, message=f"run number {n}") for n in range(22)]
    page = browser.get(url(played))
    text = shown(page)
    assert all(f"run number {n}" in text for n in range(2, 22))
    assert "run number 1 " not in text
    assert url(runs[-1]) in page.content.decode()
    assert "on_manual_trigger_ioc" in text
    assert "Look it up" in text


def test_what_is_recorded_of_a_module_is_on_its_history(browser: Client, played: Module) -> None:
    browser.post(action(played, "disable"))
    assert "disabled module Lookup" in shown(browser.get(url(played, "history")))


def test_a_module_that_is_gone_is_explained(browser: Client, db: None) -> None:
    answer = browser.get("/admin/modules/module/4242/change/", follow=True)
    assert "4242" in shown(answer)
    assert browser.post("/admin/modules/module/4242/check/").status_code == 302
    assert browser.get(f"/admin/modules/module/{'9' * 30}/change/").status_code == 302


# --- who may


@pytest.mark.parametrize("who", ["analyst", "reader", "outsider", "guest"])
def test_only_administrators_see_or_touch_modules(
    request: pytest.FixtureRequest, console: Any, played: Module, who: str
) -> None:
    client = console(request.getfixturevalue(who))
    before = AuditLog.objects.count()
    pages = [LIST, url(played), url(played, "add"), url(played, "history"), url(played, "delete")]
    posts = [*(action(played, name) for name in ACTIONS), SWITCH, url(played, "add"), url(played)]
    data = {"pause": "1", "reason": "x", "post": "yes"}
    answers = [client.get(page) for page in pages]
    answers += [client.post(page, data) for page in (*posts, url(played, "delete"))]
    assert {answer.status_code for answer in answers} <= {302, 403}  # to the log-in or away
    assert not any("Lookup" in shown(client.get(page, follow=True)) for page in pages)
    assert AuditLog.objects.count() == before
    assert Module.objects.filter(pk=played.pk).exists()


def test_nobody_sees_modules_without_logging_in(played: Module) -> None:
    client = Client()
    for page in (LIST, url(played), action(played, "export"), SWITCH):
        assert client.post(page)["Location"].startswith("/admin/login/")


def test_every_button_needs_the_token_of_a_page(administrator: Any, played: Module) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(administrator, "soar.core.backends.ConsoleBackend")
    pages = [*(action(played, name) for name in ACTIONS), SWITCH, url(played, "add")]
    assert {client.post(page).status_code for page in pages} == {403}


def test_looking_at_the_address_of_a_button_does_nothing(browser: Client, played: Module) -> None:
    before = AuditLog.objects.count()
    for page in [*(action(played, name) for name in ACTIONS), SWITCH]:
        assert browser.get(page).status_code == 302
    assert AuditLog.objects.count() == before


def test_a_page_refuses_to_be_posted_to(browser: Client, played: Module) -> None:
    assert browser.post(url(played), {"human_name": "Mine"}).status_code == 403


# --- the kill switch and the warnings


def test_all_modules_are_paused_with_a_reason_and_resumed(browser: Client, db: None) -> None:
    page = browser.post(SWITCH, {"pause": "1", "reason": "Storm"}, follow=True)
    assert "All modules are paused" in shown(page)
    assert (last_audit("modules.paused").details["after"]["reason"]) == "Storm"
    assert ModuleSwitch.objects.get().is_paused
    page = browser.post(SWITCH, {"resume": "1"}, follow=True)
    assert "All modules are paused" not in shown(page)
    assert not ModuleSwitch.objects.get().is_paused


@pytest.mark.parametrize("reason", ["", "  ", "\0"])
def test_pausing_wants_a_reason(browser: Client, db: None, reason: str) -> None:
    page = browser.post(SWITCH, {"pause": "1", "reason": reason}, follow=True)
    assert "Say why" in shown(page)
    assert not ModuleSwitch.objects.exists()


def test_everybody_sees_that_modules_are_paused(
    console: Any, analyst: Any, as_administrator: Actor, played: Module, world: World
) -> None:
    set_paused(as_administrator, is_paused=True, reason="Storm & rain")
    client = console(analyst)
    for page in (RUNS, url(world.case_ioc)):
        text = shown(client.get(page))
        assert "All modules are paused" in text
        assert "Storm & rain" in text
        assert "Resume" not in text


def test_administrators_are_warned_on_the_first_page_and_the_lists(
    browser: Client, as_administrator: Actor, played: Module
) -> None:
    Module.objects.filter(pk=played.pk).update(state="broken", state_reason="It lost its way")
    told = warnings()
    assert "Module Lookup is broken: It lost its way" in told
    for page in ("/admin/", LIST, RUNS):
        text = shown(browser.get(page))
        assert all(line in text for line in told)
    set_paused(as_administrator, is_paused=True, reason="Storm")
    assert "Modules are paused since" in shown(browser.get("/admin/"))


def test_others_are_not_warned(console: Any, analyst: Any, played: Module) -> None:
    Module.objects.filter(pk=played.pk).update(state="broken", state_reason="It lost its way")
    for page in ("/admin/", RUNS):
        assert "It lost its way" not in shown(console(analyst).get(page))
