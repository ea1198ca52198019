"""Logging in to the console."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from soar.core.models import User
from tests.cast import PASSWORD

PAGE = "/admin/login/"


def log_in(login: str, password: str, client: Client | None = None) -> Any:
    return (client or Client()).post(PAGE, {"username": login, "password": password})


def test_a_user_logs_in_by_login_whatever_its_case(analyst: User) -> None:
    assert log_in("Analyst", PASSWORD).status_code == 302


def test_an_inactive_user_and_a_guest_stay_outside(analyst: User, guest: User) -> None:
    User.objects.filter(pk=analyst.pk).update(is_active=False)
    assert log_in("analyst", PASSWORD).status_code == 200
    assert log_in("guest", PASSWORD).status_code == 200


def test_sec_28_unknown_users_and_wrong_passwords_answer_alike(analyst: User) -> None:
    wrong, unknown = log_in("analyst", "wrong"), log_in("nobody", "wrong")
    assert (wrong.status_code, unknown.status_code) == (200, 200)
    errors = [list(answer.context["form"].non_field_errors()) for answer in (wrong, unknown)]
    assert errors[0] == errors[1] != []


def test_sec_28_unknown_users_cost_a_hash_as_well(
    analyst: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    original = User.set_password
    monkeypatch.setattr(
        User, "set_password", lambda user, raw: hashed.append(raw) or original(user, raw)
    )
    log_in("nobody", "wrong")
    assert hashed == ["wrong"]


def test_sec_27_guessing_is_stopped_for_known_and_unknown_alike(analyst: User) -> None:
    answers = {}
    for login in ("analyst", "nobody"):
        for _ in range(settings.SOAR_LOGIN_FAILURES):
            answers[login] = log_in(login, "wrong")
        assert log_in(login, PASSWORD).status_code == 429
    assert {answer.status_code for answer in answers.values()} == {429}
    assert answers["analyst"]["Retry-After"] == answers["nobody"]["Retry-After"] == "900"
    assert answers["analyst"].content == answers["nobody"].content


def test_sec_27_others_are_not_locked_out(analyst: User, colleague: User) -> None:
    for _ in range(settings.SOAR_LOGIN_FAILURES + 1):
        log_in("analyst", "wrong")
    assert log_in("colleague", PASSWORD).status_code == 302


def test_pages_allow_no_inline_script(db: None) -> None:
    policy = Client().get(PAGE)["Content-Security-Policy"]
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "'unsafe-inline'" not in scripts
