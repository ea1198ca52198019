"""Custom attributes on the pages of what has them: the reports of modules, made harmless."""

from typing import Any

from django.http import HttpRequest

from cases.models import Asset, Case, CaseIoc, Event, Evidence, Note, Task
from soar.core.admin.panels import Context, Panel, add_panel
from soar.core.rich_text import shown_attributes


def _attributes(request: HttpRequest, obj: Any) -> Context | None:
    """Return the tabs that hold anything, sanitised."""
    tabs = [
        (tab, [(name, html) for name, html in fields if html])
        for tab, fields in shown_attributes(obj.custom_attributes)
    ]
    filled = [(tab, fields) for tab, fields in tabs if fields]
    return {"tabs": filled} if filled else None


for _model in (Case, Asset, CaseIoc, Event, Evidence, Note, Task):
    add_panel(_model._meta.label_lower, Panel("admin/attributes_panel.html", _attributes))
