"""Values of module parameters: what is accepted, how it is stored, what a module gets.

Source: contract iris-modules §2.3. IRIS stores most values unread; here they are checked when saved.
"""

import json
import math
import re
from typing import Any

from modules.services.masking import is_secret_name
from soar.core.environment import FALSE_WORDS, TRUE_WORDS
from soar.core.errors import Invalid

BOOLEAN, STRING, SENSITIVE, JSON = "bool", "string", "sensitive_string", "textfield_json"
INTEGERS = ("int", "integer")
FLOAT = "float"
INTEGER = re.compile(r"\s*[+-]?[0-9]{1,30}\s*")
LONGEST_TEXT = 1_000_000
LARGEST_NUMBER = 10**30
DEEPEST = 50
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_secret(kind: str, name: str) -> bool:
    """Tell whether a parameter's value is written and never shown again.

    Modules declare some keys as plain strings; the name gives them away.
    """
    return kind == SENSITIVE or (kind == STRING and is_secret_name(name))


def is_sealed(kind: str, name: str) -> bool:
    """Tell whether a parameter's value is encrypted at rest; JSON texts often hold keys."""
    return kind == JSON or is_secret(kind, name)


def is_given(value: Any) -> bool:
    """Tell whether a value counts as set: neither missing nor empty."""
    return value is not None and value != ""


def accepted(kind: str, value: Any) -> Any:
    """Return a value as it is stored. Raise Invalid with the reason when the type does not allow it."""
    if not is_given(value):
        return None
    if kind == BOOLEAN:
        return _boolean(value)
    if kind in INTEGERS:
        return _integer(value)
    if kind == FLOAT:
        return _float(value)
    text = _text(value)
    if kind == JSON:
        require_json(text)
    return text


def cast(kind: str, value: Any) -> Any:
    """Return a stored value as a module reads it; a default its author got wrong stays what it is."""
    if kind not in (BOOLEAN, FLOAT, *INTEGERS):
        return value
    try:
        return accepted(kind, value)
    except Invalid:
        return False if kind == BOOLEAN else value


def require_json(text: str) -> None:
    """Raise Invalid unless a text is JSON that is not nested beyond reason."""
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"Not valid JSON: {error}") from error
    _require_shallow(value)


def _require_shallow(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            item
            for part in level
            if isinstance(part, dict | list)
            for item in (part.values() if isinstance(part, dict) else part)
        ]
        if not level:
            return
    raise Invalid(f"Not valid JSON: nested deeper than {DEEPEST} levels")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")


def _boolean(value: Any) -> bool:
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in TRUE_WORDS | FALSE_WORDS:
        return word in TRUE_WORDS
    raise Invalid("Must be true or false")


def _integer(value: Any) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if is_number or (isinstance(value, str) and INTEGER.fullmatch(value)):
        number = int(value)
        if abs(number) < LARGEST_NUMBER:
            return number
    raise Invalid("Must be a whole number")


def _float(value: Any) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise Invalid("Must be a number")
    return number


def _text(value: Any) -> str:
    """Return the text an editor would have saved; JSON values and numbers are written out."""
    if isinstance(value, str):
        text = value
    elif isinstance(value, dict | list):
        _require_shallow(value)
        text = json.dumps(value, indent=4)
    elif isinstance(value, int | float) and abs(value) < LARGEST_NUMBER and type(value) is not bool:
        text = str(value)
    else:
        raise Invalid("Must be a text")
    if UNSTORABLE.search(text):
        raise Invalid("Holds characters that cannot be stored")
    if len(text) > LONGEST_TEXT:
        raise Invalid(f"Longer than {LONGEST_TEXT} characters")
    return text
