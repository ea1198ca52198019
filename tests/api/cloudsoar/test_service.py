"""Version, health, the document and whoami: what scripts ask first (contract §4.1, §5 example 1)."""

import datetime as dt
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from soar.core import health
from soar.core.actor import Actor
from soar.core.models import ApiToken, User
from soar.core.permissions import Permission
from soar.core.services.api_tokens import issue_token
from soar.core.services.groups import add_group
from soar.core.services.users import set_groups, update_user
from soar.core.token_texts import text_of
from tests.api.cloudsoar.conftest import Ask
from tests.http import bearer, token_of

pytestmark = pytest.mark.django_db
WELL = {"database": "ok", "broker": "ok", "worker": "ok"}


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the checks of the installation say, all well at first."""
    said = dict(WELL)
    checks = {name: (lambda name=name: said[name]) for name in WELL}
    monkeypatch.setattr("soar.api.cloudsoar.service.CHECKS", checks)
    return said


def test_version(mount: str) -> None:
    answer = Client().get(f"{mount}version")
    assert answer.status_code == 200
    assert answer.json() == {
        "name": "Watchfloor",
        "version": settings.VERSION,
        "api_version": "v3",
        "api_base": mount.rstrip("/"),
    }


def test_health_is_ok_when_all_parts_are(mount: str, parts: dict[str, str]) -> None:
    answer = Client().get(f"{mount}health/")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "checks": WELL})


@pytest.mark.parametrize("part", WELL)
def test_health_is_degraded_when_one_part_fails_and_tells_no_more(
    mount: str, parts: dict[str, str], part: str
) -> None:
    parts[part] = "failed: nobody worked on queue soar@host-7 in the last minute"
    answer = Client().get(f"{mount}health/")
    checks = WELL | {part: "failed"}
    assert (answer.status_code, answer.json()) == (503, {"status": "degraded", "checks": checks})


def test_health_asks_the_checks_of_the_installation() -> None:
    assert set(WELL) <= set(health.CHECKS)


def test_whoami_has_the_members_of_the_contract(
    ask: Ask, as_administrator: Actor, analyst: User
) -> None:
    update_user(as_administrator, analyst.pk, name="Marta Rossi")
    body = ask("GET", "whoami/").json()
    row = ApiToken.objects.get()
    assert body == {
        "id": analyst.pk,
        "username": "analyst",
        "first_name": "Marta",
        "last_name": "Rossi",
        "email": "analyst@example.org",
        "is_active": True,
        "groups": [{"id": 2, "name": "Analysts"}],
        "profile": "Analyst",
        "capabilities": body["capabilities"],
        "token": {
            "jti": str(row.jti),
            "created_at": second(row.created_at),
            "expires_at": None,
            "last_used_at": second(row.last_used_at),
        },
    }
    assert body == ask("GET", "users/me/").json()


def second(moment: Any) -> str:
    """Return a moment as this door writes it."""
    return f"{moment.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def test_capabilities_follow_from_the_groups(analyst: User, administrator: User) -> None:
    held = [set(whoami(user)["capabilities"]) for user in (analyst, administrator)]
    assert (
        {"cloudSoarIncidentView", "cloudSoarIncidentEdit", "cloudSoarAPIUse"} <= held[0] < held[1]
    )
    assert "cloudSoarAPIAdmin" in held[1] - held[0]
    assert {"cloudSoarIncidentTriageView", "cloudSoarIncidentTriageEdit"} <= held[0]
    assert "cloudSoarIncidentTriageBulkPhysicalDelete" in held[1] - held[0]


def whoami(user: User) -> dict[str, Any]:
    """Return what a user is told of himself."""
    answer = Client().get("/api/csoar/v3/whoami/", headers=bearer(token_of(user)))
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Marta Rossi", "Marta", "Rossi"),
        ("Anna Maria de Rossi", "Anna Maria de", "Rossi"),
        ("Plato", "Plato", ""),
    ],
)
def test_names_of_any_number_of_words(
    as_administrator: Actor, analyst: User, name: str, first: str, last: str
) -> None:
    update_user(as_administrator, analyst.pk, name=name)
    body = whoami(analyst)
    assert (body["first_name"], body["last_name"]) == (first, last)


def test_profiles(as_administrator: Actor, administrator: User, guest: User) -> None:
    group = add_group(as_administrator, name="Machines", permissions=Permission.API_USE)
    set_groups(as_administrator, guest.pk, group_ids=[group.pk])
    assert [whoami(user)["profile"] for user in (administrator, guest)] == ["Administrator", ""]
    User.objects.filter(pk=guest.pk).update(is_superuser=True)
    assert whoami(guest)["profile"] == "Administrator"


def test_whoami_tells_of_the_token_of_the_request(as_administrator: Actor, analyst: User) -> None:
    token_of(analyst)
    other = issue_token(as_administrator, analyst.pk, days=7)
    told = Client().get("/api/csoar/v3/whoami/", headers=bearer(text_of(other))).json()["token"]
    assert (told["jti"], told["expires_at"]) == (str(other.jti), second(other.expires_at))


def test_a_use_is_noted_with_where_it_came_from(analyst: User) -> None:
    before = timezone.now()
    client = Client(REMOTE_ADDR="198.51.100.7", headers=bearer(token_of(analyst)))
    client.get("/api/csoar/v3/whoami/")
    row = ApiToken.objects.get()
    assert row.last_used_at >= before  # type: ignore[operator]
    assert row.last_used_ip == "198.51.100.7"


@pytest.mark.parametrize(
    ("path", "count"),
    [("version", 0), ("health", 1), ("openapi", 1), ("whoami", 2), ("users/me", 2)],
)
def test_the_number_of_queries_is_pinned(
    ask: Ask, as_administrator: Actor, analyst: User, path: str, count: int
) -> None:
    ask("GET", path)  # which also notes the use, once a minute
    assert queries_of(ask, path) == count
    groups = [add_group(as_administrator, name=f"Group {n}").pk for n in range(5)]
    set_groups(as_administrator, analyst.pk, group_ids=[2, *groups])
    for _ in range(5):
        issue_token(as_administrator, analyst.pk)
    assert queries_of(ask, path) == count


def test_noting_the_use_is_one_statement_more_and_only_once_a_minute(ask: Ask) -> None:
    assert [queries_of(ask, "no/such") for _ in range(3)] == [2, 1, 1]
    ApiToken.objects.update(last_used_at=timezone.now() - dt.timedelta(seconds=61))
    assert [queries_of(ask, "no/such") for _ in range(2)] == [2, 1]


def queries_of(ask: Ask, path: str) -> int:
    """Return how many queries a request takes."""
    with CaptureQueriesContext(connection) as queries:
        ask("GET", path)
    return len(queries)
