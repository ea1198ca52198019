"""The section "API Token": + and Generate, the rows with their texts, and the trash can."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from soar.core.actor import Actor
from soar.core.models import ApiToken, AuditLog, User
from soar.core.permissions import Permission
from soar.core.services.api_tokens import issue_token
from soar.core.services.groups import add_group
from soar.core.token_texts import text_of
from tests.admin.conftest import last_audit, url

SETTINGS = "/admin/my-settings/"
OWN_FORM = f"{SETTINGS}api-tokens/"


def form_of(user: User) -> str:
    return reverse("admin:core_user_api_tokens", args=[user.pk])


@pytest.fixture
def token(as_administrator: Actor, analyst: User) -> ApiToken:
    """A token of the analyst's."""
    return issue_token(as_administrator, analyst.pk, description="Import scripts")


@pytest.fixture
def own(console: Any, analyst: User) -> Client:
    """The analyst's browser."""
    return console(analyst)


@pytest.fixture
def issuer(as_administrator: Actor, enrol: Any) -> User:
    """Somebody who may issue tokens and does not administer the server."""
    rights = Permission.API_ADMIN | Permission.API_USE | Permission.STANDARD_USER
    return enrol("issuer", add_group(as_administrator, name="Issuers", permissions=rights).pk)


def test_a_token_is_generated_and_shown_once(browser: Client, analyst: User) -> None:
    data = {"generate": "1", "description": "Nightly", "days": "30"}
    page = browser.post(form_of(analyst), data, follow=True)
    row = ApiToken.objects.get()
    assert (row.user, row.description) == (analyst, "Nightly")
    assert text_of(row) in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert text_of(row) not in browser.get(url(analyst)).content.decode()
    assert last_audit("api_token.issued").object_id == row.pk


def test_the_section_names_what_a_row_needs(browser: Client, token: ApiToken) -> None:
    page = browser.get(url(token.user)).content.decode()
    section = page[page.index('id="api-tokens"') :]
    assert all(text in section for text in (">+<", "Generate", str(token.jti), "Import scripts"))
    assert all(text in section for text in ("never", "Revoke this token", "Show"))
    assert not re.search(r"<script|\son\w+=", section[: section.index("</table>")])


@pytest.mark.parametrize("days", ["0", "-1", "x", "99999999999"])
def test_an_odd_entry_generates_nothing(browser: Client, analyst: User, days: str) -> None:
    page = browser.post(form_of(analyst), {"generate": "1", "days": days}, follow=True)
    assert "days:" in page.content.decode()
    assert not ApiToken.objects.exists()


def test_who_may_not_use_the_api_gets_no_token(browser: Client, guest: User) -> None:
    page = browser.post(form_of(guest), {"generate": "1"}, follow=True).content.decode()
    assert "may not use the API" in page
    assert not ApiToken.objects.exists()


def test_an_administrator_looks_at_a_token_and_that_is_recorded(
    browser: Client, token: ApiToken
) -> None:
    page = browser.post(form_of(token.user), {"show": token.pk}, follow=True).content.decode()
    assert text_of(token) in page
    assert f'data-copy="api-token-{token.pk}"' in page
    assert last_audit("api_token.viewed").object_id == token.pk


def test_the_owner_sees_and_ends_his_token_in_his_settings(own: Client, token: ApiToken) -> None:
    assert text_of(token) not in own.get(SETTINGS).content.decode()
    assert text_of(token) in own.post(OWN_FORM, {"show": token.pk}, follow=True).content.decode()
    own.post(OWN_FORM, {"revoke": token.pk})
    assert ApiToken.objects.get().revoked_by_id == token.user_id
    assert str(token.jti) not in own.get(SETTINGS).content.decode()


def test_an_analyst_issues_nothing(own: Client, analyst: User) -> None:
    assert "Generate" not in own.get(SETTINGS).content.decode()
    assert own.post(OWN_FORM, {"generate": "1"}).status_code == 403
    assert not ApiToken.objects.exists()
    assert last_audit("api_token.refused").object_id == analyst.pk


def test_the_trash_can_ends_a_token(browser: Client, token: ApiToken) -> None:
    page = browser.post(form_of(token.user), {"revoke": token.pk}, follow=True).content.decode()
    assert "The token was revoked" in page
    assert "There is no token." in page
    assert last_audit("api_token.revoked").object_id == token.pk


