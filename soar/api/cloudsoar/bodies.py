"""Reading bodies, whatever header they come under (contract §1.4); what they mean is soar.api.cloudsoar.forms'.

Clients send JSON under form headers, forms under headers that are no media type, and bodies under none.
Each case is decided by what the body is where that is certain, and refused where it is not.
"""

import re
from typing import Any
from urllib.parse import parse_qsl

from django.http import QueryDict
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser, DataAndFiles, MultiPartParser
from rest_framework.request import Request

from soar.api.base import OrjsonRenderer, load_json, refuse_bad_texts
from soar.api.cloudsoar.errors import LengthRequired, TooLarge

JSON, FORM, MULTIPART = (
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
)
MAXIMUM_PAIRS = 1000
LOOKS_LIKE_FORM = re.compile(r"[\w.\[\]%+-]{1,200}=")
CURLY_QUOTES = re.compile("[\u2018\u2019\u201a\u201c\u201d\u201e]")
NO_BOUNDARY = (
    "The multipart/form-data header names no boundary and the body is neither JSON nor a=b pairs: "
    "let the HTTP library set the header."
)
UNTYPED = "The body is not JSON, and no Content-Type says what it is."


class JsonBody(BaseParser):
    """JSON; when it is none, the refusal names the likely cause."""

    media_type = JSON

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the value, an empty object for an empty body."""
        return _json(stream.read())


class FormBody(BaseParser):
    """Pairs; or JSON that came under the header of a form, which known clients send.

    What starts like JSON and is broken is refused: as a form it would be one unknown key, and lost.
    """

    media_type = FORM

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return a QueryDict, or the value of the JSON."""
        body = stream.read()
        return _json(body) if _starts_like_json(body) else _pairs(body)


class MultipartBody(BaseParser):
    """Parts with a boundary: texts and files."""

    media_type = MULTIPART

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the texts and the files."""
        parsed: DataAndFiles = MultiPartParser().parse(stream, media_type, parser_context)
        for texts in parsed.data.lists():
            refuse_bad_texts([*texts])
        return parsed


class LooseBody(BaseParser):
    """A body under no media type, or under the one of multipart without a boundary."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return what the body certainly is, else raise ParseError."""
        body = stream.read()
        if not body.strip() or _starts_like_json(body):
            return _json(body)
        if not media_type:
            raise ParseError(UNTYPED)
        if LOOKS_LIKE_FORM.match(_text(body).lstrip()):
            return _pairs(body.strip())
        raise ParseError(NO_BOUNDARY)


class Negotiation(BaseContentNegotiation):
    """Read by Content-Type, and always answer JSON: clients send anything as Accept."""

    def select_parser(self, request: Request, parsers: Any) -> BaseParser | None:
        """Return the parser for a request with a body, or None for a media type nobody reads."""
        try:
            media, parameters = parse_header_parameters(request.content_type)
        except ValueError:
            return None
        if media == JSON:
            return JsonBody()
        if media == FORM:
            return FormBody()
        if media == MULTIPART and parameters.get("boundary"):
            return MultipartBody()
        return LooseBody() if not media or media.startswith(MULTIPART) else None

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[Any, str]:
        """Return the JSON renderer."""
        return OrjsonRenderer(), JSON


def require_readable_length(request: Request, largest: int) -> None:
    """Raise unless the body has a known length of at most `largest` bytes."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length and request.META.get("HTTP_TRANSFER_ENCODING"):
        raise LengthRequired()
    if length.isdecimal() and int(length[:20]) > largest:
        raise TooLarge()


def _json(body: bytes) -> Any:
    if not body.strip():
        return {}
    try:
        value = load_json(body)
    except ParseError as error:
        raise ParseError(_cause(body, str(error.detail))) from error
    refuse_bad_texts(value)
    return value


def _cause(body: bytes, problem: str) -> str:
    """Return what most likely went wrong; two mistakes are printed in the vendor's own samples."""
    text = _text(body)
    if LOOKS_LIKE_FORM.match(text.lstrip()):
        return (
            f"{problem}: the body looks form-encoded. Send JSON under this Content-Type; with Python's "
            "requests that is json=..., not data=..."
        )
    if CURLY_QUOTES.search(text):
        return f'{problem}: the body contains curly quotes; JSON knows only straight ones (").'
    return f"{problem}."


def _pairs(body: bytes) -> QueryDict:
    """Return the pairs of a form in UTF-8; anything else would be altered unseen, so it is refused."""
    found = QueryDict(mutable=True)
    try:
        pairs = parse_qsl(
            body.decode(),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAXIMUM_PAIRS,
        )
    except UnicodeDecodeError as error:
        raise ParseError("The form is not UTF-8.") from error
    except ValueError as error:
        raise ParseError(f"The form has more than {MAXIMUM_PAIRS} fields.") from error
    refuse_bad_texts([part for pair in pairs for part in pair])
    for key, value in pairs:
        found.appendlist(key, value)
    return found


def _starts_like_json(body: bytes) -> bool:
    return body.lstrip()[:1] in (b"{", b"[")


def _text(body: bytes) -> str:
    return body[:10_000].decode("utf-8", "replace")
