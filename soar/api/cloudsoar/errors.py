"""The error shape of the Cloud SOAR door, and the translation of every error into it (contract §1.6)."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.http import Http404, JsonResponse
from rest_framework import exceptions, status
from rest_framework.response import Response

from soar.core.errors import (
    PERMISSION_DENIED,
    Conflict,
    DomainError,
    Forbidden,
    Invalid,
    NotFound,
)

CHALLENGE = 'Bearer realm="cloud-soar-api", error="invalid_token"'
WAIT_SECONDS = 60
LISTED_CULPRITS = 3
GENERIC = "Data error"  # what an Invalid says that only names fields
Names = Mapping[str, str]
FieldTexts = dict[str, list[str]]
TITLES = {
    400: "Invalid request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    411: "Length required",
    413: "Payload too large",
    415: "Unsupported media type",
    429: "Too many requests",
    500: "Internal error",
}
DESCRIPTIONS = {
    400: "The request cannot be read.",
    401: "The API token is invalid, expired or revoked.",
    403: "The token is good, but a capability or the access to this incident is missing.",
    404: "There is nothing here, or nothing that you may see.",
    405: "This method is not served here; the Allow header names those that are.",
    409: "The state of the object does not allow this.",
    411: "Send a Content-Length: bodies sent in chunks are not read.",
    413: "The body is larger than this server accepts.",
    415: "Send JSON, application/x-www-form-urlencoded or multipart/form-data. XML is not read.",
    429: "Too many wrong tokens from this address. Come back after the seconds in Retry-After.",
    500: "Something failed here; the X-Request-ID header names the request in the server's log.",
}


class LengthRequired(exceptions.APIException):
    """The length of the body is not told, so that none of it would be read."""

    status_code = status.HTTP_411_LENGTH_REQUIRED


class TooLarge(exceptions.APIException):
    """The body is larger than is accepted."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE


def shape(code: int, description: str = "", *, title: str = "") -> dict[str, Any]:
    """Return the body of an error: clients show `error`, which must be a string, and `description`."""
    generic = TITLES.get(code, TITLES[500] if code >= 500 else TITLES[400])
    return {
        "error": title or generic,
        "description": description or DESCRIPTIONS.get(code, generic),
    }


def failure(code: int, description: str = "", *, title: str = "") -> Response:
    """Return an error answer."""
    return Response(shape(code, description, title=title), status=code)


def plain(code: int) -> JsonResponse:
    """Return an error answer where no view was reached."""
    return JsonResponse(shape(code), status=code)


def translate(error: Exception, names: Names) -> Response | None:
    """Return the answer to an error, or None for one that is a defect of ours.

    `names` maps the domain's field names to those of the request.
    """
    if isinstance(error, DomainError):
        return _translate_domain(error, names)
    if isinstance(error, Http404):
        return failure(status.HTTP_404_NOT_FOUND)
    if isinstance(error, exceptions.APIException):
        return _translate_rest(error)
    return None


def _translate_domain(error: DomainError, names: Names) -> Response:
    if isinstance(error, Forbidden):
        text = "" if error.message == PERMISSION_DENIED else error.message
        return failure(status.HTTP_403_FORBIDDEN, text)
    if isinstance(error, NotFound):
        return failure(status.HTTP_404_NOT_FOUND)
    if isinstance(error, Conflict):
        if error.details:
            text = " ".join(error.details)
            return failure(status.HTTP_409_CONFLICT, text, title=error.message)
        return failure(status.HTTP_409_CONFLICT, error.message)
    fields: FieldTexts = {}
    if isinstance(error, Invalid):
        fields = {names.get(name, name): list(texts) for name, texts in error.fields.items()}
    return _invalid("" if error.message == GENERIC else error.message, fields)


def _translate_rest(error: exceptions.APIException) -> Response:
    if isinstance(error, exceptions.ValidationError):
        fields: FieldTexts = {}
        for name, text in _texts(error.detail):
            fields.setdefault(name, []).append(text)
        return _invalid("", fields)
    if isinstance(error, exceptions.ParseError):
        return failure(status.HTTP_400_BAD_REQUEST, str(error.detail))
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        response = failure(status.HTTP_401_UNAUTHORIZED)
        response["WWW-Authenticate"] = CHALLENGE
        return response
    response = failure(error.status_code)
    if isinstance(error, exceptions.Throttled):
        response["Retry-After"] = str(int(getattr(error, "wait", None) or WAIT_SECONDS))
    return response


def _invalid(description: str, fields: FieldTexts) -> Response:
    """Return a 400 whose description also tells what is wrong, for clients that show nothing else."""
    culprits = [f"{name}: {texts[0]}" for name, texts in fields.items() if texts]
    told = description or " ".join(culprits[:LISTED_CULPRITS])
    response = failure(status.HTTP_400_BAD_REQUEST, told)
    if fields:
        response.data["fields"] = fields
    return response


def _texts(detail: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield every message with the dotted name of the field it is about."""
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            is_general = key == "non_field_errors"
            yield from _texts(inner, name if is_general else f"{name}.{key}" if name else str(key))
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            is_nested = isinstance(inner, Mapping | list)
            yield from _texts(inner, f"{name}.{index}" if is_nested else name)
    else:
        yield name or "body", str(detail)
