"""The way out: what is sent, what comes back, and where limits end it."""

import json
import socket
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from modules.builtin.watchfloor_http import (
    AllowList,
    HttpClient,
    Policy,
    RequestFailed,
    RequestRefused,
)
from modules.builtin.watchfloor_http import addresses as addresses_file
from tests.modules.builtin.receiver import Answer, Receiver, receiving, talking

OPEN = Policy(allowed=AllowList.parse("127.0.0.1"), seconds=5)


def resolving_to(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Answer look-ups of names with one address after the other; return the names asked for."""
    asked: list[str] = []
    system = socket.getaddrinfo

    def look_up(host: str, port: int, *arguments: Any, **options: Any) -> list[Any]:
        if host == "127.0.0.1":
            return system(host, port, *arguments, **options)
        address = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(addresses_file.socket, "getaddrinfo", look_up)
    return asked


def test_a_request_is_sent_as_given(receiver: Receiver) -> None:
    receiver.answers = [Answer(201, b'{"a": 1}', {"X-Answer": "yes"})]
    answer = HttpClient(OPEN).request(
        "POST", f"{receiver.url}/a/b?c=d%2Fe&ü=1#part", headers={"X-Key": "k"}, body=b"text"
    )
    [sent] = receiver.requests
    assert (sent.method, sent.path, sent.body) == ("POST", "/a/b?c=d%2Fe&%C3%BC=1", b"text")
    assert (sent.headers["host"], sent.headers["x-key"]) == (f"127.0.0.1:{receiver.port}", "k")
    assert (answer.status, answer.json(), answer.headers["x-answer"]) == (201, {"a": 1}, "yes")


def test_the_log_line_holds_neither_path_nor_header(receiver: Receiver) -> None:
    lines: list[str] = []
    HttpClient(OPEN, lines.append).request(
        "GET", f"{receiver.url}/s3cret?key=s3cret", headers={"Authorization": "s3cret"}
    )
    assert len(lines) == 1
    assert lines[0].startswith("GET 127.0.0.1 answered 200 after ")
    assert "s3cret" not in lines[0]


def test_a_longer_answer_is_cut(receiver: Receiver) -> None:
    receiver.answers = [Answer(200, b"x" * 5000)]
    answer = HttpClient(replace(OPEN, maximum_bytes=100)).request("GET", receiver.url)
    assert (answer.is_cut, answer.body) == (True, b"x" * 100)
    with pytest.raises(RequestFailed, match="longer than 100 bytes"):
        answer.json()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer(200, b"<html>"), "not JSON"),
        (Answer(200, b"[" * 100_000), "not JSON"),
        (Answer(200, b"\x1f\x8b", {"Content-Encoding": "gzip"}), "compressed"),
        (Answer(200, b"{", {"Content-Length": "50", "Connection": "close"}), "ended early"),
    ],
)
def test_an_answer_that_is_not_plain_json_fails(
    receiver: Receiver, answer: Answer, message: str
) -> None:
    receiver.answers = [answer]
    with pytest.raises(RequestFailed, match=message):
        HttpClient(replace(OPEN, seconds=2)).request("GET", receiver.url).json()


def test_a_receiver_that_never_answers_costs_no_more_than_the_limit() -> None:
    with talking(lambda connection, done: done.wait(30) and None) as port:
        client = HttpClient(replace(OPEN, seconds=0.2))
        with pytest.raises(RequestFailed, match=r"no whole answer in 0\.2 s"):
            client.request("GET", f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nX-A: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_receiver_that_drips_bytes_wins_no_time(start: bytes) -> None:
    def drip(connection: socket.socket, done: threading.Event) -> None:
        connection.sendall(start)
        while not done.wait(0.02):
            connection.sendall(b"a")

    with talking(drip) as port:
        client = HttpClient(replace(OPEN, seconds=0.3))
        with pytest.raises(RequestFailed, match="no whole answer"):
            client.request("GET", f"http://127.0.0.1:{port}/")


def test_nobody_there_is_a_failure_with_its_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(RequestFailed, match="Connection refused"):
        HttpClient(OPEN).request("GET", f"http://127.0.0.1:{port}/")


def test_what_is_no_http_is_a_failure() -> None:
    def speak(connection: socket.socket, done: threading.Event) -> None:
        connection.recv(1000)
        connection.sendall(b"220 mail.example ESMTP\r\n")

    with talking(speak) as port, pytest.raises(RequestFailed, match="BadStatusLine"):
        HttpClient(OPEN).request("GET", f"http://127.0.0.1:{port}/")


def test_a_header_cannot_smuggle_another_one(receiver: Receiver) -> None:
    with pytest.raises(RequestRefused) as refusal:
        HttpClient(OPEN).request("GET", receiver.url, headers={"X-Key": "s3cret\r\nX-Evil: 1"})
    assert "s3cret" not in str(refusal.value)
    assert receiver.requests == []


def test_posts_are_not_redirected(receiver: Receiver) -> None:
    receiver.answers = [Answer(307, b"", {"Location": "/other"})]
    client = HttpClient(replace(OPEN, maximum_redirects=3))
    assert client.request("POST", receiver.url, body=b"a").status == 307
    assert len(receiver.requests) == 1


def test_a_redirect_within_an_origin_keeps_the_headers(receiver: Receiver) -> None:
    receiver.answers = [Answer(302, b"", {"Location": "../there?x=1"}), Answer()]
    client = HttpClient(replace(OPEN, maximum_redirects=3))
    client.request("GET", f"{receiver.url}/a/b", headers={"X-Key": "k"})
    assert [(r.path, r.headers["x-key"]) for r in receiver.requests] == [
        ("/a/b", "k"),
        ("/there?x=1", "k"),
    ]


def test_a_redirect_to_another_origin_loses_the_headers(receiver: Receiver) -> None:
    with receiving() as other:
        receiver.answers = [Answer(302, b"", {"Location": f"{other.url}/b"})]
        client = HttpClient(replace(OPEN, maximum_redirects=3))
        client.request("GET", receiver.url, headers={"X-Key": "k", "Accept": "text/x"})
        assert "x-key" not in other.requests[0].headers
        assert other.requests[0].headers["accept"] == "text/x"


def test_redirects_end(receiver: Receiver) -> None:
    receiver.answers = [Answer(302, b"", {"Location": "/again"})]
    with pytest.raises(RequestFailed, match="more than 3 redirects"):
        HttpClient(replace(OPEN, maximum_redirects=3)).request("GET", receiver.url)
    assert len(receiver.requests) == 4


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "http://127.0.0.2/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data/",
        "//0x7f.1/",
        "http://user:pass@127.0.0.1/",
        "http://[",
    ],
)
def test_a_redirect_is_checked_like_the_first_request(receiver: Receiver, location: str) -> None:
    receiver.answers = [Answer(302, b"", {"Location": location})]
    with pytest.raises(RequestRefused):
        HttpClient(replace(OPEN, maximum_redirects=3)).request("GET", receiver.url)


def test_the_name_is_in_the_request_and_the_address_in_the_connection(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolving_to(monkeypatch, "127.0.0.1", "127.0.0.2")
    HttpClient(OPEN).request("GET", f"http://receiver.example:{receiver.port}/")
    assert asked == ["receiver.example"]
    assert receiver.requests[0].headers["host"] == f"receiver.example:{receiver.port}"


def test_tls_checks_the_certificate_against_the_name(
    receiver: Receiver, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.speak_tls(certificate)
    resolving_to(monkeypatch, "127.0.0.1")
    client = HttpClient(replace(OPEN, ca_file=str(certificate)))
    assert client.request("GET", f"https://receiver.example:{receiver.port}/").status == 200
    with pytest.raises(RequestFailed, match=r"certificate: .*mismatch"):
        client.request("GET", f"https://other.example:{receiver.port}/")


def test_tls_trusts_no_unknown_authority(
    receiver: Receiver, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.speak_tls(certificate)
    resolving_to(monkeypatch, "127.0.0.1")
    with pytest.raises(RequestFailed, match=r"certificate: self.signed"):
        HttpClient(OPEN).request("GET", f"https://receiver.example:{receiver.port}/")


def test_a_redirect_never_leaves_tls(
    receiver: Receiver, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.speak_tls(certificate)
    resolving_to(monkeypatch, "127.0.0.1")
    receiver.answers = [Answer(302, b"", {"Location": "http://receiver.example/"})]
    client = HttpClient(replace(OPEN, ca_file=str(certificate), maximum_redirects=1))
    with pytest.raises(RequestRefused, match="from https to http"):
        client.request("GET", f"https://receiver.example:{receiver.port}/")


def test_a_missing_file_of_authorities_is_told() -> None:
    client = HttpClient(replace(OPEN, ca_file="missing.pem"))
    with pytest.raises(RequestRefused, match="cannot be read: No such file"):
        client.request("GET", "https://127.0.0.1/")


def test_json_of_an_answer_is_decoded(receiver: Receiver) -> None:
    receiver.answers = [Answer(200, json.dumps({"ü": [1, None]}).encode())]
    assert HttpClient(OPEN).request("GET", receiver.url).json() == {"ü": [1, None]}
