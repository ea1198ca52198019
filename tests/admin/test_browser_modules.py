"""Modules in a real browser: hostile reports stay inert, pages follow runs, and fit small screens."""

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from cases.models import CaseIoc
from cases.services.iocs import add_ioc
from modules.models import Module, ModuleRun
from soar.core.actor import Actor
from soar.core.models import User
from tests.admin.conftest import add_run, log_in, url
from tests.modules.rows import add_parameter, add_row, subscribe

pytestmark = pytest.mark.slow
HOSTILE = """<h1>Report</h1>
<script>document.title = "taken"</script>
<img src="none.png" onerror="document.title = 'taken'">
<svg onload="document.title = 'taken'"><script>document.title = "taken"</script></svg>
<a id="trap" href="javascript:document.title='taken'" onmouseover="document.title='taken'">trap</a>
<iframe srcdoc="<script>parent.document.title='taken'</script>"></iframe>
<style>body { display: none }</style>
<form action="/admin/logout/" method="post"><button autofocus onfocus="document.title='taken'">Go</button></form>
<details open ontoggle="document.title='taken'"><summary>more</summary><p>fine</p></details>
<p style="position:fixed;inset:0">covering</p><noscript><p title="</noscript><img src=x onerror=x()>">"""


@pytest.fixture
def enriched(live_administrator: User) -> CaseIoc:
    """An IOC with a report of a service that means ill."""
    actor = Actor.of(live_administrator, "iris")
    case_ioc, _ = add_ioc(actor, 1, type_id=1, tlp_id=1, value="evil.example")
    field = {"type": "html", "mandatory": False, "value": HOSTILE}
    attributes = {"VT Report": {"HTML report": field}, HOSTILE: {HOSTILE: {"value": HOSTILE}}}
    CaseIoc.objects.filter(pk=case_ioc.pk).update(custom_attributes=attributes)
    return case_ioc


def test_a_hostile_report_is_inert(
    page: Page, live_server: Any, live_administrator: User, enriched: CaseIoc, complaints: list[str]
) -> None:
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.goto(f"{live_server.url}{url(enriched)}")
    log_in(page, live_administrator)
    report = page.locator(".report").first
    expect(report.get_by_role("heading", name="Report")).to_be_visible()
    report.get_by_text("trap").hover()
    report.get_by_text("trap").click()
    expect(report.get_by_text("fine")).to_be_visible()
    live = "script, img, svg, iframe, style, form, button, [style], [class], [href], [autofocus]"
    assert report.locator(live).count() == 0
    handlers = (
        "node => [...node.querySelectorAll('*')].flatMap(e => [...e.attributes]).map(a => a.name)"
    )
    names = page.locator("#attributes .report").first.evaluate(handlers)
    assert not [name for name in names if name.startswith("on")]
    assert "taken" not in page.title()
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_visible()
    assert complaints == []


def test_a_page_follows_the_runs_on_its_object(
    page: Page, live_server: Any, live_administrator: User, enriched: CaseIoc, complaints: list[str]
) -> None:
    subscribe(add_row(), "on_manual_trigger_ioc", "Scan the IOC")
    page.goto(f"{live_server.url}{url(enriched)}")
    log_in(page, live_administrator)
    page.get_by_role("button", name="Run module").click()
    expect(page.get_by_text("Scan the IOC is queued.")).to_be_visible()
    expect(page.locator("#module-runs").get_by_text("pending")).to_be_visible()
    page.fill("textarea[name=description]", "half a sentence")
    ModuleRun.objects.update(status="success", message="All is known")
    expect(page.locator("#module-runs").get_by_text("All is known")).to_be_visible()
    expect(page.get_by_text("Reload the page")).to_be_visible()
    expect(page.locator("textarea[name=description]")).to_have_value("half a sentence")
    assert complaints == []


def test_modules_are_paused_and_set_up_on_a_small_screen(
    page: Page, live_server: Any, live_administrator: User, complaints: list[str]
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    module = add_row()
    add_parameter(module, "hooks", "textfield_json")
    run = add_run(module, message="word" * 100, status="failure", traceback="x" * 500)
    page.goto(f"{live_server.url}{reverse('admin:modules_module_changelist')}")
    log_in(page, live_administrator)
    page.get_by_text("Pause all modules…").click()
    page.get_by_label("Reason").fill("Storm")
    page.get_by_role("button", name="Pause all modules").click()
    expect(page.get_by_role("alert")).to_contain_text("All modules are paused")
    page.get_by_role("button", name="Resume all modules").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    for address in (url(module), url(run), url(run, "changelist"), url(Module(), "add")):
        page.goto(f"{live_server.url}{address}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.goto(f"{live_server.url}{url(module)}")
    page.locator("#parameters textarea").fill("{no json")
    page.get_by_role("button", name="Save parameters").click()
    expect(page.get_by_text("Not valid JSON")).to_be_visible()
    assert complaints == []
