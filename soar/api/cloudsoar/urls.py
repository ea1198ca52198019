"""Every path of the Cloud SOAR door, below both mounts, in the order of the contract (§4)."""

from typing import Any

from django.urls import URLPattern, include, path
from django.urls.resolvers import RoutePattern
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularSwaggerSplitView

from soar.api.cloudsoar.mounts import MOUNTS
from soar.api.cloudsoar.service import ServiceViewSet, UnknownViewSet
from soar.api.cloudsoar.views import CloudSoarViewSet

METHODS = ("get", "post", "put", "patch", "delete")


class SlashOptional(RoutePattern):
    """A route that ends in a slash and matches without it: a redirect would turn a POST into a GET (§1.2)."""

    def match(self, path: str) -> Any:
        """Return the match of a path with or without its last slash."""
        return super().match(path if path.endswith("/") else f"{path}/")


def route(text: str, viewset: type[CloudSoarViewSet], **actions: Any) -> URLPattern:
    """Return the pattern of a resource: which action answers which method."""
    return URLPattern(SlashOptional(text, is_endpoint=True), viewset.as_view(actions))


doors = [
    # Service
    route("version/", ServiceViewSet, get="version"),
    route("health/", ServiceViewSet, get="health"),
    route("openapi/", ServiceViewSet, get="openapi"),
    route("whoami/", ServiceViewSet, get="whoami"),
    route("users/me/", ServiceViewSet, get="whoami"),
]
# Its routes have a parameter, so that the server does not remember each of them (soar.wsgi).
unknown = [path("<path:endpoint>", UnknownViewSet.as_view(dict.fromkeys(METHODS, "refuse")))]
documents = [
    path(
        "api/csoar/schema",
        ServiceViewSet.as_view({"get": "public_document"}),
        name="cloudsoar-schema",
    ),
    path(
        "api/csoar/docs",
        SpectacularSwaggerSplitView.as_view(url_name="cloudsoar-schema", permission_classes=[]),
        name="cloudsoar-docs",
    ),
    # Where the vendor's documentation says the documentation is; what follows the # stays in the browser.
    path("incmansuite_ng/lib/gui/app.php", RedirectView.as_view(pattern_name="cloudsoar-docs")),
]
urlpatterns = [*(path(mount[1:], include([*doors, *unknown])) for mount in MOUNTS), *documents]
