"""Panels under objects: what modules did to them, reports made harmless, running a module by hand."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cases.models import CaseIoc
from modules.models import HookSubscription, Module, ModuleRun
from soar.core.models import AuditLog, User
from tests.admin.conftest import World, add_run, last_audit, shown, url
from tests.modules.rows import add_row, subscribe

REQUEST = reverse("admin:modules_modulerun_request")
KINDS = ("case", "asset", "ioc", "note", "event", "task", "evidence")
HOSTILE = (
    "<h1>Report</h1><script>document.title = 'taken'</script>"
    '<img src="/static/none.png" onerror="document.title = \'taken\'">'
    '<a href="javascript:void(0)" onclick="x()">here</a><iframe src="//evil.example"></iframe>'
    '<form action="//evil.example"><input name="password"></form><p style="position:fixed">fine</p>'
)
LIVE = re.compile(r"(?i)taken|onerror|onclick|javascript:|<iframe|evil\.example|position:fixed")


def object_of(world: World, kind: str) -> Any:
    """Return the row whose page shows an object of a kind."""
    return (
        world.asset.case
        if kind == "case"
        else getattr(world, "case_ioc" if kind == "ioc" else kind)
    )


def wire_id(obj: Any) -> int:
    return obj.ioc_id if isinstance(obj, CaseIoc) else obj.pk


@pytest.fixture
def offered(world: World) -> dict[str, HookSubscription]:
    """A module that analysts may call on every kind of object."""
    module = add_row()
    return {
        kind: subscribe(module, f"on_manual_trigger_{kind}", f"Scan the {kind}") for kind in KINDS
    }


def call(
    client: Client, subscription: HookSubscription, kind: str, obj: Any, more: Any = None
) -> Any:
    case_id = obj.pk if kind == "case" else obj.case_id
    data = {"kind": kind, "object": wire_id(obj), "case": case_id, "subscription": subscription.pk}
    return client.post(REQUEST, data | (more or {}), follow=True)


@pytest.mark.parametrize("kind", KINDS)
def test_pages_show_what_ran_and_what_may_run(
    console: Any, analyst: User, world: World, offered: Any, kind: str
) -> None:
    obj = object_of(world, kind)
    run = add_run(object_kind=kind, targets=[{"type": kind, "id": wire_id(obj)}], message="Seen")
    page = console(analyst).get(url(obj))
    text = shown(page)
    assert f"Scan the {kind} (Played)" in text
    assert text.count("Scan the") == 1
    assert "Seen" in text
    assert url(run) in page.content.decode()


@pytest.mark.parametrize("kind", KINDS)
def test_a_module_is_run_by_hand(
    console: Any, analyst: User, world: World, offered: Any, kind: str
) -> None:
    obj = object_of(world, kind)
    answer = call(console(analyst), offered[kind], kind, obj)
    run = ModuleRun.objects.latest("pk")
    assert (run.hook_name, run.ui_name) == (f"on_manual_trigger_{kind}", f"Scan the {kind}")
    assert (run.targets, run.case_id) == ([{"type": kind, "id": wire_id(obj)}], 1)
    assert (run.user_login, run.status) == ("analyst", "pending")
    assert last_audit("hook.requested").object_id == run.pk
    assert answer.redirect_chain[-1][0] == f"{url(obj)}#modules"
    assert f"Scan the {kind} is queued" in shown(answer)
    assert "data-refresh" in answer.content.decode()


def test_runs_on_other_objects_do_not_show(browser: Client, world: World) -> None:
    pk = world.asset.pk
    others = [("asset", int(f"{pk}1")), ("asset", int(f"1{pk}")), ("note", pk)]
    for kind, other in others:
        add_run(object_kind=kind, targets=[{"type": kind, "id": other}], message="Elsewhere")
    both = [{"type": "asset", "id": 424242}, {"type": "asset", "id": pk}]
    add_run(object_kind="asset", targets=both, message="Among others")
    text = shown(browser.get(url(world.asset)))
    assert "Among others" in text
    assert "Elsewhere" not in text


def test_a_page_without_modules_has_no_panel(browser: Client, world: World) -> None:
    assert 'id="modules"' not in browser.get(url(world.asset)).content.decode()
    assert 'id="modules"' not in browser.get(url(world.asset, "add")).content.decode()


def test_inactive_modules_are_not_offered(browser: Client, world: World, offered: Any) -> None:
    Module.objects.update(is_active=False)
    answer = call(browser, offered["asset"], "asset", world.asset)
    assert "cannot be run any more" in shown(answer)
    assert "Scan the asset" not in shown(browser.get(url(world.asset)))


def test_panels_take_a_constant_number_of_queries(
    browser: Client, world: World, offered: Any
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(url(world.asset)).status_code == 200
        return len(captured)

    target = [{"type": "asset", "id": world.asset.pk}]
    add_run(object_kind="asset", targets=target)
    few = queries()
    for number in range(4):
        add_run(object_kind="asset", targets=target)
        subscribe(offered["asset"].module, "on_manual_trigger_asset", f"Way {number}")
    assert queries() == few


# --- who may


def test_readers_see_runs_and_start_none(
    console: Any, reader: User, world: World, offered: Any
) -> None:
    add_run(object_kind="asset", targets=[{"type": "asset", "id": world.asset.pk}], message="Seen")
    client, before = console(reader), AuditLog.objects.count()
    text = shown(client.get(url(world.asset)))
    assert "Seen" in text
    assert "Run module" not in text
    call(client, offered["asset"], "asset", world.asset)
    assert not ModuleRun.objects.filter(status="pending").exists()
    assert AuditLog.objects.count() == before


@pytest.mark.parametrize("who", ["outsider", "guest"])
def test_objects_of_others_are_out_of_reach(
    request: pytest.FixtureRequest, console: Any, world: World, offered: Any, who: str
) -> None:
    client = console(request.getfixturevalue(who))
    runs = ModuleRun.objects.count()
    for kind in KINDS:
        answer = call(client, offered[kind], kind, object_of(world, kind))
        assert "is queued" not in shown(answer)
        assert not answer.redirect_chain[-1][0].startswith("/admin/cases/")
    assert ModuleRun.objects.count() == runs


def test_an_object_is_not_reached_through_another_case(
    console: Any, outsider: User, outsider_case: Any, world: World, offered: Any
) -> None:
    runs = ModuleRun.objects.count()
    call(console(outsider), offered["asset"], "asset", world.asset, {"case": outsider_case.pk})
    call(console(outsider), offered["case"], "case", outsider_case, {"object": 1})
    made = ModuleRun.objects.order_by("pk")[runs:]
    assert [(run.object_kind, run.case_id) for run in made] == [("case", outsider_case.pk)]
    assert made[0].targets == [{"type": "case", "id": outsider_case.pk}]


@pytest.mark.parametrize("name", ["object", "case", "subscription", "kind"])
@pytest.mark.parametrize("value", ["", "x", "-1", "9" * 30, "\0", "global_task"])
def test_odd_requests_start_nothing(
    browser: Client, world: World, offered: Any, name: str, value: str
) -> None:
    runs = ModuleRun.objects.count()
    answer = call(browser, offered["asset"], "asset", world.asset, {name: value})
    assert answer.status_code == 200
    assert ModuleRun.objects.count() == runs


def test_a_hook_of_another_kind_is_refused(browser: Client, world: World, offered: Any) -> None:
    runs = ModuleRun.objects.count()
    answer = call(browser, offered["note"], "asset", world.asset)
    assert "cannot be run any more" in shown(answer)
    assert ModuleRun.objects.count() == runs


# --- reports


def test_a_hostile_report_is_shown_harmless(browser: Client, world: World) -> None:
    attributes = {
        "VT Report": {"HTML report": {"type": "html", "value": HOSTILE}},
        HOSTILE: {HOSTILE: {"type": "input_string", "value": HOSTILE}},
        "Empty": {"nothing": {"type": "input_string", "value": ""}},
    }
    CaseIoc.objects.filter(pk=world.case_ioc.pk).update(custom_attributes=attributes)
    page = browser.get(url(world.case_ioc)).content.decode()
    panel = page[page.index('id="attributes"') : page.index("Save and continue")]
    report = panel[panel.index('class="report"') : panel.index("</section>")]
    assert "<h1>Report</h1>" in report
    assert "<p>fine</p>" in report
    assert not LIVE.search(report)
    assert panel.count("<script") == 0
    assert "<form" not in panel
    assert "Empty" not in panel


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_shows_its_attributes(browser: Client, world: World, kind: str) -> None:
    obj = object_of(world, kind)
    attributes = {"Origin": {"source": {"type": "input_string", "value": "a & b"}}}
    type(obj).objects.filter(pk=obj.pk).update(custom_attributes=attributes)
    text = shown(browser.get(url(obj)))
    assert "Origin source a & b" in text
