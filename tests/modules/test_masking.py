"""Showing configurations without their secrets, and taking back what was shown."""

import json
from typing import Any

import pytest

from modules.services.masking import (
    is_secret_name,
    masked_text,
    masked_value,
    redacted,
    restored_text,
    secret_leaves,
)
from soar.core.errors import Invalid
from soar.core.recording import MASK


def text_of(value: Any) -> str:
    """Return a value as an editor would save it."""
    return json.dumps(value, indent=4)


@pytest.mark.parametrize(
    "name",
    [
        "key",
        "api_key",
        "apiKey",
        "X-Api-Key",
        "VT_KEY",
        "apikey",
        "keys",
        "token",
        "accessToken",
        "password",
        "db_passwd",
        "secret",
        "client_secret",
        "Authorization",
        "proxy-authorization",
        "credentials",
        "passphrase",
        "auth",
        "cookie",
        "pwd",
        "bearer",
    ],
)
def test_these_names_hide_their_value(name: str) -> None:
    assert is_secret_name(name)
    assert masked_value({name: "v4lue"}) == {name: MASK}


@pytest.mark.parametrize(
    "name", ["keyword", "keyboard_layout", "url", "name", "author", "passive", "use_ssl", "hooks"]
)
def test_these_names_hide_nothing(name: str) -> None:
    assert masked_value({name: "v4lue"}) == {name: "v4lue"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"a": {"token": "x"}}, {"a": {"token": MASK}}),
        ({"auth": {"user": "u", "pass": ["p"]}}, {"auth": {"user": MASK, "pass": [MASK]}}),
        ([{"key": 12345}], [{"key": MASK}]),
        ({"token": "", "key": None, "secret": True}, {"token": "", "key": None, "secret": True}),
        ({"headers": {"X": "Bearer abc"}}, {"headers": {"X": MASK}}),
        ({"name": "X-Api-Key", "value": "abc"}, {"name": "X-Api-Key", "value": MASK}),
        ({"url": "https://u:p@h/x"}, {"url": f"https://{MASK}@h/x"}),
        ({"url": "https://h/x?a=1&apikey=s3"}, {"url": f"https://h/x?a=1&apikey={MASK}"}),
    ],
)
def test_secrets_are_masked_wherever_they_stand(value: Any, shown: Any) -> None:
    assert masked_value(value) == shown


def test_a_text_without_secrets_is_shown_as_it_was_typed() -> None:
    text = '{"b":1,   "a": "x"}'
    assert masked_text(text) == text


def test_a_text_that_is_no_json_is_hidden_whole() -> None:
    assert masked_text("{broken") == MASK


HOOKS = [
    {"name": "one", "url": "https://a.example", "headers": {"token": "t-one"}},
    {"name": "two", "url": "https://b.example", "headers": {"token": "t-two"}},
]


def test_what_comes_back_as_it_was_shown_keeps_every_secret() -> None:
    stored = '{"token":   "t0ken"}'
    assert restored_text(masked_text(stored), stored) == stored


def test_a_changed_neighbour_keeps_the_masked_secret() -> None:
    stored = text_of({"url": "https://a", "api_key": "s3cret"})
    changed = text_of({"url": "https://b", "api_key": MASK})
    assert json.loads(restored_text(changed, stored)) == {"url": "https://b", "api_key": "s3cret"}


def test_a_new_value_replaces_a_secret() -> None:
    stored = text_of({"api_key": "old"})
    assert json.loads(restored_text(text_of({"api_key": "new"}), stored)) == {"api_key": "new"}


def test_a_secret_never_wanders_to_a_neighbour_of_a_list() -> None:
    shown = masked_value(HOOKS)
    restored = json.loads(restored_text(text_of([shown[1], shown[0]]), text_of(HOOKS)))
    assert restored == [HOOKS[1], HOOKS[0]]
    restored = json.loads(restored_text(text_of([shown[1]]), text_of(HOOKS)))
    assert restored == [HOOKS[1]]


def test_an_edited_element_is_known_by_its_name() -> None:
    shown = masked_value(HOOKS)
    shown[1]["url"] = "https://c.example"
    restored = json.loads(restored_text(text_of(shown[1:]), text_of(HOOKS)))
    assert restored == [HOOKS[1] | {"url": "https://c.example"}]


def test_equal_looking_elements_keep_their_own_secrets() -> None:
    stored = [{"name": "same", "token": "a-1"}, {"name": "same", "token": "b-2"}]
    shown = [*masked_value(stored), {"name": "third", "token": "c-3"}]
    restored = json.loads(restored_text(text_of(shown), text_of(stored)))
    assert [one["token"] for one in restored] == ["a-1", "b-2", "c-3"]


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ({"token": MASK}, None),
        ({"token": MASK}, {"other": "x"}),
        ([{"name": "three", "token": MASK}], HOOKS),
        ({"tokens": [MASK]}, {"tokens": ["a", "b"]}),
        ({"url": f"https://{MASK}@evil.example"}, {"url": "https://u:p@good.example"}),
    ],
)
def test_a_mask_that_stands_for_nothing_is_refused(new: Any, old: Any) -> None:
    with pytest.raises(Invalid, match="has no stored value"):
        restored_text(text_of(new), None if old is None else text_of(old))


def test_every_hidden_text_is_known_for_redaction() -> None:
    value = {
        "token": "t0ken",
        "h": {"Authorization": "Bearer abc.def"},
        "u": "https://usr:pw99@h/?key=k-9",
        "n": "x",
    }
    assert set(secret_leaves(value)) >= {"t0ken", "abc.def", "pw99", "k-9"}
    assert "x" not in secret_leaves(value)


def test_redaction_leaves_no_rest_of_a_longer_secret() -> None:
    assert redacted("GET /?k=abcd-efgh", ["abcd", "abcd-efgh"]) == f"GET /?k={MASK}"
    assert redacted("a b c", ["a", ""]) == "a b c"
