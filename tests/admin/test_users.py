"""Users, groups and keys in the console: who may do what, and that no secret shows."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from soar.core.models import AuditLog, GroupProfile, IrisApiKey, User
from soar.core.permissions import Permission
from tests.admin.conftest import form_data, last_audit, url
from tests.cast import ADMINISTRATORS, ANALYSTS, PASSWORD
from tests.http import ApiClient, key_of

NEW = {"login": "newcomer", "name": "New Comer", "email": "new@example.org", "groups": [ANALYSTS]}
ANOTHER = "Another-Horse-8-Battery"
GRABBING = {
    "is_superuser": "on",
    "is_staff": "on",
    "is_active": "on",
    "user_permissions": [1, 2, 3],
    "groups": [ADMINISTRATORS],
    "password": "pbkdf2",
    "key_hash": "0",
}


def key_form(user: User) -> str:
    return reverse("admin:core_user_api_key", args=[user.pk])


def works(key: str) -> bool:
    return ApiClient(key).get("/api/ping").status_code == 200


def test_a_user_is_added_with_groups_and_password(browser: Client) -> None:
    answer = browser.post(url(User, "add"), {**NEW, "new_password": PASSWORD})
    assert answer.status_code == 302
    user = User.objects.get(login="newcomer")
    assert (user.check_password(PASSWORD), user.is_staff) == (True, True)
    assert last_audit("user.created").object_id == user.pk
    assert last_audit("user.groups_changed").details["after"]["groups"] == [ANALYSTS]


def test_a_weak_password_is_refused_beside_its_field(browser: Client) -> None:
    answer = browser.post(url(User, "add"), {**NEW, "new_password": "short"})
    assert "Password must be at least" in answer.context["adminform"].form.errors["new_password"][0]
    assert not User.objects.filter(login="newcomer").exists()


def test_a_taken_login_adds_nothing(browser: Client, analyst: User) -> None:
    before = AuditLog.objects.count()
    data = {**NEW, "login": "ANALYST", "new_password": PASSWORD}
    assert browser.post(url(User, "add"), data).status_code == 200
    assert AuditLog.objects.count() == before


def test_changing_the_own_password_keeps_the_session(browser: Client, administrator: User) -> None:
    page = url(administrator)
    data = form_data(browser, page, new_password=ANOTHER)
    assert browser.post(page, data).status_code == 302
    assert browser.get(page).status_code == 200
    administrator.refresh_from_db()
    assert administrator.check_password(ANOTHER)


def test_a_user_is_deactivated_then_deleted(browser: Client, guest: User) -> None:
    answer = browser.post(url(guest, "delete"), {"post": "yes"}, follow=True)
    assert "Cannot delete active user" in answer.content.decode()
    browser.post(url(guest, "changelist"), {"action": "deactivate", "_selected_action": [guest.pk]})
    assert last_audit("user.deactivated").object_id == guest.pk
    browser.post(url(guest, "delete"), {"post": "yes"})
    assert last_audit("user.deleted").object_id == guest.pk


def test_the_last_administrator_keeps_his_rights(browser: Client, administrator: User) -> None:
    page = url(administrator)
    answer = browser.post(page, form_data(browser, page, groups=[ANALYSTS]))
    assert "The last administrator" in answer.content.decode()
    group = Group.objects.get(pk=ADMINISTRATORS)
    answer = browser.post(url(group), form_data(browser, url(group), bits=[1]))
    assert "The last administrator" in answer.content.decode()
    data = {"action": "deactivate", "_selected_action": [administrator.pk]}
    answer = browser.post(url(administrator, "changelist"), data, follow=True)
    assert "The last administrator" in answer.content.decode()


def test_sec_15_a_crafted_post_grants_nothing(
    browser: Client, console: Any, analyst: User, guest: User
) -> None:
    assert console(analyst).post(url(analyst), GRABBING).status_code == 403
    assert console(analyst).post(url(User, "add"), {**NEW, **GRABBING}).status_code == 403
    assert console(guest).post(url(guest), GRABBING).status_code in {302, 403}
    data = form_data(browser, url(guest)) | {**GRABBING, "groups": []}
    browser.post(url(guest), data)
    for user in (analyst, guest):
        user.refresh_from_db()
        assert not user.is_superuser
        assert not user.user_permissions.exists()
    assert (guest.is_staff, guest.groups.exists(), guest.check_password("pbkdf2")) == (False,) * 3


def test_sec_15_nobody_sees_the_switches(browser: Client, analyst: User) -> None:
    fields = browser.get(url(analyst)).context["adminform"].form.fields
    assert not {"is_superuser", "is_staff", "user_permissions", "password"} & set(fields)


def test_sec_16_neither_pages_nor_audit_hold_secrets(browser: Client, analyst: User) -> None:
    browser.post(url(User, "add"), {**NEW, "new_password": PASSWORD})
    browser.post(url(analyst), form_data(browser, url(analyst), new_password=ANOTHER))
    browser.post(key_form(analyst), {"renew": "1"})
    pages = [url(User, "changelist"), url(IrisApiKey, "changelist"), url(AuditLog, "changelist")]
    pages += [url(user, "history") for user in User.objects.all()]
    pages += [url(row) for row in (*AuditLog.objects.all(), *IrisApiKey.objects.all())]
    text = "".join(browser.get(page).content.decode() for page in pages)
    text += str(list(AuditLog.objects.values("summary", "details")))
    for row in IrisApiKey.objects.select_related("user"):
        for secret in (row.key_hash, row.nonce, row.user.password, key_of(row.user)):
            assert secret not in text
    assert PASSWORD not in text
    assert ANOTHER not in text


@pytest.mark.parametrize("lookup", ["password__startswith", "iris_key__key_hash__startswith"])
def test_sec_16_hashes_cannot_be_guessed_by_filtering(browser: Client, lookup: str) -> None:
    assert browser.get(url(User, "changelist"), {lookup: "a"}).status_code == 400
    assert (
        browser.get(url(IrisApiKey, "changelist"), {"key_hash__startswith": "a"}).status_code == 400
    )
    assert browser.get(url(IrisApiKey, "changelist"), {"nonce__startswith": "a"}).status_code == 400


def test_colleagues_cannot_search_for_addresses(
    console: Any, colleague: User, analyst: User
) -> None:
    browser = console(colleague)
    page = browser.get(url(User, "changelist"), {"q": "analyst@example"}).content.decode()
    assert ">analyst<" not in page
    assert "analyst@example.org" not in browser.get(url(analyst)).content.decode()


def test_a_key_shows_only_after_a_click_and_once(browser: Client, analyst: User) -> None:
    key = key_of(analyst)
    assert key not in browser.get(url(analyst)).content.decode()
    answer = browser.post(key_form(analyst), {"show": "1"}, follow=True)
    assert key in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert last_audit("api_key.viewed").object_id == analyst.pk
    assert key not in browser.get(url(analyst)).content.decode()


def test_a_renewed_key_works_and_the_old_one_fails(browser: Client, analyst: User) -> None:
    old = key_of(analyst)
    assert works(old)
    answer = browser.post(key_form(analyst), {"renew": "1"}, follow=True)
    new = key_of(analyst)
    assert new in answer.content.decode()
    assert (works(old), works(new)) == (False, True)
    assert last_audit("api_key.renewed").object_id == analyst.pk


def test_opening_the_form_address_changes_nothing(browser: Client, analyst: User) -> None:
    old = key_of(analyst)
    assert browser.get(key_form(analyst), {"renew": "1"}).status_code == 302
    assert key_of(analyst) == old


def test_a_key_form_without_its_token_is_refused(administrator: User, analyst: User) -> None:
    browser, old = Client(enforce_csrf_checks=True), key_of(analyst)
    browser.force_login(administrator, "soar.core.backends.ConsoleBackend")
    assert browser.post(key_form(analyst), {"renew": "1"}).status_code == 403
    assert key_of(analyst) == old


@pytest.mark.parametrize("button", ["renew", "show"])
def test_sec_18_the_key_of_another_is_refused_and_audited(
    console: Any, analyst: User, colleague: User, button: str
) -> None:
    browser, old = console(colleague), key_of(analyst)
    answer = browser.post(key_form(analyst), {button: "1"})
    assert (answer.status_code, key_of(analyst)) == (403, old)
    refusal = last_audit("api_key.refused")
    assert (refusal.object_id, refusal.actor_login) == (analyst.pk, "colleague")
    page = browser.get(url(analyst)).content.decode()
    assert 'id="api-key"' not in page
    assert old not in page


def test_a_key_given_from_outside_is_never_shown(browser: Client, analyst: User) -> None:
    IrisApiKey.objects.filter(pk=analyst.pk).update(is_derived=False)
    page = browser.post(key_form(analyst), {"show": "1"}, follow=True).content.decode()
    assert "set from outside" in page
    assert key_of(analyst) not in page


def test_a_group_gives_and_takes_permissions(browser: Client, guest: User) -> None:
    data = {"name": "Tier 3", "bits": [1, 64], "auto_follow": "on", "auto_follow_access_level": 2}
    browser.post(url(Group, "add"), data)
    group = Group.objects.get(name="Tier 3")
    browser.post(url(guest), form_data(browser, url(guest), groups=[group.pk]))
    guest.refresh_from_db()
    assert guest.permission_mask == Permission.STANDARD_USER | Permission.CUSTOMERS_READ
    assert (guest.is_staff, GroupProfile.objects.get(group=group).auto_follow) == (True, True)
    browser.post(url(group), {**data, "bits": [64]})
    guest.refresh_from_db()
    assert (guest.permission_mask, guest.is_staff) == (Permission.CUSTOMERS_READ, False)


def test_a_group_name_is_taken_once(browser: Client) -> None:
    data = {"name": "analysts", "auto_follow_access_level": 0}
    answer = browser.post(url(Group, "add"), data)
    assert "Group already exists" in answer.content.decode()
    group = Group.objects.get(pk=ADMINISTRATORS)
    answer = browser.post(url(group, "delete"), {"post": "yes"}, follow=True)
    assert "cannot be deleted" in answer.content.decode()
