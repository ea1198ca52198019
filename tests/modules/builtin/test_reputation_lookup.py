"""Look-ups ask for exactly the indicator and read the answer as told."""

from typing import Any

import pytest
from watchfloor_http import AllowList, HttpClient, Policy
from watchfloor_reputation.lookup import (
    ConfigurationError,
    LookupFailed,
    Paths,
    Reputation,
    Scale,
    check_template,
    look_up,
    url_of,
)
from watchfloor_reputation.report import report_of

from tests.modules.builtin.receiver import Answer, Receiver

SCALE = Scale(frozenset(["bad"]), frozenset(["odd"]), malicious_from=70, suspicious_from=30)
PATHS = Paths("data.verdict", "data.score", "data.tags[*].name")


def ask(receiver: Receiver, body: bytes, status: int = 200, paths: Paths = PATHS) -> Any:
    """Look something up and get this answer."""
    receiver.answers = [Answer(status, body)]
    client = HttpClient(Policy(AllowList.parse("127.0.0.1"), seconds=5))
    return look_up(client, f"{receiver.url}/x", {"X-Key": "k"}, paths, SCALE)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("evil.example", "/domain/evil.example?q=evil.example"),
        (
            "http://a/b?c=d&e#f",
            "/domain/http%3A%2F%2Fa%2Fb%3Fc%3Dd%26e%23f?q=http%3A%2F%2Fa%2Fb%3Fc%3Dd%26e%23f",
        ),
        ("..", "/domain/%2E%2E?q=%2E%2E"),
        ("../../admin", "/domain/..%2F..%2Fadmin?q=..%2F..%2Fadmin"),
        ("{type}", "/domain/%7Btype%7D?q=%7Btype%7D"),
        ("ü \r\n", "/domain/%C3%BC%20%0D%0A?q=%C3%BC%20%0D%0A"),
    ],
)
def test_the_value_stays_where_it_was_put(value: str, path: str) -> None:
    template = "https://service.example/{type}/{value}?q={value}"
    assert url_of(template, value, "domain") == f"https://service.example{path}"


@pytest.mark.parametrize(
    "template",
    [
        "https://service.example/",
        "https://service.example/{type}",
        "https://service.example/{value}/{other}",
        "https://{value}.service.example/",
        "https://{value}/",
        "{type}://service.example/{value}",
        "https://service.example{value}",
        "{value}",
    ],
)
def test_a_template_must_name_its_host_and_the_value(template: str) -> None:
    with pytest.raises(ConfigurationError, match="the URL must"):
        check_template(template)


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (Paths("data[", ""), "path of the verdict"),
        (Paths("", "a b"), "path of the score"),
        (Paths("a", "", "|"), "path of the tags"),
        (Paths(), "either the path of the verdict or of the score is needed"),
    ],
)
def test_paths_that_cannot_be_read_are_told(paths: Paths, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        paths.check()


def test_an_answer_is_read(receiver: Receiver) -> None:
    body = (
        b'{"data": {"verdict": "Bad", "score": "12.5", "tags": [{"name": "c2"}, {"name": "c2"}]}}'
    )
    found = ask(receiver, body)
    assert (found.verdict, found.word, found.score, found.tags) == (
        "malicious",
        "Bad",
        12.5,
        ["c2"],
    )
    assert receiver.requests[0].headers["x-key"] == "k"


@pytest.mark.parametrize(
    ("word", "score", "verdict"),
    [
        ("", None, "unknown"),
        ("fine", None, "harmless"),
        ("ODD", None, "suspicious"),
        ("fine", 70.0, "malicious"),
        ("bad", 0.0, "malicious"),
        ("", 69.9, "suspicious"),
        ("", -1.0, "harmless"),
    ],
)
def test_the_worse_of_word_and_score_counts(word: str, score: float | None, verdict: str) -> None:
    assert SCALE.verdict(word, score) == verdict


def test_tags_are_few_short_and_single(receiver: Receiver) -> None:
    names = ["a,b", " ", "x" * 500, *(f"t{n}" for n in range(50))]
    body = '{"tags": [' + ", ".join(f'"{name}"' for name in names) + ', {"no": 1}, null, 5]}'
    tags = ask(receiver, body.encode(), paths=Paths("v", "", "tags")).tags
    assert tags[:3] == ["a b", "x" * 60, "t0"]
    assert len(tags) == 20


def test_one_tag_needs_no_list(receiver: Receiver) -> None:
    assert ask(receiver, b'{"tag": "c2"}', paths=Paths("v", "", "tag")).tags == ["c2"]


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b"{}", b'{"data": 5}', b'{"data": {"score": true}}']
)
def test_an_answer_without_what_is_looked_for_says_nothing(receiver: Receiver, body: bytes) -> None:
    assert ask(receiver, body).verdict == "unknown"


def test_an_unknown_indicator_is_no_failure(receiver: Receiver) -> None:
    assert ask(receiver, b"<h1>not found</h1>", 404) is None


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"{}", 401, "the service answered 401"),
        (b"{}", 500, "the service answered 500"),
        (b"<html>", 200, "the answer is not JSON"),
        (b'{"v": "a"}', 200, "another form than expected"),
    ],
)
def test_another_answer_is_a_failure(
    receiver: Receiver, body: bytes, status: int, message: str
) -> None:
    with pytest.raises(LookupFailed, match=message):
        ask(receiver, body, status, Paths("sum(v)", ""))


def test_nothing_gets_into_the_report_unescaped() -> None:
    evil = '<script>alert(1)</script><img src=x onerror=alert(1)>&"'
    found = Reputation("malicious", evil, 5.0, [evil], {evil: [evil]})
    report = report_of(evil, "2026-01-01", found)
    assert "<script" not in report
    assert "<img" not in report
    assert report.count("&lt;script&gt;") == 5
    assert "<th>Its score</th><td>5</td>" in report


def test_a_long_or_deep_answer_does_not_break_the_report() -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    assert "nested too deeply" in report_of("s", "", Reputation("unknown", "", None, [], deep))
    long = report_of("s", "", Reputation("unknown", "", None, [], ["x" * 90_000]))
    assert len(long) < 60_000
    assert "(cut)" in long
