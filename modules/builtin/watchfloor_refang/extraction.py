"""Finds indicators in a text and says what they are."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from os import environ
from urllib.parse import urlsplit, urlunsplit

import validators

from .refanging import MEANT_DOT, refanged

# Else the list of top-level domains is read again for every name: seconds for a page of names.
environ.setdefault("PYVLD_CACHE_TLD", "True")
_URL = re.compile(r"(?i)(?<![a-z0-9+])(?:https?|ftps?)://[^\s<>\"'`{}|\\^\x00-\x1f]{4,2048}")
_MAIL = re.compile(rf"(?<![\w.%+-])[\w.%+-]{{1,64}}@[\w.{MEANT_DOT}-]{{3,253}}")
_WORD = re.compile(rf"[\w.:/{MEANT_DOT}-]+")
_IPV4 = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_NETWORK = re.compile(r"[0-9.]+/[0-9]{1,2}")
_HEX = re.compile(r"[0-9a-fA-F]+")
_VERSION_BEFORE = re.compile(r"(?i)(?:\bv|version|release|build) ?$")
_CLOSERS = {")": "(", "]": "["}
_TRAILING = ".,;:!?*_~'\""
_LONGEST_WORD = 2048
_LONGEST_NAME = 253
_SHORTEST_HASH = 32
HASHES = {32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}
# Top-level domains that in a text are far more often the end of a file's name.
FILE_ENDINGS = frozenset(
    [
        "app",
        "cab",
        "data",
        "inc",
        "java",
        "map",
        "md",
        "mk",
        "mm",
        "mov",
        "name",
        "pm",
        "properties",
        "ps",
        "pub",
        "py",
        "rs",
        "save",
        "sh",
        "so",
        "zip",
    ]
)
# Set aside for examples by RFC 2606, so that it is in no list; exercises are full of it.
EXAMPLE = ".example"
# Of the empty file; they are in every report and say nothing.
NOTHINGS = frozenset(
    (
        "d41d8cd98f00b204e9800998ecf8427e",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    )
)


@dataclass(frozen=True, slots=True)
class Indicator:
    """What was found: ip, domain, url, email, or the name of a hash; `is_meant` when it was defanged."""

    kind: str
    value: str
    is_meant: bool = False

    @property
    def host(self) -> str:
        """Return the address or name it is about."""
        if self.kind == "url":
            return urlsplit(self.value).hostname or ""
        return self.value.rpartition("@")[2]


def indicators(text: str) -> Iterator[Indicator]:
    """Yield the indicators of a text, each once.

    A URL is one indicator, not also its host. Versions, file names, networks and hashes of nothing are
    left out.
    """
    seen = set()
    for found in _all(refanged(text)):
        if (found.kind, found.value) not in seen:
            seen.add((found.kind, found.value))
            yield found


def _all(text: str) -> Iterator[Indicator]:
    rest, place = [], 0
    for match in _URL.finditer(text):
        url = _closed(match[0]).rstrip(_TRAILING)
        rest.append(text[place : match.start()])
        place = match.start() + len(url)
        yield from _url(url)
    text = " ".join([*rest, text[place:]])
    for match in _MAIL.finditer(text):
        yield from _mail(match[0])
    text = _MAIL.sub(" ", text)
    for match in _WORD.finditer(text):
        if len(match[0]) <= _LONGEST_WORD:
            yield from _word(match[0], text[max(0, match.start() - 8) : match.start()])


def _closed(url: str) -> str:
    """Return a URL up to a bracket that was opened before it, as in (https://a.example/b)."""
    opened: list[str] = []
    for place, letter in enumerate(url):
        if letter in "([":
            opened.append(letter)
        elif letter in _CLOSERS and (not opened or opened.pop() != _CLOSERS[letter]):
            return url[:place]
    return url


def _url(text: str) -> Iterator[Indicator]:
    is_meant = MEANT_DOT in text
    try:
        parts = urlsplit(text.replace(MEANT_DOT, "."))
        host = parts.hostname or ""
        is_valid = bool(_address(host)) or _is_domain(host)
        if is_valid and parts.port != 0:
            netloc = parts.netloc if "@" in parts.netloc else parts.netloc.lower()
            yield Indicator("url", urlunsplit(parts._replace(netloc=netloc)), is_meant)
    except ValueError:
        return


def _mail(text: str) -> Iterator[Indicator]:
    local, _, name = text.partition("@")
    domain = name.replace(MEANT_DOT, ".").rstrip(".-_").lower()
    local = local.strip(".")
    if local and _is_domain(domain):
        yield Indicator("email", f"{local}@{domain}", MEANT_DOT in name)


def _word(text: str, before: str) -> Iterator[Indicator]:
    """Yield what a run of letters, digits and . : / - holds; `before` is what stands before it."""
    is_meant = MEANT_DOT in text
    word = text.replace(MEANT_DOT, ".").strip("./-_")
    if len(word) < _SHORTEST_HASH and "." not in word and ":" not in word:
        return  # most words of most texts
    if word.count(":") > 1:
        address = _address(word) or _address(word.rstrip(":"))
        if address:
            yield Indicator("ip", address, is_meant)
            return
    if _NETWORK.fullmatch(word):
        return
    for part in re.split("[:/]", word):
        if len(part) in HASHES and _HEX.fullmatch(part):
            yield from _hash(part)
    if text.startswith("/") or before.endswith(("\\", "/")):
        return  # a path
    for part in word.split("/")[0].split(":"):
        written = part.strip(".-_")
        name = written.lower()
        if _IPV4.fullmatch(name):
            is_version = not is_meant and _VERSION_BEFORE.search(before)
            if _address(name) and not is_version:
                yield Indicator("ip", name, is_meant)
        elif _is_domain(name) and (is_meant or not _looks_like_prose(written)):
            yield Indicator("domain", name, is_meant)


def _looks_like_prose(name: str) -> bool:
    """Tell whether a name is rather a file's, a class's (System.IO), or two sentences (seen.It was)."""
    ending = name.rpartition(".")[2]
    is_mixed = ending != ending.lower() and name != name.upper()
    return is_mixed or ending.lower() in FILE_ENDINGS


def _hash(text: str) -> Iterator[Indicator]:
    value = text.lower()
    if value not in NOTHINGS and len(set(value)) > 4:
        yield Indicator(HASHES[len(value)], value)


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text)) if len(text) < 50 else ""
    except ValueError:
        return ""


def _is_domain(text: str) -> bool:
    if "." not in text or len(text) > _LONGEST_NAME:
        return False
    is_example = text.endswith(EXAMPLE)
    return validators.domain(text, consider_tld=not is_example, rfc_2782=True) is True
