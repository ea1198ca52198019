"""Secrets of module configurations at rest: sealed under a key derived from SOAR_TOKEN_KEY.

A sealed value opens only as the parameter of the module it was sealed for: their names are part of what
is authenticated, so a row copied over another one is of no use.
"""

import base64
import json
import secrets
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from soar.core.errors import Conflict

PURPOSE = b"module-parameters"
FORMAT = "1:"
NONCE_BYTES, KEY_BYTES = 12, 32


class CannotOpen(Conflict):
    """A sealed value is damaged, of another parameter, or of another SOAR_TOKEN_KEY."""


def seal(module_id: int, name: str, value: Any) -> str:
    """Return a JSON value encrypted for one parameter of one module."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    text = json.dumps(value).encode()
    sealed = AESGCM(_key(settings.SOAR_TOKEN_KEY)).encrypt(nonce, text, _place(module_id, name))
    return FORMAT + base64.urlsafe_b64encode(nonce + sealed).decode()


def unseal(module_id: int, name: str, sealed: str) -> Any:
    """Return what was sealed for this parameter. Raise CannotOpen."""
    try:
        if not sealed.startswith(FORMAT):
            raise ValueError(FORMAT)
        data = base64.urlsafe_b64decode(sealed.removeprefix(FORMAT))
        key = AESGCM(_key(settings.SOAR_TOKEN_KEY))
        text = key.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], _place(module_id, name))
    except (InvalidTag, ValueError) as error:
        message = f"The secret {name} cannot be opened, perhaps SOAR_TOKEN_KEY changed: set it anew"
        raise CannotOpen(message) from error
    return json.loads(text)


def _place(module_id: int, name: str) -> bytes:
    return json.dumps([module_id, name]).encode()


@lru_cache(maxsize=4)
def _key(token_key: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=PURPOSE).derive(token_key.encode())
