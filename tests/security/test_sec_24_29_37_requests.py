"""SEC-24, SEC-29, SEC-37 at the Cloud SOAR door: credentials are kept nowhere, cookies open nothing, and a
refusal leaves nothing behind."""

import io
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from soar.api.cloudsoar.mounts import CURRENT, MOUNTS
from soar.core import logs
from soar.core.actor import Actor
from soar.core.errors import Forbidden
from soar.core.models import ApiToken, AuditLog, User
from soar.core.services.api_tokens import issue_token, revoke_token, show_token
from soar.core.token_texts import text_of
from tests.http import basic, bearer, key_of, token_of
from tests.security.dump import rows, text_of_database

pytestmark = pytest.mark.django_db
BACKEND = "soar.core.backends.ConsoleBackend"
WHOAMI = f"{CURRENT}whoami/"


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What every logger of the product writes meanwhile, at every level."""
    stream, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(stream), root.level
    handler.setFormatter(logs.formatter())
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.getLogger("django.request").setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)
    logging.getLogger("django.request").setLevel(logging.ERROR)


# --- SEC-24


def test_sec_24_no_request_leaves_its_credentials_anywhere(
    administrator: User, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = token_of(administrator)
    row = ApiToken.objects.get()
    headers = [
        bearer(text),
        basic(str(row.jti), text),
        bearer(text + "x"),
        bearer(key_of(administrator)),
    ]
    client = Client(raise_request_exception=False)
    for one in headers:
        for path in (WHOAMI, f"{CURRENT}no/such", f"{MOUNTS[0]}whoami", "/api/ping"):
            client.get(path, {"token": text}, headers={**one, "cookie": f"session={text}"})
    monkeypatch.setattr("soar.api.cloudsoar.service._shown", None)
    client.get(WHOAMI, headers=headers[0])
    kept = text_of_database() + logged.getvalue()
    assert "TypeError" in logged.getvalue()
    for secret in (text, text.rpartition(".")[2], headers[1]["authorization"][6:]):
        assert secret not in kept


def test_sec_24_what_is_done_with_a_token_is_recorded_without_it(
    as_administrator: Actor, analyst: User, logged: io.StringIO
) -> None:
    row = issue_token(as_administrator, analyst.pk, description="Scripts")
    show_token(as_administrator, row.pk)
    revoke_token(as_administrator, row.pk)
    trail = str(list(AuditLog.objects.values()))
    assert all(f"api_token.{what}" in trail for what in ("issued", "viewed", "revoked"))
    assert text_of(row) not in trail + logged.getvalue() + text_of_database()


# --- SEC-29


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
@pytest.mark.parametrize("mount", MOUNTS)
def test_sec_29_a_session_of_the_console_opens_nothing(
    administrator: User, method: str, mount: str
) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(administrator, BACKEND)
    for path in ("whoami/", "incidents/", "users/1/tokens/"):
        headers = {"origin": "https://evil.example", "referer": "https://evil.example/"}
        assert getattr(browser, method)(f"{mount}{path}", headers=headers).status_code == 401


def test_sec_29_a_session_changes_nothing_of_whom_a_token_is(
    administrator: User, analyst: User
) -> None:
    browser = Client()
    browser.force_login(administrator, BACKEND)
    answer = browser.get(WHOAMI, headers=bearer(token_of(analyst)))
    assert answer.json()["username"] == "analyst"
    assert not answer.cookies


def test_sec_29_no_other_origin_is_let_in(analyst: User) -> None:
    headers = {**bearer(token_of(analyst)), "origin": "https://evil.example"}
    for method in ("get", "options"):
        answer = getattr(Client(), method)(WHOAMI, headers=headers)
        assert not [name for name in answer.headers if name.startswith("Access-Control")]


def test_sec_29_the_challenge_makes_no_browser_ask_for_a_password(db: None) -> None:
    challenge = Client().get(WHOAMI)["WWW-Authenticate"]
    assert challenge.startswith("Bearer ")
    assert "basic" not in challenge.lower()


# --- SEC-37


def state() -> list[Any]:
    """Return every row but the lines of the audit trail and their events."""
    ours = ("core.auditlog", "core.outboxevent")
    return [(label, row) for label, row in rows() if label not in ours]


@pytest.mark.parametrize(
    "refused",
    [
        lambda actor, token: issue_token(actor, actor.user_id),
        lambda actor, token: issue_token(actor, 1, description="x", days=-1),
        lambda actor, token: show_token(actor, token.pk),
        lambda actor, token: revoke_token(actor, token.pk),
    ],
    ids=["issue", "issue to another", "show", "revoke"],
)
def test_sec_37_a_refused_service_leaves_one_line_and_nothing_else(
    as_analyst: Actor, administrator: User, refused: Callable[..., Any]
) -> None:
    token = ApiToken.objects.create(user=administrator)
    before, lines = state(), AuditLog.objects.count()
    with pytest.raises(Forbidden):
        refused(as_analyst, token)
    assert state() == before
    assert list(
        AuditLog.objects.values_list("action", flat=True)[: AuditLog.objects.count() - lines]
    ) == ["api_token.refused"]


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", ["whoami/", "incidents/", "openapi/"])
def test_sec_37_a_refused_request_writes_nothing(guest: User, method: str, path: str) -> None:
    text = token_of(guest)
    Client().get(WHOAMI, headers=bearer(text))  # its use is noted
    before, lines = state(), AuditLog.objects.count()
    for headers in (bearer(text), bearer("x"), {}):
        answer = getattr(Client(), method)(f"{CURRENT}{path}", headers=headers)
        assert answer.status_code in (401, 403, 405)
    assert (state(), AuditLog.objects.count()) == (before, lines)
