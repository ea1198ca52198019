"""The console's site: the admin in the theme's dress, with pages of our own beside the models."""

from collections.abc import Sequence
from typing import Any, cast

from django.apps import AppConfig
from django.contrib import admin
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core import checks
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.functional import SimpleLazyObject
from unfold.sites import UnfoldAdminSite


class ConsoleConfig(SimpleAdminConfig):
    """The admin application, serving ConsoleSite.

    Its pages are loaded with the URLs and by system checks: workers, scheduler and relay need none of them
    and start in half the time.
    """

    default_site = "soar.core.console.ConsoleSite"

    def ready(self) -> None:
        """Register the checks of the admin; nothing else is loaded."""
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(_check_pages, checks.Tags.admin)


def _check_pages(
    app_configs: Sequence[AppConfig] | None, **options: Any
) -> list[checks.CheckMessage]:
    admin.autodiscover()
    return check_admin_app(app_configs, **options)


class LabelledAutocomplete(AutocompleteJsonView):
    """Name a choice as its admin class does, so that equal names of two cases can be told apart."""

    def serialize_result(self, obj: Model, to_field_name: str) -> dict[str, str]:
        """Return the id and label of one choice."""
        label = self.model_admin.label_of(obj)  # type: ignore[attr-defined]  # a ServiceAdmin
        return super().serialize_result(obj, to_field_name) | {"text": label}


class ConsoleSite(UnfoldAdminSite):
    """The admin site; `pages` holds the views that belong to no model."""

    index_title = "Console"
    enable_nav_sidebar = True

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.pages: list[tuple[str, Any, str]] = []

    def add_page(self, route: str, view: Any, name: str) -> None:
        """Serve a view at a route of the console, to whoever may enter the console."""
        self.pages.append((route, view, name))

    def get_urls(self) -> list[URLPattern]:
        """Return the pages before the models and the catch-all."""
        pages = [path(route, self.admin_view(view), name=name) for route, view, name in self.pages]
        return [*pages, *super().get_urls()]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the models by application, found out only where a page lists them: few do."""
        found = super().get_app_list
        return cast("list[Any]", SimpleLazyObject(lambda: found(request, app_label)))

    def autocomplete_view(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with choices the user may see, labelled by their admin class."""
        return LabelledAutocomplete.as_view(admin_site=self)(request)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send the user to his settings: the stock form would write past the services."""
        return redirect("admin:my_settings")

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Search the navigation; a page that is no number is missing, not an error."""
        page = request.GET.get("page", "1")
        if not (page.isascii() and page.isdigit() and 0 < int(page[:9]) < 1000):
            raise Http404
        return super().search(request, extra_context)
