"""SEC-27 and SEC-28: guessing is slowed down, and tells nobody which accounts exist."""

from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client

from soar.core import throttling
from soar.core.models import User
from tests.cast import PASSWORD
from tests.http import ApiClient, key_of

LIMIT = 5
LOGIN = "/admin/login/"


@pytest.fixture(autouse=True)
def _low_limits(settings: Any) -> None:
    """Let few failures pass."""
    settings.SOAR_BEARER_FAILURES = LIMIT
    settings.AXES_FAILURE_LIMIT = LIMIT


def try_keys(times: int, address: str = "192.0.2.10") -> list[int]:
    """Return the statuses of wrong keys from an address."""
    client = Client(REMOTE_ADDR=address)
    headers = {"authorization": "Bearer wrong"}
    return [client.get("/api/ping", headers=headers).status_code for _ in range(times)]


def log_in(login: str, password: str, address: str = "192.0.2.10") -> Any:
    """Return the answer to a log-in at the console."""
    return Client(REMOTE_ADDR=address).post(LOGIN, {"username": login, "password": password})


def without_token(answer: Any) -> str:
    """Return a page without what differs in every rendering, and without the typed login."""
    text = answer.content.decode()
    token = answer.context["csrf_token"] if answer.context else ""
    return text.replace(str(token), "").replace('value="analyst"', "").replace('value="nobody"', "")


def test_sec_27_too_many_wrong_keys_are_answered_429(db: None) -> None:
    assert try_keys(LIMIT + 2) == [401] * LIMIT + [429] * 2


def test_sec_27_a_throttled_answer_tells_when_to_come_back(db: None) -> None:
    try_keys(LIMIT)
    headers = {"authorization": "Bearer wrong"}
    answer = Client(REMOTE_ADDR="192.0.2.10").get("/api/ping", headers=headers)
    assert answer.json() == {"status": "error", "message": "Too many requests", "data": []}
    assert 1 <= int(answer["Retry-After"]) <= throttling.WINDOW_SECONDS


def test_sec_27_another_address_is_not_slowed_down(db: None) -> None:
    try_keys(LIMIT + 2)
    assert try_keys(1, "192.0.2.11") == [401]


def test_sec_27_a_right_key_is_never_refused(analyst: User) -> None:
    try_keys(LIMIT + 2)
    headers = {"authorization": f"Bearer {key_of(analyst)}"}
    answer = Client(REMOTE_ADDR="192.0.2.10").get("/api/ping", headers=headers)
    assert answer.status_code == 200


def test_sec_27_a_request_without_key_does_not_count(db: None) -> None:
    client = Client(REMOTE_ADDR="192.0.2.10")
    statuses = {client.get("/api/ping").status_code for _ in range(LIMIT + 5)}
    assert statuses == {401}
    assert try_keys(1) == [401]


def test_sec_27_the_key_of_a_deactivated_user_counts_as_wrong(analyst: User) -> None:
    client = ApiClient(key_of(analyst))
    User.objects.filter(pk=analyst.pk).update(is_active=False)
    assert [client.get("/api/ping").status_code for _ in range(LIMIT + 1)] == [401] * LIMIT + [429]


def test_sec_27_failures_are_forgotten_after_a_minute(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    try_keys(LIMIT + 1)
    later = throttling.time.monotonic() + throttling.WINDOW_SECONDS + 1
    monkeypatch.setattr(throttling.time, "monotonic", lambda: later)
    assert try_keys(1) == [401]


def test_sec_27_remembered_addresses_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "MAXIMUM_ADDRESSES", 10)
    for number in range(50):
        throttling.note_bad_key(f"192.0.2.{number}", LIMIT)
    assert len(throttling._failures) == 10


def test_sec_27_a_forwarded_address_counts_only_behind_a_trusted_proxy(
    db: None, settings: Any
) -> None:
    def attempt(number: int) -> int:
        headers = {"authorization": "Bearer wrong", "x-forwarded-for": f"198.51.100.{number}"}
        return Client().get("/api/ping", headers=headers).status_code

    assert [attempt(number) for number in range(LIMIT + 1)][-1] == 429
    settings.SOAR_TRUSTED_PROXIES = 1
    assert attempt(99) == 401


def test_sec_27_log_ins_are_locked_out_with_429(analyst: User) -> None:
    statuses = [log_in("analyst", "wrong").status_code for _ in range(LIMIT)]
    answer = log_in("analyst", "wrong")
    assert statuses[0] == 200
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0


def test_sec_27_a_lock_out_holds_against_the_right_password(analyst: User) -> None:
    for _ in range(LIMIT + 1):
        log_in("analyst", "wrong")
    assert log_in("analyst", PASSWORD).status_code == 429
    assert log_in("analyst", PASSWORD, "192.0.2.99").status_code == 302


def test_sec_28_an_unknown_user_is_locked_out_alike(analyst: User) -> None:
    known = [log_in("analyst", "wrong") for _ in range(LIMIT + 1)]
    unknown = [log_in("nobody", "wrong") for _ in range(LIMIT + 1)]
    assert [a.status_code for a in known] == [a.status_code for a in unknown]
    assert known[-1].content == unknown[-1].content


def test_sec_28_an_unknown_user_and_a_wrong_password_see_the_same_page(analyst: User) -> None:
    known, unknown = log_in("analyst", "wrong"), log_in("nobody", "wrong")
    assert known.status_code == unknown.status_code == 200
    assert without_token(known) == without_token(unknown)


@pytest.mark.parametrize("state", ["inactive", "without password", "without console"])
def test_sec_28_a_user_who_may_not_enter_sees_the_same_page(analyst: User, state: str) -> None:
    unknown = without_token(log_in("nobody", PASSWORD))
    change = {
        "inactive": {"is_active": False},
        "without password": {"password": "!"},
        "without console": {"is_staff": False},
    }[state]
    User.objects.filter(pk=analyst.pk).update(**change)
    assert without_token(log_in("analyst", PASSWORD)) == unknown


@pytest.mark.parametrize("login", ["analyst", "nobody"])
def test_sec_28_the_password_is_hashed_for_known_and_unknown_users_alike(
    analyst: User, monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    calls: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: MD5PasswordHasher, password: str, salt: str) -> str:
        calls.append(password)
        return str(encode(self, password, salt))

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    log_in(login, "wrong")
    assert calls == ["wrong"]


def test_sec_28_a_missing_and_a_wrong_key_are_answered_alike(db: None) -> None:
    missing, wrong = ApiClient("").get("/api/ping"), ApiClient("x" * 86).get("/api/ping")
    assert (missing.status_code, missing.content) == (wrong.status_code, wrong.content)
    assert missing["WWW-Authenticate"] == wrong["WWW-Authenticate"]
