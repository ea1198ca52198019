"""SEC-25: whatever comes in, a log record is one line of JSON, and logging never fails."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any
from unicodedata import category

import pytest
import structlog
from django.test import RequestFactory
from hypothesis import given, settings
from hypothesis import strategies as st

from soar.core.logs import formatter
from tests.http import ApiClient

ODD = {
    "line feed": "a\nb",
    "forged line": 'a\r\n{"event": "forged", "level": "info"}',
    "carriage return": "a\rb",
    "vertical tab": "a\x0bb",
    "form feed": "a\x0cb",
    "nul": "a\x00b",
    "escape": "\x1b[31mred\x1b[0m",
    "next line": "a\x85b",
    "line separator": "a\u2028b\u2029c",
    "lone surrogate": "a\udc80b",
    "right to left": "\u202eabc",
    "emoji": "\U0001f600",
    "percent": "%s %d %(x)s {0}",
    "quotes": "\"'\\",
}


repeatable = settings(deadline=None, derandomize=True, database=None)


class Unprintable:
    """An object whose own description fails to encode."""

    def __repr__(self) -> str:
        return "\udfff\n"


def line_of(message: Any, *args: Any, **extra: Any) -> str:
    """Return what the product's handler writes for a record."""
    record = logging.LogRecord("test", logging.INFO, __file__, 1, message, args, None)
    record.__dict__.update(extra)
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter())
    handler.handleError = _fail  # type: ignore[method-assign]
    handler.handle(record)
    return stream.buffer.getvalue().decode()  # type: ignore[attr-defined]


def _fail(record: logging.LogRecord) -> None:
    raise AssertionError("logging failed")


def assert_one_line(text: str) -> dict[str, Any]:
    """Check that a text is one line of JSON without control characters, and return the object."""
    assert text.endswith("\n")
    assert not any(category(char) in ("Cc", "Zl", "Zp") for char in text[:-1])
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@pytest.fixture
def logged() -> Iterator[Callable[[], str]]:
    """What the root logger writes meanwhile, at every level."""
    stream, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(stream), root.level
    handler.setFormatter(formatter())
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream.getvalue
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.parametrize("name", ODD)
def test_sec_25_odd_text_is_one_line(name: str) -> None:
    assert assert_one_line(line_of("%s", ODD[name]))["event"]


@pytest.mark.parametrize("name", ODD)
def test_sec_25_odd_text_in_an_extra_member_is_one_line(name: str) -> None:
    assert "path" in assert_one_line(line_of("request", path=ODD[name]))


@repeatable
@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_sec_25_any_text_is_one_line(text: str) -> None:
    assert assert_one_line(line_of("%s", text))


@repeatable
@given(st.binary())
def test_sec_25_any_bytes_are_one_line(data: bytes) -> None:
    assert assert_one_line(line_of("%s", data))
    assert assert_one_line(line_of("%s", data.decode("utf-8", "surrogateescape")))


@pytest.mark.parametrize(
    "value", [Unprintable(), object(), {1: 2}, {"a": {"\n"}}, 10**400, float("nan")]
)
def test_sec_25_any_object_is_one_line(value: Any) -> None:
    assert assert_one_line(line_of("value", value=value))


def test_sec_25_a_traceback_is_one_line() -> None:
    try:
        raise ValueError("a\nb\udc80")
    except ValueError:
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(formatter())
        logger = structlog.stdlib.get_logger("test.traceback")
        own = logging.getLogger("test.traceback")
        own.propagate = False  # a test report cannot carry a lone surrogate
        own.addHandler(handler)
        logger.exception("failed\nbadly")
    assert "ValueError" in assert_one_line(stream.getvalue())["exception"]


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer abcdefgh12345678",
        "X-IRIS-AUTH: abcdefgh12345678",
        "password=abcdefgh12345678",
        "Authorization: Basic abcdefgh12345678",
        'api_key="abcdefgh12345678"',
        "token: abcdefgh12345678",
        "{'user_password': 'abcdefgh12345678'}",
    ],
)
def test_sec_25_what_follows_a_secret_word_is_masked(text: str) -> None:
    assert "abcdefgh12345678" not in line_of("%s", text)


@pytest.mark.parametrize("other", [None, "\udc80"], ids=["plain", "beside what no encoding holds"])
def test_sec_25_a_secret_in_the_query_of_a_logged_request_is_masked(other: str | None) -> None:
    request = RequestFactory().get("/api/csoar/v3/x?token=abcdefgh12345678&page=2")
    line = line_of("failed", request=request, other=other)
    assert "abcdefgh12345678" not in line
    assert "/api/csoar/v3/x" in line


def test_sec_25_a_request_cannot_forge_a_line(
    api_analyst: ApiClient, logged: Callable[[], str]
) -> None:
    logging.getLogger("django.request").setLevel(logging.DEBUG)
    api_analyst.get("/nothing%0d%0a%7b%22event%22%3a%22forged%22%7d")
    api_analyst.client.get("/api/ping", headers={"x-request-id": 'a\r\n{"event": "forged"}'})
    lines = logged().splitlines(keepends=True)
    logging.getLogger("django.request").setLevel(logging.ERROR)
    assert lines
    assert all(assert_one_line(line)["event"] != "forged" for line in lines)


def test_sec_25_a_request_id_of_odd_text_is_not_taken_over(api_analyst: ApiClient) -> None:
    headers = api_analyst.headers | {"x-request-id": "a\tb c"}
    answer = api_analyst.client.get("/api/ping", headers=headers)
    assert answer["X-Request-ID"].isalnum()
