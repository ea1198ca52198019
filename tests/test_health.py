"""Health and numbers, for those who may see them."""

import pytest
import redis
from django.db import DatabaseError
from django.test import Client, RequestFactory

from cases.services.cases import update_summary
from soar.api import errors
from soar.core import broker, health
from soar.core.actor import Actor
from soar.core.models import User
from soar.core.services.users import set_active
from tests.http import ApiClient, key_of


class FakeRedis:
    """A broker that answers, with or without a heartbeat."""

    def __init__(self, *, beats: bool) -> None:
        self.beats = beats

    def ping(self) -> bool:
        return True

    def exists(self, key: str) -> int:
        return int(self.beats)


class DeadRedis:
    """A broker that does not answer."""

    def ping(self) -> bool:
        raise redis.ConnectionError("secret://user:pw@host")

    def exists(self, key: str) -> int:
        raise redis.TimeoutError


@pytest.fixture
def beating(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "client", lambda: FakeRedis(beats=True))


def ready_checks(client: Client, status: int) -> dict[str, str]:
    answer = client.get("/readyz")
    assert answer.status_code == status
    checks: dict[str, str] = answer.json()["checks"]
    return checks


def test_alive_asks_no_database(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_ready_when_everything_answers(db: None, client: Client, beating: None) -> None:
    assert set(ready_checks(client, 200).values()) == {"ok"}


def test_not_ready_without_worker(
    db: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "client", lambda: FakeRedis(beats=False))
    checks = ready_checks(client, 503)
    assert checks["worker"].startswith("failed")
    assert checks["broker"] == "ok"


def test_not_ready_without_broker_and_no_secret_told(
    db: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "client", DeadRedis)
    checks = ready_checks(client, 503)
    assert checks["broker"] == "failed: no answer"
    assert "secret" not in str(checks)


def test_not_ready_with_migrations_to_apply(
    db: None, client: Client, beating: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_shipped_migrations", lambda: frozenset({("core", "9999_new")}))
    assert ready_checks(client, 503)["migrations"] == "failed: 1 to apply"


def test_not_ready_without_database(
    db: None, client: Client, beating: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def cursor(self) -> None:
            raise DatabaseError

        def close(self) -> None: ...

    monkeypatch.setattr(health, "connection", Broken())
    monkeypatch.setattr(health, "_check_migrations", lambda: "ok")
    assert ready_checks(client, 503)["database"] == "failed: no answer"


def test_not_ready_on_a_full_disk(
    db: None, client: Client, beating: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "MINIMUM_FREE_BYTES", 2**62)
    assert ready_checks(client, 503)["disk"].startswith("failed")


def test_an_administrator_reads_the_numbers(
    as_administrator: Actor, api_administrator: ApiClient
) -> None:
    update_summary(as_administrator, 1, description="x")
    answer = api_administrator.get("/metrics")
    text = answer.content.decode()
    assert (answer.status_code, "soar_users 1.0" in text, "soar_cases 1.0" in text) == (
        200,
        True,
        True,
    )
    assert "soar_audit_unsealed_rows" in text
    assert "process_resident_memory_bytes" in text


def test_an_administrator_reads_the_numbers_in_his_session(
    administrator: User, client: Client
) -> None:
    client.force_login(administrator, "soar.core.backends.ConsoleBackend")
    assert client.get("/metrics").status_code == 200


@pytest.mark.parametrize("key", ["", "wrong"])
def test_numbers_need_a_key(db: None, key: str) -> None:
    assert ApiClient(key).get("/metrics").status_code == 401


def test_numbers_are_refused_to_analysts(api_analyst: ApiClient) -> None:
    assert api_analyst.get("/metrics").status_code == 403


def test_a_deactivated_administrator_reads_no_numbers(
    as_administrator: Actor, denied_administrator: User
) -> None:
    set_active(as_administrator, denied_administrator.pk, active=False)
    assert ApiClient(key_of(denied_administrator)).get("/metrics").status_code == 401


def test_everybody_reads_the_numbers_when_allowed(
    db: None, client: Client, settings: object
) -> None:
    settings.SOAR_METRICS_ANONYMOUS = True  # type: ignore[attr-defined]
    assert client.get("/metrics").status_code == 200


def test_an_unknown_address_answers_in_the_envelope(db: None, client: Client) -> None:
    answer = client.get("/no/such/thing")
    assert answer.status_code == 404
    assert answer.json() == {"status": "error", "message": "Resource not found", "data": []}


@pytest.mark.parametrize(
    ("view", "status", "message"),
    [
        (lambda request: errors.bad_request(request, Exception()), 400, "Data error"),
        (lambda request: errors.permission_denied(request, Exception()), 403, "Permission denied"),
        (errors.server_error, 500, "Internal error"),
    ],
)
def test_errors_are_json_on_the_api_and_pages_on_the_console(
    view: object, status: int, message: str
) -> None:
    api = view(RequestFactory().get("/case/list"))  # type: ignore[operator]
    page = view(RequestFactory().get("/admin/cases/"))  # type: ignore[operator]
    assert (api.status_code, page.status_code) == (status, status)
    assert message.encode() in api.content
    assert page["Content-Type"].startswith("text/html")
