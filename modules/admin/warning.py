"""Warnings of the watch on modules, shown to administrators where they will see them."""

from django.http import HttpRequest

from modules.services import watching
from soar.core.admin.base import actor_of
from soar.core.admin.panels import add_warnings


def hindrances_for(request: HttpRequest) -> list[str]:
    """Return the same but for the kill switch, for pages that show it themselves."""
    return watching.hindrances() if actor_of(request).is_administrator else []


def warnings_for(request: HttpRequest) -> list[str]:
    """Return what keeps modules from doing their work, to administrators."""
    return watching.warnings() if actor_of(request).is_administrator else []


add_warnings(warnings_for)
