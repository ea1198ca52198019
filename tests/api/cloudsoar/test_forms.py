"""What the keys of a form spell, and which type its texts become."""

from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError

from soar.api.cloudsoar.forms import form_values
from tests.api.cloudsoar.echo import EchoIn


def read(form: str) -> Any:
    """Return what a form means for the echo's shape, before it is validated."""
    return form_values(QueryDict(form), EchoIn())


@pytest.mark.parametrize(
    ("form", "values"),
    [
        ("fields.description=x", {"fields": {"description": "x"}}),
        ("fields[description]=x", {"fields": {"description": "x"}}),
        (
            "fields[description]=x&fields.severity=5",
            {"fields": {"description": "x", "severity": "5"}},
        ),
        ("fields[type][]=A&fields[type][]=B", {"fields": {"type": ["A", "B"]}}),
        ("fields.type[0]=A&fields.type[1]=B", {"fields": {"type": ["A", "B"]}}),
        ("fields.type=A&fields.type=B", {"fields": {"type": ["A", "B"]}}),
        ("fields[a.b]=x", ParseError),
        ("a.b.c[d][e].f=x", {"a": {"b": {"c": {"d": {"e": {"f": "x"}}}}}}),
    ],
)
def test_dots_and_brackets_spell_members(form: str, values: Any) -> None:
    if values is ParseError:
        with pytest.raises(ParseError):
            read(form)
    else:
        assert read(form) == values


@pytest.mark.parametrize(
    "form",
    [
        "kind=A&kind=B",
        "kind[]=A&kind[]=B",
        "kind[0]=A&kind[1]=B",
        "kind[1]=B&kind[0]=A",
        "kind[7]=A&kind[900000]=B",
        "kind=A&kind[]=B",
        "kind[0]=A&kind[]=B",
        'kind=["A","B"]',
    ],
)
def test_all_ways_to_write_a_list(form: str) -> None:
    assert read(form) == {"kind": ["A", "B"]}


@pytest.mark.parametrize(
    ("form", "values"),
    [
        ("kind=A", {"kind": ["A"]}),
        ("kind=A,B", {"kind": ["A,B"]}),
        ("kind=", {"kind": []}),
        ("kind=[x]", {"kind": ["[x]"]}),
        ("ids=1&ids=", {"ids": ["1", None]}),
        ("kind[][name]=x&kind[][size]=1", {"kind": [{"name": "x", "size": "1"}]}),
        ("title=A&title=B", {"title": ["A", "B"]}),
    ],
)
def test_one_value_is_a_list_where_one_is_expected(form: str, values: Any) -> None:
    assert read(form) == values


def test_only_tags_are_split_at_commas() -> None:
    values = EchoIn().run_validation(read("tags=a, b,,a&kind=a, b"))
    assert values == {"tags": ["a", "b"], "kind": ["a, b"]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("True", True),
        ("1", True),
        ("on", True),
        ("false", False),
        ("0", False),
        ("off", False),
        ("", None),
        ("yes?", "yes?"),
    ],
)
def test_booleans(text: str, value: Any) -> None:
    assert read(f"is_open={text}") == {"is_open": value}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", ""),
        ("note", ""),
        ("number", None),
        ("moment", None),
        ("extra", None),
        ("kind", []),
        ("tags", []),
        ("unknown", ""),
    ],
)
def test_an_empty_text_is_null_unless_a_text_is_expected(name: str, value: Any) -> None:
    assert read(f"{name}=") == {name: value}


@pytest.mark.parametrize(
    ("form", "values"),
    [
        ('fields={"severity": 5}', {"fields": {"severity": 5}}),
        ('extra={"a": [1]}', {"extra": {"a": [1]}}),
        ("extra=plain", {"extra": "plain"}),
        ("extra={broken", {"extra": "{broken"}),
        ("extra.a=1&extra.b[]=2", {"extra": {"a": "1", "b": ["2"]}}),
        ('title={"a": 1}', {"title": '{"a": 1}'}),
    ],
)
def test_json_in_a_text_is_an_object_where_one_is_expected(form: str, values: Any) -> None:
    assert read(form) == values


@pytest.mark.parametrize(
    "form",
    [
        "a=1&a.b=2",
        "a.b=2&a=1",
        "a[]=1&a.b=2",
        "a[0]=1&a[b]=2",
        "a[=1",
        "a]=1",
        "a..b=1",
        ".a=1",
        "a.=1",
        "a[b[c]]=1",
        "[a]=1",
        "=1",
        f"{'a' * 501}=1",
        f"{'a.' * 10}a=1",
        f"a{'[]' * 10}=1",
    ],
)
def test_keys_that_spell_nothing_are_refused(form: str) -> None:
    with pytest.raises(ParseError):
        read(form)


PARTS = st.sampled_from(["a", "b", "fields", "kind", "[", "]", "[]", "[0]", "[9]", ".", "[a]", ""])
KEYS = st.lists(PARTS, max_size=8).map("".join)


@settings(deadline=None, derandomize=True, database=None, max_examples=300)
@given(st.lists(st.tuples(KEYS, st.sampled_from(["", "x", "{", '{"a": 1}', "[1]"])), max_size=6))
def test_any_form_is_read_or_refused(pairs: list[tuple[str, str]]) -> None:
    form = QueryDict(mutable=True)
    for key, value in pairs:
        form.appendlist(key, value)
    try:
        assert isinstance(form_values(form, EchoIn()), dict)
    except ParseError as error:
        assert "The key" in str(error)
