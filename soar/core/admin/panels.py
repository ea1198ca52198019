"""What other apps put onto the console's pages: panels under objects, warnings on the first page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

Context = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Panel:
    """A template shown under the page of an object, and what it shows as `panel`; None shows nothing."""

    template: str
    content: Callable[[HttpRequest, Any], Context | None]


Warnings = Callable[[HttpRequest], list[str]]
_panels: dict[str, list[Panel]] = {}
_warnings: list[Warnings] = []


def add_panel(label: str, panel: Panel) -> None:
    """Show a panel on the pages of a model, such as `cases.asset`, below those added before."""
    _panels.setdefault(label.lower(), []).append(panel)


def panels_of(request: HttpRequest, obj: Any) -> list[Context]:
    """Return the panels of an object that have something to show, with their templates."""
    shown = []
    for panel in _panels.get(obj._meta.label_lower, ()):
        content = panel.content(request, obj)
        if content is not None:
            shown.append({"template": panel.template, "content": content})
    return shown


def add_warnings(source: Warnings) -> None:
    """Let the first page show the sentences a function returns for a request."""
    _warnings.append(source)


def first_page(request: HttpRequest, context: Context) -> Context:
    """Return the context of the console's first page with its warnings (settings.UNFOLD names this)."""
    lines = [line for source in _warnings for line in source(request)]
    return {**context, "console_warnings": lines}
