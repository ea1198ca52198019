"""Indicators are found however they are written, and what only looks like one is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchfloor_refang.extraction import indicators

MD5 = "44d88612fea8a8f36de82e1278abb02f"
SHA1 = "3395856ce81f2b7382dee72602f798b642f14140"
SHA256 = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"


def found(text: str) -> list[tuple[str, str]]:
    """Return kinds and values."""
    return [(one.kind, one.value) for one in indicators(text)]


@pytest.mark.parametrize(
    "text",
    [
        "http://evil.com/a",
        "hxxp://evil.com/a",
        "hXXp://evil[.]com/a",
        "http[:]//evil[.]com/a",
        "hxxp[://]evil(.)com/a",
        "h**p://evil{.}com/a",
        "hxxp:[/][/]evil[dot]com/a",
        "hxxp[:][/][/]evil [.] com[/]a",
        "HTTP://EVIL.com/a",
        "(see http://evil.com/a).",
        "[name](http://evil.com/a)",
        "<http://evil.com/a>",
        '"http://evil.com/a"',
        "**http://evil.com/a**",
        "url=http://evil.com/a;",
    ],
)
def test_urls_are_found_in_any_dress(text: str) -> None:
    assert found(text) == [("url", "http://evil.com/a")]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("hxxps://evil[.]com:8443/a?b=c#d", "url", "https://evil.com:8443/a?b=c#d"),
        ("fxp://evil[.]com/x", "url", "ftp://evil.com/x"),
        ("http://198.51.100.7/x", "url", "http://198.51.100.7/x"),
        ("http://[2001:db8::1]:80/x", "url", "http://[2001:db8::1]:80/x"),
        ("https://a.de/x_(y)", "url", "https://a.de/x_(y)"),
        ("198[.]51[.]100[.]7", "ip", "198.51.100.7"),
        ("198.51.100[.]7:443", "ip", "198.51.100.7"),
        ("[198.51.100.7]", "ip", "198.51.100.7"),
        ("198.51.100.7/login", "ip", "198.51.100.7"),
        ("2001[:]db8[:][:]1", "ip", "2001:db8::1"),
        ("2001:DB8:0:0:0:0:0:1", "ip", "2001:db8::1"),
        ("evil[.]com", "domain", "evil.com"),
        ("evil(dot)com", "domain", "evil.com"),
        ("evil[.com", "domain", "evil.com"),
        ("evil.]com", "domain", "evil.com"),
        ("EVIL.COM.", "domain", "evil.com"),
        ("www.evil.co.uk/path", "domain", "www.evil.co.uk"),
        ("evil.com:8080", "domain", "evil.com"),
        ("münchen.de", "domain", "münchen.de"),
        ("xn--mnchen-3ya.de", "domain", "xn--mnchen-3ya.de"),
        ("_a_b.evil.com_", "domain", "a_b.evil.com"),
        ("evil[.]zip", "domain", "evil.zip"),
        ("evil.example", "domain", "evil.example"),
        ("Evil.com", "domain", "evil.com"),
        ("Bad.Guy+x@evil.com", "email", "Bad.Guy+x@evil.com"),
        ("bad[at]evil[.]com", "email", "bad@evil.com"),
        ("bad [@] EVIL (dot) com,", "email", "bad@evil.com"),
        (f"md5={MD5}", "md5", MD5),
        (f"SHA1:{SHA1.upper()}", "sha1", SHA1),
        (f"file/{SHA256}/x", "sha256", SHA256),
        (SHA256[:56], "sha224", SHA256[:56]),
    ],
)
def test_every_kind_is_found(text: str, kind: str, value: str) -> None:
    assert found(f"before {text} after") == [(kind, value)]


@pytest.mark.parametrize(
    "text",
    [
        "setup.py, build.sh, lib.so, readme.md, archive.zip",
        "report.docx and foo.exe",
        "Main.java, config.inc, Safari.app",
        "System.IO was seen.It was not",
        r"C:\Users\evil.com",
        "/opt/evil.com/lib",
        "version 1.2.3.4",
        "v1.2.3.4",
        "10.0.0.0/8",
        "1.2.3.4.5",
        "300.1.1.1",
        "01.02.03.04",
        "12:30:45",
        "aa:bb:cc:dd:ee:ff",
        "std::vector",
        "e.g. this",
        "host.internal",
        "http://intranet/",
        "http://evil.com:0/",
        "http://a",
        "d41d8cd98f00b204e9800998ecf8427e",
        "0" * 32,
        "abc" * 11,
        "[see foo.] bar",
        "user@localhost",
        "",
    ],
)
def test_what_only_looks_like_one_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_each_is_found_once() -> None:
    assert found("evil[.]com evil.com EVIL(.)COM") == [("domain", "evil.com")]


def test_a_list_of_urls_is_several() -> None:
    assert found("http://a.com/1,http://b.com/2;https://c.com") == [
        ("url", "http://a.com/1"),
        ("url", "http://b.com/2"),
        ("url", "https://c.com"),
    ]


def test_what_was_defanged_is_known() -> None:
    assert [one.is_meant for one in indicators("evil[.]com other.com")] == [True, False]


@pytest.mark.parametrize(
    ("text", "host"),
    [("http://u@evil.com:1/x@y", "evil.com"), ("a@evil.com", "evil.com"), ("evil.com", "evil.com")],
)
def test_an_indicator_knows_its_host(text: str, host: str) -> None:
    assert [one.host for one in indicators(text)] == [host]


@given(st.text(alphabet="ahtp:/.[]()@dot x1\ue000\u00fc%-", max_size=300))
def test_no_text_is_too_odd(text: str) -> None:
    assert all(one.value and "\ue000" not in one.value for one in indicators(text))


@pytest.mark.parametrize(
    "part", ["a@", "a(", "[.]", "http://", "http://a.com,", "1.", "a:", "[dot]"]
)
def test_hostile_texts_are_read_to_their_end(part: str) -> None:
    text = (part * 20_000)[:50_000] + " evil[.]org"
    assert ("domain", "evil.org") in found(text)
