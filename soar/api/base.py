"""What the doors share: strict JSON in, fast JSON out, and nothing allowed that was not declared."""

import datetime as dt
import json
import math
import re
from functools import cache
from typing import Any, NoReturn

import orjson
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.serializers import Serializer

MAXIMUM_DEPTH = 100
_TO_THE_SECOND = orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS
SURROGATE = re.compile("[\ud800-\udfff]")


class DenyUndeclared(BasePermission):
    """Refuse every view that does not declare its own permission (SEC-11)."""

    def has_permission(self, request: Any, view: Any) -> bool:
        """Return False."""
        return False


class OrjsonRenderer(JSONRenderer):
    """Encode with orjson; an orjson.Fragment passes JSON through that the database already built."""

    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        """Return the bytes of the answer; integers beyond 64 bits fall back to the slow encoder."""
        if data is None:
            return b""
        try:
            return orjson.dumps(data, default=str, option=orjson.OPT_NON_STR_KEYS)
        except TypeError:
            return json.dumps(data, default=str).encode("utf-8", "replace")


def encoded(value: Any) -> orjson.Fragment:
    """Return a value as JSON that the renderer passes through; moments in UTC, to the second, with a Z."""
    try:
        return orjson.Fragment(orjson.dumps(value, option=_TO_THE_SECOND))
    except TypeError:
        return orjson.Fragment(json.dumps(value, default=_second).encode())


def _second(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return f"{value.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"
    return str(value)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("number out of range")
    return number


def _is_too_deep(value: Any) -> bool:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAXIMUM_DEPTH:
            return True
        level = [
            item
            for part in level
            if isinstance(part, dict | list)
            for item in (part.values() if isinstance(part, dict) else part)
        ]
    return False


def load_json(body: bytes | str) -> Any:
    """Return the value of a JSON text, or raise ParseError."""
    try:
        value = json.loads(body, parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise ParseError("Not valid JSON") from error
    if _is_too_deep(value):
        raise ParseError("JSON nested too deeply")
    return value


def bad_text(value: str) -> str | None:
    """Return why a text cannot be stored, or None."""
    if "\x00" in value:
        return "Null characters are not allowed."
    if SURROGATE.search(value):
        return "Not a valid string."
    return None


def refuse_bad_texts(value: Any) -> None:
    """Raise ValidationError when any string inside cannot be stored."""
    pending = [value]
    while pending:
        part = pending.pop()
        if isinstance(part, str):
            problem = bad_text(part)
            if problem:
                raise ValidationError(problem)
        elif isinstance(part, dict):
            pending += [*part.keys(), *part.values()]
        elif isinstance(part, list):
            pending += part
        elif isinstance(part, int) and abs(part) > 10**400:
            raise ValidationError("Not a valid number.")


class StrictJSONParser(JSONParser):
    """Read JSON without NaN, Infinity, endless numbers or bottomless nesting; else ParseError."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the value of the body, whatever encoding the header claims: JSON is UTF-8."""
        try:
            body = stream.read()
        except RequestDataTooBig as error:
            raise ParseError("The body is too large") from error
        return load_json(body) if body.strip() else {}


@cache
def shared(shape: type[Serializer[Any]]) -> Serializer[Any]:
    """Return the one instance of a serializer whose fields everybody may use but nobody may change.

    Copying the fields of a serializer for each request costs as much as using them.
    """
    return shape()


def represent(shape: type[Serializer[Any]], instance: Any) -> dict[str, Any]:
    """Return an object in the shape of a serializer, as `shape(instance).data` would be."""
    return shared(shape).to_representation(instance)


def refuse_untranslated(error: Exception, context: Any) -> Response | None:
    """Let an error no door translated rise to the server's own handler."""
    return None
