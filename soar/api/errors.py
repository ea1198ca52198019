"""Errors outside every view: JSON on the API, Django's own pages on the console."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults

PAGES = ("/admin/", "/static/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400."""
    if _is_page(request):
        return defaults.bad_request(request, exception)
    return _envelope("Data error", 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    if _is_page(request):
        return defaults.permission_denied(request, exception)
    return _envelope("Permission denied", 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    if _is_page(request):
        return defaults.page_not_found(request, exception)
    return _envelope("Resource not found", 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 without telling anything of the defect."""
    if _is_page(request):
        return defaults.server_error(request)
    return _envelope("Internal error", 500)


def _is_page(request: HttpRequest) -> bool:
    return request.path_info.startswith(PAGES)


def _envelope(message: str, status: int) -> JsonResponse:
    return JsonResponse({"status": "error", "message": message, "data": []}, status=status)
