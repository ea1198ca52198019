"""SEC-22: an error tells what the caller did wrong, and nothing of the server."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from soar.core.models import User
from tests.http import ApiClient, key_of

LEAK = re.compile(
    r"Traceback|File \"|\.py\b|/site-packages/|SELECT |INSERT |UPDATE |psycopg|sqlite|django|"
    r"OperationalError|IntegrityError|DataError|SECRET|settings",
)
HEADERS = {
    "empty": "",
    "scheme alone": "Bearer",
    "scheme and blank": "Bearer ",
    "unknown scheme": "Negotiate abc",
    "basic": "Basic YTpi",
    "basic without colon": "Basic YQ==",
    "basic of no base64": "Basic \xff\xfe",
    "two keys": "Bearer a b",
    "comma": "Bearer a, Bearer b",
    "json": 'Bearer {"a": 1}',
    "jwt without algorithm": "Bearer eyJhbGciOiJub25lIn0.e30.",
    "sql": "Bearer ' OR 1=1 --",
    "percent": "Bearer %00%s%n",
    "latin": "Bearer \xe9\xff",
    "nul": "Bearer a\x00b",
    "emoji": "Bearer \U0001f600",
    "surrogate": "Bearer \udcff",
    "long": "Bearer " + "a" * 60_000,
    "line break": "Bearer a\r\nX-Other: b",
}
BAD_REQUESTS: dict[str, Callable[[ApiClient], Any]] = {
    "unknown address": lambda client: client.get("/no/such/address"),
    "wrong method": lambda client: client.post("/api/ping"),
    "missing case": lambda client: client.get("/case/ioc/list", cid=987654),
    "missing object": lambda client: client.get("/case/ioc/987654", cid=1),
    "no body": lambda client: client.post("/case/ioc/add?cid=1"),
    "wrong types": lambda client: client.post("/case/ioc/add?cid=1", {"ioc_value": {}}),
    "bad JSON": lambda client: client.client.post(
        "/case/ioc/add?cid=1", "{", content_type="application/json", headers=client.headers
    ),
    "unknown references": lambda client: client.post(
        "/case/ioc/add?cid=1", {"ioc_value": "a", "ioc_type_id": 10**18, "ioc_tlp_id": 10**18}
    ),
}


def assert_bland(answer: Any, *statuses: int) -> None:
    """Check that the answer is the error envelope and shows nothing of the server."""
    body = answer.json()
    assert answer.status_code in statuses
    assert (set(body), body["status"]) == ({"status", "message", "data"}, "error")
    assert not LEAK.search(answer.content.decode())
    assert settings.SECRET_KEY not in answer.content.decode()


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("header", ["HTTP_AUTHORIZATION", "HTTP_X_IRIS_AUTH"])
@pytest.mark.parametrize("path", ["/api/ping", "/case/ioc/list?cid=1"])
def test_sec_22_a_malformed_key_is_refused_blandly(
    db: None, header: str, name: str, path: str
) -> None:
    answer = Client().get(path, **{header: HEADERS[name]})
    assert_bland(answer, 401)
    assert answer.json()["message"] == "Authentication required"


@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_sec_22_a_bad_request_is_refused_blandly(api_analyst: ApiClient, name: str) -> None:
    assert_bland(BAD_REQUESTS[name](api_analyst), 400, 403, 404, 405)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/case/tasklog/add?cid=1", "soar.api.iris.cases.services.add_activity"),
        ("/case/ioc/list?cid=1", "soar.api.iris.iocs.state_of"),
        ("/case/evidences/list?cid=1", "soar.api.iris.evidences.evidences_of"),
    ],
)
def test_sec_22_a_defect_of_ours_is_answered_blandly(
    administrator: User, monkeypatch: pytest.MonkeyPatch, path: str, target: str
) -> None:
    def fail(*args: Any, **fields: Any) -> None:
        raise RuntimeError(f"SELECT secret FROM settings; {settings.SECRET_KEY}")

    monkeypatch.setattr(target, fail)
    client = Client(raise_request_exception=False)
    headers = {"authorization": f"Bearer {key_of(administrator)}"}
    call = client.post if path.startswith("/case/tasklog") else client.get
    answer = call(path, {"log_content": "x"}, content_type="application/json", headers=headers)
    assert_bland(answer, 500)
    assert answer.json()["message"] == "Internal error"


def test_sec_22_a_defect_on_a_console_page_shows_nothing_of_the_server(
    administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **fields: Any) -> None:
        raise RuntimeError(f"SELECT secret FROM settings; {settings.SECRET_KEY}")

    monkeypatch.setattr("soar.core.admin.settings_page.key_panel", fail)
    console = Client(raise_request_exception=False)
    console.force_login(administrator, backend="soar.core.backends.ConsoleBackend")
    answer = console.get("/admin/my-settings/")
    assert answer.status_code == 500
    assert not LEAK.search(answer.content.decode())


def test_sec_22_debug_pages_are_off() -> None:
    assert settings.DEBUG is False
