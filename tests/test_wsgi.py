"""The entry point servers load: which chain a request takes, and what is remembered of paths."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
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
    body = b"".join(handler(base | environ, lambda status, headers: told.extend((status, headers))))
    return int(told[0].split()[0]), dict(told[1]), body


@pytest.fixture
def handler() -> Iterator[DoorHandler]:
    """A handler that has seen no request and leaves the connection of the test open."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield DoorHandler()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_a_path_without_parameters_is_remembered(handler: DoorHandler, analyst: User) -> None:
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {key_of(analyst)}"}
    answers = [call(handler, "/api/ping", **bearer)[2] for _ in range(2)]
    assert answers[0] == answers[1] == b'{"status":"success","message":"pong","data":[]}'
    assert list(handler._fixed) == ["/api/ping"]


def test_a_remembered_path_still_asks_for_the_key(handler: DoorHandler, analyst: User) -> None:
    assert call(handler, "/api/ping", HTTP_AUTHORIZATION=f"Bearer {key_of(analyst)}")[0] == 200
    assert call(handler, "/api/ping", HTTP_AUTHORIZATION="Bearer wrong")[0] == 401


def test_paths_with_parameters_and_unknown_ones_are_not_remembered(handler: DoorHandler) -> None:
    for path in ("/case/ioc/1", "/manage/cases/1", "/no/such/path", "/api/nothing"):
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
    assert "Set-Cookie" not in call(handler, "/api/ping")[1]
