"""What every request passes: an id, one slash where clients send several, and a short cut for APIs."""

import re
import secrets
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase]
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SLASHES = re.compile(r"/{2,}")
PAGES = ("/admin", "/static/", "/metrics")


def is_page(path: str) -> bool:
    """Tell whether a path leads to a page, which may need a session, and not to an API door."""
    return f"/{path.lstrip('/')}".startswith(PAGES)


def client_address(request: HttpRequest) -> str:
    """Return the address of the caller, trusting as many proxies as are configured."""
    if settings.SOAR_TRUSTED_PROXIES:
        chain = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
        if len(chain) >= settings.SOAR_TRUSTED_PROXIES:
            return chain[-settings.SOAR_TRUSTED_PROXIES][:45]
    return str(request.META.get("REMOTE_ADDR", ""))[:45]


class RequestMiddleware:
    """Give each request an id and each answer its content policy, and collapse runs of slashes.

    Published clients build URLs with double slashes and must not be redirected (contract §1.3).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on and complete the answer."""
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(16)
        request.request_id = request_id  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        if "//" in request.path_info:
            request.path_info = SLASHES.sub("/", request.path_info)
            request.path = SLASHES.sub("/", request.path)
        response = self.get_response(request)
        self._complete(response, request_id)
        return response

    def _complete(self, response: HttpResponseBase, request_id: str) -> None:
        headers = response.headers
        headers["X-Request-ID"] = request_id
        headers.setdefault("X-Content-Type-Options", "nosniff")
        if settings.SECURE_HSTS_SECONDS:
            value = f"max-age={settings.SECURE_HSTS_SECONDS}"
            headers.setdefault("Strict-Transport-Security", value)
        if isinstance(response, HttpResponse):
            headers.setdefault("Content-Length", str(len(response.content)))
        is_html = headers.get("Content-Type", "").startswith("text/html")
        policy = settings.SOAR_PAGE_POLICY if is_html else settings.SOAR_API_POLICY
        headers.setdefault("Content-Security-Policy", policy)
