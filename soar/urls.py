"""All URLs: the console, the doors, health."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from soar.core import health

admin.autodiscover()
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("", include("soar.api.cloudsoar.urls")),
    path("", include("soar.api.iris.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]
handler404 = "soar.api.errors.not_found"
handler500 = "soar.api.errors.server_error"
handler400 = "soar.api.errors.bad_request"
handler403 = "soar.api.errors.permission_denied"
