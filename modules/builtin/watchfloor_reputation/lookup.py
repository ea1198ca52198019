"""Asks the service and reads verdict, score and tags out of its answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import jmespath
from jmespath.exceptions import JMESPathError
from watchfloor_http import HttpClient, RequestFailed

UNKNOWN, HARMLESS, SUSPICIOUS, MALICIOUS = "unknown", "harmless", "suspicious", "malicious"
VERDICTS = (UNKNOWN, HARMLESS, SUSPICIOUS, MALICIOUS)
_FIELD = re.compile(r"\{([^{}]*)\}")
LONGEST_TAG, MOST_TAGS = 60, 20


class ConfigurationError(Exception):
    """The parameters cannot be used; the text says which and why."""


class LookupFailed(Exception):
    """The service did not answer as it should; the text says how."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Where in the answer things are, as JMESPath expressions; empty ones are not read."""

    verdict: str = ""
    score: str = ""
    tags: str = ""

    def check(self) -> None:
        """Raise ConfigurationError naming an expression that cannot be read."""
        for name in ("verdict", "score", "tags"):
            try:
                expression = getattr(self, name)
                if expression:
                    jmespath.compile(expression)
            except JMESPathError as error:
                text = str(error).strip().splitlines()[0]
                raise ConfigurationError(f"path of the {name}: {text}") from None
        if not self.verdict and not self.score:
            raise ConfigurationError("either the path of the verdict or of the score is needed")


@dataclass(frozen=True, slots=True)
class Scale:
    """What makes a verdict: words of the service, or a score from which on it is one."""

    malicious_words: frozenset[str] = frozenset()
    suspicious_words: frozenset[str] = frozenset()
    malicious_from: float | None = None
    suspicious_from: float | None = None

    def verdict(self, word: str, score: float | None) -> str:
        """Return the worse of what the word and the score say."""
        found = [UNKNOWN]
        if word:
            lowered = word.lower()
            is_bad, is_odd = lowered in self.malicious_words, lowered in self.suspicious_words
            found.append(MALICIOUS if is_bad else SUSPICIOUS if is_odd else HARMLESS)
        if score is not None:
            is_bad = self.malicious_from is not None and score >= self.malicious_from
            is_odd = self.suspicious_from is not None and score >= self.suspicious_from
            found.append(MALICIOUS if is_bad else SUSPICIOUS if is_odd else HARMLESS)
        return max(found, key=VERDICTS.index)


@dataclass(frozen=True, slots=True)
class Reputation:
    """What the service says of one indicator, and its answer."""

    verdict: str
    word: str
    score: float | None
    tags: list[str]
    answer: Any


def check_template(template: str) -> None:
    """Raise ConfigurationError unless a URL template has {value}, and no field that could choose the host."""
    fields = set(_FIELD.findall(template))
    if not fields <= {"value", "type"} or "value" not in fields:
        raise ConfigurationError("the URL must have {value}, may have {type}, and no other field")
    scheme, separator, rest = template.partition("://")
    if not separator or "{" in scheme + re.split(r"[/?]", rest)[0]:
        raise ConfigurationError("the URL must name its host: fields only in path and query")


def url_of(template: str, value: str, type_name: str) -> str:
    """Return the URL that asks about an indicator, whatever letters it has."""
    filled = template.replace("{value}", _quoted(value))
    return filled.replace("{type}", _quoted(type_name))


def _quoted(text: str) -> str:
    quoted = quote(text, safe="")
    # "." and ".." as whole parts of a path would climb out of it.
    return quoted if quoted.strip(".") else quoted.replace(".", "%2E")


def look_up(
    client: HttpClient, url: str, headers: Mapping[str, str], paths: Paths, scale: Scale
) -> Reputation | None:
    """Return what the service says, None when it knows nothing (404).

    Raise LookupFailed, or RequestRefused when the address is not permitted.
    """
    try:
        response = client.request("GET", url, headers={"Accept": "application/json", **headers})
        if response.status == 404:
            return None
        if response.status != 200:
            raise LookupFailed(f"the service answered {response.status}")
        answer = response.json()
    except RequestFailed as error:
        raise LookupFailed(str(error)) from None
    word = _scalar(_found(paths.verdict, answer))
    score = _number(_found(paths.score, answer))
    return Reputation(
        scale.verdict(word, score), word, score, _tags(_found(paths.tags, answer)), answer
    )


def _found(expression: str, answer: Any) -> Any:
    try:
        return jmespath.search(expression, answer) if expression else None
    except JMESPathError as error:
        raise LookupFailed(f"the answer has another form than expected: {error}") from None


def _scalar(value: Any) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)


def _number(value: Any) -> float | None:
    try:
        number = None if isinstance(value, bool) or value is None else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number is not None and number - number == 0 else None


def _tags(value: Any) -> list[str]:
    """Return the tags of an answer: few, short, and none that could pass for several."""
    values = value if isinstance(value, list) else [value]
    texts = [_scalar(one).replace(",", " ").strip()[:LONGEST_TAG] for one in values]
    return list(dict.fromkeys(text for text in texts if text))[:MOST_TAGS]
