"""The console's navigation, as the theme wants it (settings.UNFOLD names these functions)."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

# Group title, then (title, icon, model) per entry; an entry shows to whoever may read the model.
NAVIGATION: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        "Investigations",
        (
            ("Cases", "work", "cases.Case"),
            ("Incidents", "emergency_home", "incidents.Incident"),
            ("Triage", "move_to_inbox", "incidents.Alert"),
            ("Investigators", "group_add", "incidents.Investigator"),
            ("Related incidents", "account_tree", "incidents.IncidentRelation"),
            ("Favorites", "star", "incidents.FavoriteIncident"),
            ("Assets", "devices", "cases.Asset"),
            ("Timeline", "timeline", "cases.Event"),
            ("Tasks", "task_alt", "cases.Task"),
            ("Global tasks", "checklist", "cases.GlobalTask"),
            ("Notes", "description", "cases.Note"),
            ("Note directories", "folder", "cases.NoteDirectory"),
            ("Evidence", "fingerprint", "cases.Evidence"),
            ("Attachments", "attach_file", "incidents.Attachment"),
            ("Artifacts", "labs", "incidents.Artifact"),
            ("External alerts", "campaign", "incidents.ExternalAlert"),
            ("War room entries", "forum", "incidents.TimelineEntry"),
        ),
    ),
    (
        "Indicators",
        (
            ("IOCs of cases", "bug_report", "cases.CaseIoc"),
            ("All IOCs", "hub", "iocs.Ioc"),
            ("IOC types", "category", "iocs.IocType"),
            ("TLP levels", "traffic", "iocs.Tlp"),
        ),
    ),
    (
        "Automation",
        (
            ("Modules", "extension", "modules.Module"),
            ("Module runs", "play_circle", "modules.ModuleRun"),
        ),
    ),
    (
        "Customers & access",
        (
            ("Customers", "apartment", "cases.Customer"),
            ("Customer members", "badge", "cases.CustomerMembership"),
            ("Case access of users", "key", "cases.UserCaseAccess"),
            ("Case access of groups", "key_vertical", "cases.GroupCaseAccess"),
        ),
    ),
    (
        "Reference data",
        (
            ("Asset types", "devices_other", "cases.AssetType"),
            ("Analysis statuses", "labs", "cases.AnalysisStatus"),
            ("Case classifications", "sell", "cases.CaseClassification"),
            ("Case states", "flag", "cases.CaseState"),
            ("Event categories", "event_note", "cases.EventCategory"),
            ("Evidence types", "inventory_2", "cases.EvidenceType"),
            ("Review statuses", "rate_review", "cases.ReviewStatus"),
            ("Severities", "priority_high", "cases.Severity"),
            ("Task statuses", "rule", "cases.TaskStatus"),
            ("Alert statuses", "notifications", "incidents.AlertStatus"),
            ("Custom attributes", "tune", "cases.AttributeDefinition"),
        ),
    ),
    (
        "Incident set-up",
        (
            ("Incident templates", "post_add", "incidents.IncidentTemplate"),
            ("Incident labels", "tag", "incidents.IncidentLabel"),
            ("Folders", "folder_open", "incidents.Folder"),
            ("List values", "format_list_bulleted", "incidents.ListValue"),
            ("Custom fields", "dashboard_customize", "incidents.CustomField"),
            ("Incident settings", "settings", "incidents.IncidentSettings"),
            ("Saved searches", "saved_search", "incidents.SavedSearch"),
        ),
    ),
    (
        "Users",
        (
            ("Users", "person", "core.User"),
            ("Groups", "group", "auth.Group"),
            ("API keys", "vpn_key", "core.IrisApiKey"),
            ("API tokens", "token", "core.ApiToken"),
            ("Failed log-ins", "gpp_bad", "axes.AccessAttempt"),
        ),
    ),
    (
        "Audit & operations",
        (
            ("Audit trail", "history", "core.AuditLog"),
            ("Audit seals", "verified", "core.AuditSeal"),
            ("Outbox", "outbox", "core.OutboxEvent"),
            ("Change counters", "speed", "core.ChangeCounter"),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sidebar: the groups with the entries this user may open."""
    groups: list[dict[str, Any]] = []
    for title, entries in NAVIGATION:
        items = [item for entry in entries if (item := _item(request, *entry)) is not None]
        if items:
            groups.append({"title": title, "separator": bool(groups), "items": items})
    return groups


def account_links(request: HttpRequest) -> list[dict[str, Any]]:
    """Return what the user menu offers besides logging out."""
    return [{"title": "My settings", "link": reverse("admin:my_settings")}]


def favicon(request: HttpRequest) -> str:
    """Return the address of the icon in the browser's tab."""
    return static("soar/favicon.svg")


def stylesheet(request: HttpRequest) -> str:
    """Return the address of what our own pages need beside the theme's styles."""
    return static("soar/console.css")


def _item(request: HttpRequest, title: str, icon: str, label: str) -> dict[str, Any] | None:
    model = apps.get_model(label)
    model_admin = admin.site._registry.get(model)
    if model_admin is None or not model_admin.has_view_permission(request):
        return None
    route = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    return {"title": title, "icon": icon, "link": reverse(route)}
