"""How a resource becomes a route: with and without the slash at its end."""

from typing import Any

from django.urls import URLPattern
from django.urls.resolvers import RoutePattern

from soar.api.cloudsoar.views import CloudSoarViewSet


class SlashOptional(RoutePattern):
    """A route that ends in a slash and matches without it: a redirect would turn a POST into a GET (§1.2)."""

    def match(self, path: str) -> Any:
        """Return the match of a path with or without its last slash."""
        return super().match(path if path.endswith("/") else f"{path}/")


def route(text: str, viewset: type[CloudSoarViewSet], **actions: Any) -> URLPattern:
    """Return the pattern of a resource: which action answers which method."""
    return URLPattern(SlashOptional(text, is_endpoint=True), viewset.as_view(actions))
