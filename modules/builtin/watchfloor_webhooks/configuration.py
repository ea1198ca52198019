"""Reads the list of webhooks and says exactly what is wrong with it."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

from watchfloor_http import RequestRefused, require_plain_url

MEMBERS = ("name", "url", "secret", "hooks", "headers", "template", "active")
SHORTEST_SECRET = 16
HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,100}")
HEADER_VALUE = re.compile(r"[\x20-\x7e]{0,4000}")
OWN_HEADERS = (
    "host",
    "content-length",
    "content-type",
    "connection",
    "transfer-encoding",
    "user-agent",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "x-watchfloor-hook",
)


class ConfigurationError(Exception):
    """The configuration cannot be used; `problems` are sentences for whoever wrote it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a delivery goes, on which hooks, how it is signed and what it says."""

    name: str
    url: str = field(repr=False)
    secret: str = field(repr=False)
    hooks: frozenset[str]
    headers: dict[str, str] = field(repr=False)
    template: Any
    is_active: bool


def read_webhooks(text: Any, known_hooks: Iterable[str]) -> list[Webhook]:
    """Return the webhooks of a configuration. Raise ConfigurationError with every problem found."""
    entries = _decoded(text)
    known = [name for name in known_hooks if not name.startswith("on_preload_")]
    problems: list[str] = []
    webhooks = []
    for number, entry in enumerate(entries, start=1):
        reader = _Reader(number, entry, known)
        webhooks.append(reader.webhook())
        problems += reader.problems
    names = [webhook.name for webhook in webhooks]
    for name in dict.fromkeys(name for name in names if name and names.count(name) > 1):
        problems.append(f'the name "{name}" is used more than once')
    if problems:
        raise ConfigurationError(problems)
    return webhooks


def _decoded(text: Any) -> list[Any]:
    try:
        entries = json.loads(text) if isinstance(text, str) else text
    except ValueError as error:
        raise ConfigurationError([f"the webhooks are not valid JSON: {error}"]) from None
    if not isinstance(entries, list):
        raise ConfigurationError(["the webhooks must be a JSON list: [ {...}, {...} ]"])
    return entries


class _Reader:
    """Reads one entry and collects what is wrong with it."""

    def __init__(self, number: int, entry: Any, known_hooks: list[str]) -> None:
        self.problems: list[str] = []
        self._known = known_hooks
        self._entry = entry if isinstance(entry, dict) else {}
        name = self._entry.get("name")
        self._title = f'webhook {number} ("{name}")' if name else f"webhook {number}"
        if not isinstance(entry, dict):
            self._wrong("must be an object { ... }")

    def _wrong(self, text: str) -> None:
        self.problems.append(f"{self._title}: {text}")

    def webhook(self) -> Webhook:
        """Return the entry; what was wrong is empty in it."""
        for member in self._entry:
            if member not in MEMBERS:
                self._wrong(f'"{member}" is unknown{_meant(member, MEMBERS)}')
        if not isinstance(self._entry.get("active", True), bool):
            self._wrong('"active" must be true or false')
        return Webhook(
            name=self._text("name"),
            url=self._url(),
            secret=self._secret(),
            hooks=self._hooks(),
            headers=self._headers(),
            template=self._entry.get("template"),
            is_active=self._entry.get("active", True) is True,
        )

    def _text(self, member: str) -> str:
        value = self._entry.get(member)
        if isinstance(value, str) and value.strip():
            return value.strip()
        if self._entry:
            self._wrong(f'"{member}" is missing or not a text')
        return ""

    def _url(self) -> str:
        url = self._text("url")
        try:
            if url:
                require_plain_url(url)
        except RequestRefused as error:
            self._wrong(f'"url": {error}')
        return url

    def _secret(self) -> str:
        secret = self._text("secret")
        if secret and len(secret) < SHORTEST_SECRET:
            self._wrong(f'"secret" must have at least {SHORTEST_SECRET} characters')
        return secret

    def _hooks(self) -> frozenset[str]:
        wanted = self._entry.get("hooks")
        if not isinstance(wanted, list) or not wanted:
            if self._entry:
                self._wrong('"hooks" must be a list of names of hooks')
            return frozenset()
        return frozenset(name for pattern in wanted for name in self._matching(pattern))

    def _matching(self, pattern: Any) -> list[str]:
        text = pattern if isinstance(pattern, str) else ""
        found = [name for name in self._known if fnmatchcase(name, text)]
        if text.startswith("on_preload_") and not found:
            self._wrong(f'"{text}": webhooks are sent after a change, so preload hooks have none')
        elif not found:
            self._wrong(f'hook "{pattern}" is unknown{_meant(text, self._known)}')
        return found

    def _headers(self) -> dict[str, str]:
        headers = self._entry.get("headers", {})
        if not isinstance(headers, dict):
            self._wrong('"headers" must be an object of names and values')
            return {}
        for name, value in headers.items():
            if not HEADER_NAME.fullmatch(name):
                self._wrong(f'"{name}" is not the name of a header')
            elif name.lower() in OWN_HEADERS:
                self._wrong(f'header "{name}" is set by Watchfloor')
            elif not isinstance(value, str) or not HEADER_VALUE.fullmatch(value):
                self._wrong(f'header "{name}" must have a text of printable ASCII characters')
        return headers


def _meant(word: str, choices: Iterable[str]) -> str:
    close = get_close_matches(word, list(choices), n=1, cutoff=0.7)
    return f', did you mean "{close[0]}"?' if close else ""
