"""Every path of the Cloud SOAR door, below both mounts, in the order of the contract (§4)."""

from django.urls import include, path
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularSwaggerSplitView

from soar.api.cloudsoar.mounts import MOUNTS
from soar.api.cloudsoar.routes import entities, incidents, parts, setup, triage
from soar.api.cloudsoar.routing import route
from soar.api.cloudsoar.service import ServiceViewSet, UnknownViewSet

METHODS = ("get", "post", "put", "patch", "delete")


doors = [
    # Service
    route("version/", ServiceViewSet, get="version"),
    route("health/", ServiceViewSet, get="health"),
    route("openapi/", ServiceViewSet, get="openapi"),
    route("whoami/", ServiceViewSet, get="whoami"),
    route("users/me/", ServiceViewSet, get="whoami"),
    *incidents.ROUTES,
    *parts.ROUTES,
    *triage.ROUTES,
    *entities.ROUTES,
    *setup.ROUTES,
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
        require_safe(
            SpectacularSwaggerSplitView.as_view(url_name="cloudsoar-schema", permission_classes=[])
        ),
        name="cloudsoar-docs",
    ),
    # Where the vendor's documentation says the documentation is; what follows the # stays in the browser.
    path("incmansuite_ng/lib/gui/app.php", RedirectView.as_view(pattern_name="cloudsoar-docs")),
]
urlpatterns = [*(path(mount[1:], include([*doors, *unknown])) for mount in MOUNTS), *documents]
