"""The envelope every IRIS answer wears, and the translation of every error into it (contract §1.5)."""

import logging
import uuid
from collections.abc import Mapping
from typing import Any

from django.http import Http404, JsonResponse
from rest_framework import exceptions, status
from rest_framework.response import Response

from soar.core.actor import Actor
from soar.core.errors import DomainError, Forbidden, Invalid

logger = logging.getLogger(__name__)
DATA_ERROR = "Data error"
UNAUTHENTICATED = "Authentication required"
Names = Mapping[str, str]


def success(message: str = "", data: Any = None) -> Response:
    """Return the success envelope; no data is an empty list, never null."""
    return Response({"status": "success", "message": message, "data": [] if data is None else data})


def failure(message: str, data: Any = None, *, code: int = status.HTTP_400_BAD_REQUEST) -> Response:
    """Return the error envelope."""
    body = {"status": "error", "message": message, "data": [] if data is None else data}
    return Response(body, status=code)


def translate(error: Exception, actor: Actor | None, names: Names) -> Response | None:
    """Return the answer to an error, or None for one that is a defect of ours.

    `names` maps the domain's field names to those of the request.
    """
    if isinstance(error, DomainError):
        return _translate_domain(error, actor, names)
    if isinstance(error, Http404):
        return failure("Resource not found", code=status.HTTP_404_NOT_FOUND)
    if isinstance(error, exceptions.APIException):
        return _translate_rest(error)
    return None


def _translate_domain(error: DomainError, actor: Actor | None, names: Names) -> Response:
    if isinstance(error, Forbidden):
        data = None
        if error.case_id is not None and actor is not None:
            data = {
                "user_id": actor.user_id,
                "case_id": error.case_id,
                "error_uuid": str(uuid.uuid4()),
            }
            logger.info("case %s refused, error %s", error.case_id, data["error_uuid"])
        return failure("Permission denied", data, code=status.HTTP_403_FORBIDDEN)
    if isinstance(error, Invalid) and error.fields:
        return failure(
            DATA_ERROR,
            {names.get(field, field): list(texts) for field, texts in error.fields.items()},
        )
    return failure(error.message, error.details)


def _translate_rest(error: exceptions.APIException) -> Response:
    if isinstance(error, exceptions.ValidationError):
        return failure(DATA_ERROR, error.detail)
    if isinstance(error, exceptions.ParseError | exceptions.UnsupportedMediaType):
        return failure(DATA_ERROR, {"_schema": [str(error.detail)]})
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return failure(UNAUTHENTICATED, code=status.HTTP_401_UNAUTHORIZED)
    if isinstance(error, exceptions.MethodNotAllowed):
        return failure("Method not allowed", code=status.HTTP_405_METHOD_NOT_ALLOWED)
    if isinstance(error, exceptions.Throttled):
        response = failure("Too many requests", code=status.HTTP_429_TOO_MANY_REQUESTS)
        response["Retry-After"] = str(int(getattr(error, "wait", None) or 60))
        return response
    return failure(str(error.detail), code=error.status_code)


def plain(message: str, code: int) -> JsonResponse:
    """Return an error envelope where no view was reached."""
    return JsonResponse({"status": "error", "message": message, "data": []}, status=code)
