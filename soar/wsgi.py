"""WSGI entry point: pages pass all middleware, API requests only what concerns them."""

import gc
import os
from collections.abc import Callable
from typing import Any, cast

from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler, get_script_name
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import ResolverMatch, get_resolver, set_script_prefix

NEW_OBJECTS = 10_000  # between two looks for garbage; a small request leaves some 40
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "soar.settings")
get_wsgi_application()  # sets Django up; what follows imports models

from soar.core.middleware import GetResponse, RequestMiddleware, is_page  # noqa: E402  (needs the set-up above)


class Doors(BaseHandler):
    """Django's handler without sessions, cookies, forms and messages for requests that have none.

    The API doors look at nothing but their own credentials, so the middleware of pages can only cost
    them time: a fifth of a small request (bench/).
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        self._fixed: dict[str, ResolverMatch] = {}
        super().__init__(*args, **options)

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: FBT001, FBT002
        """Build both chains."""
        super().load_middleware(is_async)
        handler: Any = self  # the stubs know neither of Django's two attributes used here
        pages = handler._middleware_chain
        view = convert_exception_to_response(handler._get_response)
        apis: Any = convert_exception_to_response(RequestMiddleware(cast("GetResponse", view)))

        def choose(request: HttpRequest) -> HttpResponseBase:
            response: HttpResponseBase = (pages if is_page(request.path_info) else apis)(request)
            return response

        self._middleware_chain = choose

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        """Find the view; a path without parameters is looked up once per process.

        Only such paths are remembered, so there are never more of them than routes.
        """
        match = self._fixed.get(request.path_info)
        if match is None:
            match = super().resolve_request(request)
            if not match.args and not match.kwargs:
                self._fixed[request.path_info] = match
        request.resolver_match = match
        return match


class DoorHandler(Doors, WSGIHandler):
    """The handler of the server."""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Answer a request; one to an API without the signals around it, another sixth of a small one.

        All that listens to them here looks after the database connections, which is done before.
        """
        if is_page(environ.get("PATH_INFO", "")):
            return super().__call__(environ, start_response)
        set_script_prefix(get_script_name(environ))
        for connection in connections.all(initialized_only=True):
            connection.close_if_unusable_or_obsolete()
        response = self.get_response(self.request_class(environ))
        start_response(f"{response.status_code} {response.reason_phrase}", [*response.items()])
        if not isinstance(response, HttpResponse):  # it streams: the server closes it at its end
            return response
        for close in response._resource_closers:  # type: ignore[attr-defined]  # the stubs lack it
            close()
        return [response.content]


def new_application() -> DoorHandler:
    """Return the application with everything loaded and kept out of the garbage collector's way.

    What is loaded stays for good; looking through it again and again was a twentieth of a small request, and
    looking for garbage every twentieth request another tenth (bench/).
    """
    handler = DoorHandler()
    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 20, 20)
    return handler


application = new_application()
