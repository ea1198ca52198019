"""The panel of modules under objects: what ran on them, and running one by hand."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from cases.admin.base import has_full_access
from modules.admin import objects
from modules.admin.run_rows import run_rows
from modules.selectors import get_switch, manual_subscriptions, runs_on
from modules.services.runs import request_runs
from soar.core.admin.base import ServiceAdmin, actor_of
from soar.core.admin.forms import is_id, refusal_text
from soar.core.admin.panels import Context, Panel, add_panel
from soar.core.errors import DomainError

SHOWN_RUNS = 5
REQUEST = "modules_modulerun_request"  # where request_view is; the page of runs has it
GONE = "This cannot be run any more. Choose again."


def panel(request: HttpRequest, obj: Any) -> Context | None:
    """Return the last runs on an object and what may be run on it, None when there is neither."""
    kind, object_id, case_id = objects.key_of(obj)
    actor = actor_of(request)
    runs = list(runs_on(actor, kind, object_id, case_id)[:SHOWN_RUNS])
    may_run = case_id is not None and has_full_access(request, case_id)
    subscriptions = list(manual_subscriptions(kind)) if may_run else []
    if not runs and not subscriptions:
        return None
    return {
        "kind": kind,
        "object_id": object_id,
        "case_id": case_id,
        "runs": run_rows(actor, runs, with_objects=False),
        "is_waiting": any(not run.is_final for run in runs),
        "subscriptions": subscriptions,
        "switch": get_switch(),
        "action": reverse(f"admin:{REQUEST}"),
    }


def request_view(page: ServiceAdmin, request: HttpRequest) -> HttpResponse:
    """Queue a run of a manual hook on one object, and lead back to the object."""
    if not page.has_view_permission(request):
        raise PermissionDenied
    given = [request.POST.get(name, "") for name in ("object", "case", "subscription")]
    kind = request.POST.get("kind", "")
    if not all(is_id(value) for value in given):
        return redirect(reverse("admin:index"))
    object_id, case_id, subscription_id = (int(value) for value in given)
    actor = actor_of(request)
    chosen = manual_subscriptions(kind).filter(pk=subscription_id).first()
    if chosen is None:
        page.message_user(request, GONE, messages.ERROR)
    else:
        try:
            request_runs(
                actor,
                case_id,
                object_type=kind,
                target_ids=[object_id],
                module_name=chosen.module.package,
                ui_name=chosen.ui_name,
            )
            page.message_user(request, f"{chosen.ui_name} is queued.", messages.SUCCESS)
        except DomainError as refusal:
            text = " ".join([refusal_text(refusal), *refusal.details])
            page.message_user(request, text, messages.ERROR)
    key = (kind, object_id, case_id)
    address = objects.links_to(actor, [key])[key].address
    return redirect(f"{address}#modules" if address else reverse("admin:index"))


for _page in objects.PAGES.values():
    add_panel(_page.model._meta.label_lower, Panel("admin/modules/panel.html", panel))
