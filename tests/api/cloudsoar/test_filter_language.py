"""The filter language: which clauses a text has, and that it takes no longer than it is long."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soar.api.cloudsoar import filter_language
from soar.api.cloudsoar.filter_language import Clause, clauses_of
from soar.core.errors import Invalid

KNOWN = {"incident id", "incidentid", "status", "value", "name", "opt_1"}


def parts(text: str) -> list[tuple[Any, ...]]:
    """Return the clauses as tuples; free text as its value alone."""
    return [
        (one.field, one.operator, one.value, *(["quoted"] if one.is_quoted else []))
        if one.field
        else (one.value,)
        for one in clauses_of(text, KNOWN)
    ]


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("Incident ID: INSIGHT-28592", ("incident id", ":", "INSIGHT-28592")),
        ('value:"203.0.113.7"', ("value", ":", "203.0.113.7", "quoted")),
        ("  INCIDENT   id :  x  ", ("incident id", ":", "x")),
        ("name=a b  c", ("name", "=", "a b  c")),
        ("name!=x", ("name", "!=", "x")),
        ("name>x", ("name", ">", "x")),
        ("name<x", ("name", "<", "x")),
        ("name >= x", ("name", ">=", "x")),
        ("name<=x", ("name", "<=", "x")),
        ("name::x", ("name", ":", ":x")),
        ("name:http://a/?b=c", ("name", ":", "http://a/?b=c")),
        ('name:"a "b" c"', ("name", ":", 'a "b" c', "quoted")),
        ('name:""', ("name", ":", "", "quoted")),
        ('name:"""', ("name", ":", '"', "quoted")),
        ('name:a"b"', ("name", ":", 'a"b"')),
        ("opt_1:5", ("opt_1", ":", "5")),
    ],
)
def test_a_clause_about_a_field(text: str, clause: tuple[Any, ...]) -> None:
    assert parts(text) == [clause]


@pytest.mark.parametrize(
    "text",
    [
        "203.0.113.7",
        "2001:db8::1",
        "http://evil.example/x?status=1",
        "https://a.example/?a=b&c<d",
        "user@example.org",
        "two words",
        "foo > bar",
        "no such field: x",
        "names: x",
        "C:\\Windows",
        'a "quoted" word',
        '"open',
        '"a" b',
        ": x",
        "AND",
        "a AND",
        "and and and",
    ],
)
def test_free_text_whatever_is_in_it(text: str) -> None:
    assert parts(text) == [(text,)]


def test_quoted_free_text_loses_its_quotes() -> None:
    assert parts('"cats AND dogs"') == [("cats AND dogs",)]


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("status:Open AND name:x", [("status", ":", "Open"), ("name", ":", "x")]),
        ("a AND b", [("a",), ("b",)]),
        ("a  AND\tb", [("a",), ("b",)]),
        ("a and b", [("a and b",)]),
        ("aANDb", [("aANDb",)]),
        ('value:"a AND b"', [("value", ":", "a AND b", "quoted")]),
        (
            'value:"a" AND status:"b"',
            [("value", ":", "a", "quoted"), ("status", ":", "b", "quoted")],
        ),
        ('value:"a" AND b', [("value", ":", "a", "quoted"), ("b",)]),
        (
            'value:"say "hi" AND status:"b"',
            [("value", ":", 'say "hi', "quoted"), ("status", ":", "b", "quoted")],
        ),
        ('value:"say "hi" AND bye"', [("value", ":", 'say "hi" AND bye', "quoted")]),
        ("http://a AND status:x", [("http://a",), ("status", ":", "x")]),
        ("a AND b AND name>=1", [("a",), ("b",), ("name", ">=", "1")]),
    ],
)
def test_clauses_are_joined_by_and(text: str, clauses: list[Any]) -> None:
    assert parts(text) == clauses


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_an_empty_filter_has_no_clause(text: str) -> None:
    assert parts(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "status:",
        "status:  ",
        "name:x AND status:",
        'value:"open',
        'value:"',
        'value:"a" b',
        "x" * 10_001,
        " AND ".join(["a"] * 51),
    ],
)
def test_what_has_no_meaning_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        clauses_of(text, KNOWN)
    assert set(refusal.value.fields) == {"filter"}


HOSTILE = [
    "a AND ",
    " AND",
    '" AND "',
    'value:"',
    'value:"a" AND ',
    'value:"a AND b" AND ',
    " ",
    "\t AND \t",
    ":",
    '"',
    "incident ",
    "status:",
    "a:b AND " + " " * 50,
]


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("start", ["", 'value:"', "status:x"])
def test_sec_22_no_text_takes_more_than_its_length(
    monkeypatch: pytest.MonkeyPatch, piece: str, start: str
) -> None:
    monkeypatch.setattr(filter_language, "LONGEST_FILTER", 10**7)
    monkeypatch.setattr(filter_language, "MAXIMUM_CLAUSES", 10**7)
    seconds = []
    for length in (50_000, 200_000):
        text = (start + piece * length)[:length]
        began = time.process_time()
        try:
            clauses_of(text, KNOWN)
        except Invalid as refusal:
            assert refusal.fields
        seconds.append(time.process_time() - began)
    assert seconds[1] < 2.0  # measured: 0.3 s; a quadratic reader would need minutes


@settings(deadline=None, derandomize=True, database=None, max_examples=500)
@given(st.lists(st.sampled_from([*HOSTILE, "x", "AND", "=", " "]), max_size=12).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = clauses_of(text, KNOWN)
    except Invalid as refusal:
        assert set(refusal.fields) == {"filter"}
    else:
        assert all(isinstance(one, Clause) and (one.value or one.is_quoted) for one in found)
