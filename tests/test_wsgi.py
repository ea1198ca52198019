"""The entry point servers load: which chain a request takes, and what is remembered of paths."""

import io
import json
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS
from django.urls import Resolver404

from soar.core.models import User
from soar.wsgi import DoorHandler
from tests.http import key_of

pytestmark = pytest.mark.django_db


def call(handler: DoorHandler, path: str, **environ: str) -> tuple[int, dict[str, str], bytes]:
    """Send a GET through the handler and return status, headers and body."""
    told: list[Any] = []
    base = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "http",
    }
    answer = handler(base | environ, lambda status, headers: told.extend((status, headers)))
    body = b"".join(answer)
    getattr(answer, "close", lambda: None)()
    return int(told[0].split()[0]), dict(told[1]), body


@pytest.fixture
def handler(kept_connection: list[str]) -> DoorHandler:
    """A handler that has seen no request."""
    return DoorHandler()


def test_a_path_without_parameters_is_remembered(handler: DoorHandler, analyst: User) -> None:
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {key_of(analyst)}"}
    answers = [call(handler, "/api/ping", **bearer)[2] for _ in range(2)]
    assert answers[0] == answers[1] == b'{"status":"success","message":"pong","data":[]}'
    assert list(handler._fixed) == ["/api/ping"]


def test_a_remembered_path_still_asks_for_the_key(handler: DoorHandler, analyst: User) -> None:
    assert call(handler, "/api/ping", HTTP_AUTHORIZATION=f"Bearer {key_of(analyst)}")[0] == 200
    assert call(handler, "/api/ping", HTTP_AUTHORIZATION="Bearer wrong")[0] == 401


def test_paths_with_parameters_and_unknown_ones_are_not_remembered(handler: DoorHandler) -> None:
    for path in (
        *("/case/ioc/1", "/manage/cases/1", "/no/such/path", "/api/nothing"),
        *("/api/csoar/v3/no/such", "/incmansuite_ng/api/v3/nothing/", "/incmansuite_ng/x"),
    ):
        call(handler, path)
    assert handler._fixed == {}


def test_an_unknown_path_raises_as_django_does(handler: DoorHandler) -> None:
    class Request:
        path_info = "/no/such/path"

    with pytest.raises(Resolver404):
        handler.resolve_request(Request())


def test_only_pages_get_sessions_and_cookies(handler: DoorHandler) -> None:
    status, headers, _ = call(handler, "/admin/login/")
    assert (status, "csrftoken" in headers.get("Set-Cookie", "")) == (200, True)
    for path in ("/api/ping", "/api/csoar/v3/whoami/", "/incmansuite_ng/api/v3/version"):
        assert "Set-Cookie" not in call(handler, path)[1]


def test_an_answer_of_an_api_is_whole_and_its_upload_closed(
    handler: DoorHandler, analyst: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[Any] = []
    monkeypatch.setattr(handler.request_class, "close", lambda request: closed.append(request.path))
    status, headers, body = call(
        handler, "/api/ping", HTTP_AUTHORIZATION=f"Bearer {key_of(analyst)}"
    )
    assert (status, headers["Content-Length"]) == (200, str(len(body)))
    assert closed == ["/api/ping"]


@pytest.mark.parametrize(("path", "times"), [("/api/ping", 1), ("/admin/login/", 2)])
def test_a_broken_connection_is_left_behind(
    handler: DoorHandler, kept_connection: list[str], path: str, times: int
) -> None:
    kept_connection.clear()
    call(handler, path)
    assert kept_connection == [DEFAULT_DB_ALIAS] * times


def test_a_streamed_answer_is_left_to_the_server(handler: DoorHandler, analyst: User) -> None:
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {key_of(analyst)}", "QUERY_STRING": "cid=1"}
    status, _, body = call(handler, "/case/export", **bearer)
    assert (status, json.loads(body)["status"]) == (200, "success")
