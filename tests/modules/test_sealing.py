"""Secrets of module configurations at rest."""

import base64

import pytest
from django.test import override_settings

from modules.services.sealing import CannotOpen, seal, unseal

OTHER_KEY = "o" * 40


@pytest.mark.parametrize("value", ["s3cret", "", "ünïcode \n ☃", {"a": [1, None]}, 7, True])
def test_what_was_sealed_opens_again(value: object) -> None:
    assert unseal(1, "vt_api_key", seal(1, "vt_api_key", value)) == value


def test_a_sealed_value_shows_nothing_and_is_never_the_same_twice() -> None:
    first, second = seal(1, "key", "s3cret-value"), seal(1, "key", "s3cret-value")
    assert first != second
    assert b"s3cret" not in base64.urlsafe_b64decode(first[2:])


@pytest.mark.parametrize(("module_id", "name"), [(2, "key"), (1, "other"), (11, "key")])
def test_a_value_does_not_open_at_another_place(module_id: int, name: str) -> None:
    with pytest.raises(CannotOpen):
        unseal(module_id, name, seal(1, "key", "s3cret"))


def test_the_place_is_not_a_concatenation() -> None:
    with pytest.raises(CannotOpen):
        unseal(12, "3", seal(1, "23", "s3cret"))


@pytest.mark.parametrize("sealed", ["", "1:", "2:abcd", "1:!!!!", "1:" + "A" * 40, "plain"])
def test_damage_is_told_without_the_content(sealed: str) -> None:
    with pytest.raises(CannotOpen, match="The secret key cannot be opened"):
        unseal(1, "key", sealed)


def test_a_changed_byte_is_noticed() -> None:
    data = bytearray(base64.urlsafe_b64decode(seal(1, "key", "s3cret")[2:]))
    data[-1] ^= 1
    with pytest.raises(CannotOpen):
        unseal(1, "key", "1:" + base64.urlsafe_b64encode(bytes(data)).decode())


def test_another_token_key_opens_nothing() -> None:
    sealed = seal(1, "key", "s3cret")
    with override_settings(SOAR_TOKEN_KEY=OTHER_KEY), pytest.raises(CannotOpen):
        unseal(1, "key", sealed)
    assert unseal(1, "key", sealed) == "s3cret"
