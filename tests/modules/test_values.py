"""Values of module parameters: what is accepted, how it is stored, what a module gets."""

from typing import Any

import pytest

from modules.services.values import accepted, cast, is_sealed, is_secret
from soar.core.errors import Invalid


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        ("bool", True, True),
        ("bool", "TRUE", True),
        ("bool", "false", False),
        ("bool", 0, False),
        ("int", "15", 15),
        ("integer", " -3 ", -3),
        ("integer", 15, 15),
        ("int", 2.0, 2),
        ("float", "0.5", 0.5),
        ("float", 3, 3.0),
        ("string", "  kept  ", "  kept  "),
        ("string", 5, "5"),
        ("sensitive_string", "k", "k"),
        ("textfield_html", "<b>x</b>", "<b>x</b>"),
        ("textfield_json", '{"a": 1}', '{"a": 1}'),
        ("textfield_json", {"a": 1}, '{\n    "a": 1\n}'),
        ("of_a_new_kind", "x", "x"),
    ],
)
def test_a_value_is_stored_in_the_type_it_was_declared(kind: str, value: Any, stored: Any) -> None:
    assert accepted(kind, value) == stored
    assert type(accepted(kind, value)) is type(stored)


@pytest.mark.parametrize("kind", ["bool", "int", "float", "string", "textfield_json"])
@pytest.mark.parametrize("value", [None, ""])
def test_nothing_is_no_value(kind: str, value: Any) -> None:
    assert accepted(kind, value) is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("bool", "maybe"),
        ("bool", 2),
        ("bool", []),
        ("int", "1.5"),
        ("int", 1.5),
        ("int", True),
        ("integer", "ten"),
        ("integer", "9" * 40),
        ("integer", 10**40),
        ("float", "nan"),
        ("float", "inf"),
        ("float", True),
        ("float", {}),
        ("string", True),
        ("string", "a\x00b"),
        ("string", "\ud800"),
        ("string", 10**400),
        ("sensitive_string", "x" * 1_000_001),
        ("textfield_json", "{broken"),
        ("textfield_json", "NaN"),
        ("textfield_json", "[" * 200 + "]" * 200),
        ("textfield_json", "[" * 100_000),
    ],
)
def test_a_value_of_another_type_is_refused(kind: str, value: Any) -> None:
    with pytest.raises(Invalid):
        accepted(kind, value)


@pytest.mark.parametrize(
    ("kind", "stored", "given"),
    [
        ("bool", "True", True),
        ("bool", "nonsense", False),
        ("int", "15", 15),
        ("integer", "15", 15),
        ("float", "1.5", 1.5),
        ("integer", "its author erred", "its author erred"),
        ("string", "x", "x"),
        ("int", None, None),
    ],
)
def test_a_module_reads_values_in_their_type(kind: str, stored: Any, given: Any) -> None:
    assert cast(kind, stored) == given
    assert type(cast(kind, stored)) is type(given)


@pytest.mark.parametrize(
    ("kind", "name", "secret", "sealed"),
    [
        ("sensitive_string", "anything", True, True),
        ("string", "misp_api_key", True, True),
        ("string", "url", False, False),
        ("bool", "key_is_premium", False, False),
        ("textfield_json", "webhooks", False, True),
        ("textfield_html", "report_template", False, False),
    ],
)
def test_what_is_secret_is_told_by_type_and_name(
    kind: str, name: str, secret: bool, sealed: bool
) -> None:
    assert (is_secret(kind, name), is_sealed(kind, name)) == (secret, sealed)
