"""My settings: what a user sees and changes of himself."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from soar.core.models import User
from tests.admin.conftest import last_audit
from tests.cast import PASSWORD
from tests.http import key_of

PAGE = "/admin/my-settings/"
ANOTHER = "Another-Horse-8-Battery"


def passwords(old: str = PASSWORD, new: str = ANOTHER, again: str = ANOTHER) -> dict[str, str]:
    return {"old_password": old, "new_password": new, "repeated": again}


@pytest.fixture
def own(console: Any, analyst: User) -> Client:
    """The analyst's browser."""
    return console(analyst)


def test_the_page_tells_who_one_is(own: Client, analyst: User) -> None:
    page = own.get(PAGE).content.decode()
    assert all(text in page for text in (analyst.login, analyst.name, analyst.email))
    assert key_of(analyst) not in page


def test_the_user_menu_leads_to_the_settings(own: Client) -> None:
    assert f'href="{PAGE}"' in own.get(reverse("admin:index")).content.decode()
    assert own.get(reverse("admin:password_change"))["Location"] == PAGE


def test_the_settings_need_a_log_in(db: None) -> None:
    assert Client().get(PAGE).status_code == 302
    assert Client().post(f"{PAGE}api-key/", {"renew": "1"}).status_code == 302


def test_the_own_key_is_shown_and_renewed(own: Client, analyst: User) -> None:
    old = key_of(analyst)
    assert old in own.post(f"{PAGE}api-key/", {"show": "1"}, follow=True).content.decode()
    page = own.post(f"{PAGE}api-key/", {"renew": "1"}, follow=True).content.decode()
    assert old not in page
    assert key_of(analyst) in page
    assert last_audit("api_key.renewed").actor_login == analyst.login


def test_the_own_password_is_changed(own: Client, analyst: User) -> None:
    assert own.post(PAGE, passwords()).status_code == 302
    analyst.refresh_from_db()
    assert analyst.check_password(ANOTHER)
    assert own.get(PAGE).status_code == 200
    row = last_audit("user.password_changed")
    assert ANOTHER not in str(row.details) + row.summary


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (passwords(old="wrong"), "old_password"),
        (passwords(old=""), "old_password"),
        (passwords(new="short", again="short"), "new_password"),
        (passwords(again="other"), "repeated"),
    ],
)
def test_a_wrong_entry_changes_nothing(
    own: Client, analyst: User, data: dict[str, str], field: str
) -> None:
    assert field in own.post(PAGE, data).context["form"].errors
    analyst.refresh_from_db()
    assert analyst.check_password(PASSWORD)