@pytest.mark.parametrize("button", ["show", "revoke", "generate"])
def test_sec_18_the_tokens_of_another_are_refused_and_recorded(
    console: Any, colleague: User, token: ApiToken, button: str
) -> None:
    browser = console(colleague)
    assert browser.post(form_of(token.user), {button: token.pk}).status_code == 403
    refusal = last_audit("api_token.refused")
    assert (refusal.actor_login, refusal.object_id) == ("colleague", token.user_id)
    page = browser.get(url(token.user)).content.decode()
    assert 'id="api-tokens"' not in page
    assert (ApiToken.objects.count(), ApiToken.objects.get().revoked_at) == (1, None)


def test_sec_19_an_issuer_only_ends_tokens_of_who_may_do_more(
    console: Any, issuer: User, token: ApiToken
) -> None:
    browser = console(issuer)
    page = browser.get(url(token.user)).content.decode()
    section = page[page.index('id="api-tokens"') :]
    assert "Revoke this token" in section
    assert not {text for text in ("Generate", ">Show<") if text in section}
    for button in ("generate", "show"):
        answer = browser.post(form_of(token.user), {button: token.pk})
        assert answer.status_code == 403
        assert "This user may do what you may not" in answer.content.decode()
    browser.post(form_of(token.user), {"revoke": token.pk})
    assert ApiToken.objects.get().state == "revoked"


def test_an_issuer_generates_and_sees_a_token_of_who_may_do_no_more(
    console: Any, issuer: User, as_administrator: Actor, enrol: Any
) -> None:
    group = add_group(as_administrator, name="Scripts", permissions=Permission.API_USE)
    script = enrol("script", group.pk)
    page = console(issuer).post(form_of(script), {"generate": "1"}, follow=True).content.decode()
    assert text_of(ApiToken.objects.get()) in page
    assert "data-copy" in page


@pytest.mark.parametrize("number", ["987654", "x", "", "9" * 40, "-1"])
@pytest.mark.parametrize("button", ["show", "revoke"])
def test_a_token_of_somebody_else_is_not_found_on_this_page(
    browser: Client, token: ApiToken, administrator: User, button: str, number: str
) -> None:
    assert browser.post(form_of(token.user), {button: number}).status_code == 404
    assert browser.post(form_of(administrator), {button: token.pk}).status_code == 404


def test_opening_the_address_of_the_form_changes_nothing(browser: Client, token: ApiToken) -> None:
    assert browser.get(form_of(token.user), {"revoke": token.pk}).status_code == 302
    assert ApiToken.objects.get().revoked_at is None


def test_sec_29_a_form_without_its_token_is_refused(administrator: User, token: ApiToken) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(administrator, "soar.core.backends.ConsoleBackend")
    for button in ("generate", "revoke", "show"):
        assert browser.post(form_of(token.user), {button: token.pk}).status_code == 403
    assert (ApiToken.objects.count(), ApiToken.objects.get().revoked_at) == (1, None)


def test_tokens_are_revoked_from_their_list(browser: Client, own: Client, token: ApiToken) -> None:
    data = {"action": "revoke", "_selected_action": [token.pk]}
    browser.post(url(ApiToken, "changelist"), data)
    assert last_audit("api_token.revoked").object_id == token.pk


def test_the_list_shows_everybody_his_own(
    browser: Client, own: Client, token: ApiToken, as_administrator: Actor
) -> None:
    issue_token(as_administrator, 1, description="Other scripts")
    pages = [client.get(url(ApiToken, "changelist")).content.decode() for client in (browser, own)]
    assert ["Other scripts" in page for page in pages] == [True, False]
    assert all("Import scripts" in page for page in pages)


def test_sec_16_no_page_and_no_line_has_a_text(browser: Client, token: ApiToken) -> None:
    browser.post(form_of(token.user), {"show": token.pk})
    pages = [
        url(ApiToken, "changelist"),
        url(token),
        url(token, "history"),
        url(AuditLog, "changelist"),
    ]
    text = "".join(browser.get(page).content.decode() for page in pages)
    text += str(list(AuditLog.objects.values()))
    assert str(token.jti) in text
    assert text_of(token) not in text
    assert text_of(token).rpartition(".")[2] not in text
