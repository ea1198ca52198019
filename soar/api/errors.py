"""Errors outside every view: in the words of the door the path belongs to, Django's own on the console."""

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from soar.api.cloudsoar import errors as cloudsoar
from soar.api.cloudsoar.mounts import TERRITORY
from soar.api.iris import envelope as iris

PAGES = ("/admin/", "/static/")
IRIS_MESSAGES = {
    400: "Data error",
    403: "Permission denied",
    404: "Resource not found",
    500: "Internal error",
}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400."""
    return _of_door(request, 400) or defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    return _of_door(request, 403) or defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    return _of_door(request, 404) or defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 without telling anything of the defect."""
    return _of_door(request, 500) or defaults.server_error(request)


def _of_door(request: HttpRequest, code: int) -> HttpResponse | None:
    """Return the answer of a door, or None on a page of the console."""
    if request.path_info.startswith(PAGES):
        return None
    if request.path_info.startswith(TERRITORY):
        return cloudsoar.plain(code)
    return iris.plain(IRIS_MESSAGES[code], code)
