"""Showing configurations without their secrets, and taking back what was shown."""

import base64
import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

from soar.core.errors import Invalid
from soar.core.recording import MASK

PARTS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
ANYWHERE = ("password", "passwd", "passphrase", "secret", "token", "authorization", "credential")
WORDS = frozenset(["auth", "bearer", "cookie", "pass", "pwd"])
CREDENTIALS_IN_URL = re.compile(r"(?<=://)[^/@\s]+(?=@)")
PARAMETER_OF_URL = re.compile(r"([?&])([^=&#\s]+)=([^&#\s]+)")
SCHEME = re.compile(r"(?i)\s*(bearer|basic|token|apikey)\s+\S")
IDENTITIES = ("id", "name", "url", "request_url")
SHORTEST_SECRET = 4  # a shorter one would redact half of every text
NO_VALUE = f"A member shown as {MASK} has no stored value: give its value"


def is_secret_name(name: str) -> bool:
    """Tell whether a member of this name is likely to hold a secret."""
    lowered = name.lower()
    if any(word in lowered for word in ANYWHERE):
        return True
    parts = [part.lower() for part in PARTS.findall(name)]
    return any(part in WORDS or part.endswith(("key", "keys")) for part in parts)


def masked_text(text: str) -> str:
    """Return a JSON text with its secrets masked; text that is no JSON is masked whole."""
    try:
        value = json.loads(text)
    except ValueError:
        return MASK
    shown = masked_value(value)
    return text if shown == value else json.dumps(shown, indent=4)


def masked_value(value: Any, name: str = "") -> Any:
    """Return a JSON value with the leaves below secret-looking names masked."""
    if isinstance(value, dict):
        return {key: masked_value(item, _name_of(value, key, name)) for key, item in value.items()}
    if isinstance(value, list):
        return [masked_value(item, name) for item in value]
    if value is None or value == "" or isinstance(value, bool):
        return value
    if is_secret_name(name):
        return MASK
    return _masked_string(value) if isinstance(value, str) else value


def _name_of(owner: dict[str, Any], key: str, inherited: str) -> str:
    """Return the name by which a member is judged: its own, its owner's, or the one it is paired with."""
    if is_secret_name(inherited):
        return inherited
    title = owner.get("name")
    is_pair = key == "value" and isinstance(title, str)
    return str(title) if is_pair else key


def _masked_string(text: str) -> str:
    if SCHEME.match(text):
        return MASK
    text = CREDENTIALS_IN_URL.sub(MASK, text) if "://" in text else text
    return PARAMETER_OF_URL.sub(_masked_parameter, text)


def _masked_parameter(match: re.Match[str]) -> str:
    mark, name, value = match.groups()
    return f"{mark}{name}={MASK if is_secret_name(name) else value}"


def restored_text(text: str, old: str | None) -> str:
    """Return a JSON text with masked members replaced by what they stood for in the old one.

    Raise Invalid when a mask stands for nothing that is stored.
    """
    if MASK not in text:
        return text
    try:
        before = json.loads(old) if old else None
    except ValueError:
        before = None
    new = json.loads(text)
    if old is not None and before is not None and masked_value(before) == new:
        return old
    restored = _restored(new, before)
    if MASK in json.dumps(restored):
        raise Invalid(NO_VALUE)
    return json.dumps(restored, indent=4)


def _restored(new: Any, old: Any, name: str = "") -> Any:
    if old is not None and new == masked_value(old, name):
        return old
    if isinstance(new, dict):
        before = old if isinstance(old, dict) else {}
        return {
            key: _restored(item, before.get(key), _name_of(new, key, name))
            for key, item in new.items()
        }
    if isinstance(new, list):
        return _restored_list(new, old if isinstance(old, list) else [], name)
    return new


def _restored_list(new: list[Any], old: list[Any], name: str) -> list[Any]:
    """Restore each element from the old one it continues: the same one, else its only namesake.

    Never from one that merely stood at its place: a secret must not wander to a neighbour.
    """
    shown = [masked_value(one, name) for one in old]
    left = set(range(len(old)))
    chosen: dict[int, Any] = {}
    for place, item in enumerate(new):
        if place in left and shown[place] == item and (item != MASK or len(new) == len(old)):
            chosen[place] = old[place]
            left.discard(place)
    for place, item in enumerate(new):
        if place in chosen or item == MASK:
            continue
        same = next((one for one in sorted(left) if shown[one] == item), None)
        if same is not None:
            left.discard(same)
            chosen[place] = old[same]
    rest = [old[one] for one in sorted(left)]
    return [
        chosen[place] if place in chosen else _restored(item, _namesake(item, rest, name), name)
        for place, item in enumerate(new)
    ]


def _namesake(item: Any, old: list[Any], name: str) -> Any:
    owners = [one for one in old if isinstance(item, dict) and isinstance(one, dict)]
    for identity in IDENTITIES:
        wanted = item.get(identity) if owners else None
        found = [one for one in owners if masked_value(one, name).get(identity) == wanted]
        if wanted not in (None, MASK) and len(found) == 1:
            return found[0]
    return None


def secret_leaves(value: Any, name: str = "") -> list[str]:
    """Return the texts that masking would hide in a JSON value."""
    if isinstance(value, dict):
        return [
            text
            for key, item in value.items()
            for text in secret_leaves(item, _name_of(value, key, name))
        ]
    if isinstance(value, list):
        return [text for item in value for text in secret_leaves(item, name)]
    if value is None or isinstance(value, bool) or masked_value(value, name) == value:
        return []
    if is_secret_name(name) or SCHEME.match(str(value)):
        return [str(value), *str(value).split()[1:]]
    found = CREDENTIALS_IN_URL.findall(str(value))
    parts = [part for one in found for part in (one, *one.split(":")[1:])]
    return parts + [v for _, n, v in PARAMETER_OF_URL.findall(str(value)) if is_secret_name(n)]


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Return a text without the secrets, the longest first so that none leaves a rest.

    Also in the forms they take in URLs, in JSON, in what Python shows of a text, and in base64.
    """
    forms = {
        form for secret in secrets if len(secret) >= SHORTEST_SECRET for form in _forms(secret)
    }
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, MASK)
    return text


def _forms(secret: str) -> list[str]:
    plain = secret.encode("utf-8", "replace")
    encoded = [base64.b64encode(plain).decode(), base64.urlsafe_b64encode(plain).decode()]
    return [
        secret,
        quote(plain, safe=""),
        quote(plain),
        quote_plus(plain),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        *(text for whole in encoded for text in (whole, whole.rstrip("="))),
    ]
