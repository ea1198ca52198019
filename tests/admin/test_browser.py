"""The console in a real browser: the theme's scripts run under our content security policy."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from soar.core.models import ApiToken, User
from soar.core.token_texts import text_of
from tests.admin.conftest import log_in
from tests.http import key_of

pytestmark = pytest.mark.slow


def test_an_administrator_finds_his_way_and_renews_a_key(
    page: Page,
    live_server: Any,
    live_administrator: User,
    complaints: list[str],
    tmp_path: Path,
) -> None:
    def shot(name: str) -> None:
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)

    page.goto(f"{live_server.url}/admin/")
    shot("login")
    log_in(page, live_administrator)
    cases = page.locator("#nav-sidebar-apps a", has_text="Cases").first
    expect(cases).to_be_visible()
    shot("index")
    cases.click()
    expect(page.get_by_role("link", name="Initial Demo")).to_be_visible()
    shot("cases")
    page.get_by_role("link", name="Initial Demo").click()
    expect(page.locator("input[name=name]")).to_have_value("Initial Demo")
    shot("case")
    page.goto(f"{live_server.url}/admin/core/user/1/change/")
    old = key_of(live_administrator)
    assert old not in page.content()
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#api-key-value")).to_have_text(old)
    page.locator("#api-key summary").click()
    shot("renew")
    page.get_by_role("button", name="Yes, renew the key").click()
    expect(page.locator("#api-key-value")).not_to_have_text(old)
    expect(page.locator("#api-key-value")).to_have_text(key_of(live_administrator))
    page.get_by_role("button", name="Copy").click()
    expect(
        page.get_by_role("button", name="Copied").or_(page.get_by_role("button", name="Press"))
    ).to_be_visible()
    shot("renewed")
    page.goto(f"{live_server.url}/admin/my-settings/")
    shot("settings")
    assert complaints == []


def test_a_token_is_generated_copied_and_revoked(
    page: Page, live_server: Any, live_administrator: User, complaints: list[str], tmp_path: Path
) -> None:
    page.goto(f"{live_server.url}/admin/core/user/1/change/")
    log_in(page, live_administrator)
    page.get_by_label("New API token").click()
    page.fill("#new-api-token input[name=description]", "Nightly import")
    page.screenshot(path=tmp_path / "new.png", full_page=True)
    page.get_by_role("button", name="Generate").click()
    row = ApiToken.objects.get()
    expect(page.locator(f"#api-token-{row.pk}")).to_have_text(text_of(row))
    page.get_by_role("button", name="Copy").click()
    expect(
        page.get_by_role("button", name="Copied").or_(page.get_by_role("button", name="Press"))
    ).to_be_visible()
    page.screenshot(path=tmp_path / "token.png", full_page=True)
    page.goto(f"{live_server.url}/admin/my-settings/")
    page.get_by_label("Revoke this token").click()
    page.screenshot(path=tmp_path / "settings.png", full_page=True)
    page.get_by_role("button", name="Yes, revoke it").click()
    expect(page.get_by_text("There is no token.")).to_be_visible()
    assert complaints == []


def test_assets_are_picked_by_typing(
    page: Page, live_server: Any, live_administrator: User, complaints: list[str], tmp_path: Path
) -> None:
    page.goto(f"{live_server.url}/admin/cases/asset/add/")
    log_in(page, live_administrator)
    page.locator(".field-case .select2-selection").click()
    page.locator(".select2-results__option", has_text="Initial Demo").click()
    page.fill("input[name=name]", "host-1")
    page.select_option("select[name=type]", index=1)
    page.select_option("select[name=analysis_status]", index=1)
    page.screenshot(path=tmp_path / "asset.png", full_page=True)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="host-1").first).to_be_visible()
    page.screenshot(path=tmp_path / "assets.png", full_page=True)
    assert complaints == []


def test_the_api_documentation_renders_under_the_policy(
    page: Page, live_server: Any, complaints: list[str]
) -> None:
    page.goto(f"{live_server.url}/api/iris/docs")
    expect(page.get_by_text("Watchfloor: DFIR-IRIS API")).to_be_visible()
    expect(page.get_by_text("/case/ioc/add")).to_be_visible()
    assert complaints == []
