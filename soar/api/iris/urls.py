"""Every IRIS path, in the order of the v1.0.2 reference; then what clients call besides it."""

import re
from typing import Any

from django.urls import URLPattern, URLResolver, include, path, register_converter
from django.urls.converters import IntConverter
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from soar.api.iris.assets import AssetViewSet
from soar.api.iris.cases import CaseViewSet, ManageCaseViewSet
from soar.api.iris.customers import CustomerViewSet
from soar.api.iris.dim import DimViewSet
from soar.api.iris.evidences import EvidenceViewSet
from soar.api.iris.export import ExportViewSet
from soar.api.iris.global_tasks import GlobalTaskViewSet
from soar.api.iris.iocs import IocViewSet
from soar.api.iris.lookups import (
    AlertStatusViewSet,
    AnalysisStatusViewSet,
    AssetTypeViewSet,
    ClassificationViewSet,
    EventCategoryViewSet,
    FixedListViewSet,
    IocTypeViewSet,
    TaskStatusViewSet,
    TlpViewSet,
)
from soar.api.iris.manage_modules import ManageModuleViewSet
from soar.api.iris.notes import NotesGroupViewSet, NoteViewSet
from soar.api.iris.search import SearchViewSet
from soar.api.iris.system import SystemViewSet
from soar.api.iris.tasks import TaskViewSet
from soar.api.iris.timeline import TimelineViewSet
from soar.api.iris.users import OwnUserViewSet, UserViewSet
from soar.api.iris.views import IrisViewSet


class IdConverter(IntConverter):
    """Digits only, and not more than a number that can be told from nonsense."""

    regex = "[0-9]{1,30}"


register_converter(IdConverter, "id")


def get(route: str, viewset: type[IrisViewSet], action: str) -> URLPattern:
    """Return the pattern of a read."""
    return _pattern(route, viewset, get=action)


def post(route: str, viewset: type[IrisViewSet], action: str) -> URLPattern:
    """Return the pattern of a write."""
    return _pattern(route, viewset, post=action)


def both(route: str, viewset: type[IrisViewSet], action: str) -> URLPattern:
    """Return the pattern of a write that v1.0.2 clients call with GET (contract §1.6)."""
    return _pattern(route, viewset, get=action, post=action)


def _pattern(route: str, viewset: type[IrisViewSet], **actions: Any) -> URLPattern:
    return path(route, viewset.as_view(actions), name=_name(route))


def _name(route: str) -> str:
    return "iris-" + re.sub(r"<\w+:(\w+)>", r"\1", route).replace("/", "-")


reference = [
    # Manage case
    post("manage/cases/add", ManageCaseViewSet, "add"),
    get("manage/cases/list", ManageCaseViewSet, "list"),
    both("manage/cases/close/<id:case_id>", ManageCaseViewSet, "close"),
    both("manage/cases/reopen/<id:case_id>", ManageCaseViewSet, "reopen"),
    both("manage/cases/delete/<id:case_id>", ManageCaseViewSet, "delete"),
    # Global tasks
    get("global/tasks/list", GlobalTaskViewSet, "list"),
    post("global/tasks/add", GlobalTaskViewSet, "add"),
    post("global/tasks/update/<id:task_id>", GlobalTaskViewSet, "update"),
    both("global/tasks/delete/<id:task_id>", GlobalTaskViewSet, "delete"),
    # Manage customers
    post("manage/customers/add", CustomerViewSet, "add"),
    post("manage/customers/update/<id:customer_id>", CustomerViewSet, "update"),
    both("manage/customers/delete/<id:customer_id>", CustomerViewSet, "delete"),
    # Case general
    post("case/summary/update", CaseViewSet, "update_summary"),
    post("case/tasklog/add", CaseViewSet, "log_activity"),
    get("case/export", ExportViewSet, "export"),
    # Case assets
    get("case/assets/list", AssetViewSet, "list"),
    get("case/assets/<id:asset_id>", AssetViewSet, "retrieve"),
    post("case/assets/add", AssetViewSet, "add"),
    post("case/assets/update/<id:asset_id>", AssetViewSet, "update"),
    both("case/assets/delete/<id:asset_id>", AssetViewSet, "delete"),
    # Case notes
    get("case/notes/groups/list", NotesGroupViewSet, "list"),
    get("case/notes/groups/<id:group_id>", NotesGroupViewSet, "retrieve"),
    post("case/notes/groups/add", NotesGroupViewSet, "add"),
    post("case/notes/groups/update/<id:group_id>", NotesGroupViewSet, "update"),
    post("case/notes/groups/update", NotesGroupViewSet, "update"),
    both("case/notes/groups/delete/<id:group_id>", NotesGroupViewSet, "delete"),
    post("case/notes/add", NoteViewSet, "add"),
    get("case/notes/<id:note_id>", NoteViewSet, "retrieve"),
    both("case/notes/delete/<id:note_id>", NoteViewSet, "delete"),
    post("case/notes/update/<id:note_id>", NoteViewSet, "update"),
    post("case/notes/search", NoteViewSet, "search"),
    # Case IOC
    get("case/ioc/list", IocViewSet, "list"),
    get("case/ioc/<id:ioc_id>", IocViewSet, "retrieve"),
    post("case/ioc/add", IocViewSet, "add"),
    both("case/ioc/delete/<id:ioc_id>", IocViewSet, "delete"),
    post("case/ioc/update/<id:ioc_id>", IocViewSet, "update"),
    # Case timeline
    get("case/timeline/events/list/filter/<id:asset_id>", TimelineViewSet, "filtered"),
    get("case/timeline/events/list", TimelineViewSet, "list"),
    get("case/timeline/state", TimelineViewSet, "state"),
    post("case/timeline/events/add", TimelineViewSet, "add"),
    post("case/timeline/events/update/<id:event_id>", TimelineViewSet, "update"),
    get("case/timeline/events/<id:event_id>", TimelineViewSet, "retrieve"),
    both("case/timeline/events/delete/<id:event_id>", TimelineViewSet, "delete"),
    # Case tasks
    get("case/tasks/list", TaskViewSet, "list"),
    both("case/tasks/delete/<id:task_id>", TaskViewSet, "delete"),
    get("case/tasks/<id:task_id>", TaskViewSet, "retrieve"),
    post("case/tasks/add", TaskViewSet, "add"),
    post("case/tasks/update/<id:task_id>", TaskViewSet, "update"),
    # Case evidences
    get("case/evidences/list", EvidenceViewSet, "list"),
    get("case/evidences/<id:evidence_id>", EvidenceViewSet, "retrieve"),
    both("case/evidences/delete/<id:evidence_id>", EvidenceViewSet, "delete"),
    post("case/evidences/update/<id:evidence_id>", EvidenceViewSet, "update"),
    post("case/evidences/add", EvidenceViewSet, "add"),
    # Manage users
    both("manage/users/delete/<id:user_id>", UserViewSet, "delete"),
    post("manage/users/update/<id:user_id>", UserViewSet, "update"),
    post("manage/users/add", UserViewSet, "add"),
    get("manage/users/list", UserViewSet, "list"),
    get("manage/users/<id:user_id>", UserViewSet, "retrieve"),
    # Manage asset types
    get("manage/asset-type/list", AssetTypeViewSet, "list"),
    get("manage/asset-type/<id:pk>", AssetTypeViewSet, "retrieve"),
    both("manage/asset-type/delete/<id:pk>", AssetTypeViewSet, "delete"),
    post("manage/asset-type/add", AssetTypeViewSet, "add"),
    post("manage/asset-type/update/<id:pk>", AssetTypeViewSet, "update"),
    # Manage task status, analysis status
    get("manage/task-status/list", TaskStatusViewSet, "list"),
    get("manage/task-status/<id:pk>", TaskStatusViewSet, "retrieve"),
    get("manage/analysis-status/list", AnalysisStatusViewSet, "list"),
    get("manage/analysis-status/<id:pk>", AnalysisStatusViewSet, "retrieve"),
    # Manage IOC types
    get("manage/ioc-types/list", IocTypeViewSet, "list"),
    get("manage/ioc-types/<id:pk>", IocTypeViewSet, "retrieve"),
    both("manage/ioc-types/delete/<id:pk>", IocTypeViewSet, "delete"),
    post("manage/ioc-types/add", IocTypeViewSet, "add"),
    post("manage/ioc-types/update/<id:pk>", IocTypeViewSet, "update"),
    # API
    get("api/versions", SystemViewSet, "versions"),
    get("api/ping", SystemViewSet, "ping"),
    # Iris modules
    get("dim/tasks/list", DimViewSet, "runs"),
    get("dim/tasks/limited-list", DimViewSet, "latest_runs"),
    get("dim/hooks/options/<str:object_type>/list", DimViewSet, "manual_hooks"),
    post("dim/hooks/call", DimViewSet, "call"),
]
called_by_clients = [
    get("manage/cases/<id:case_id>", ManageCaseViewSet, "retrieve"),
    post("manage/cases/update/<id:case_id>", ManageCaseViewSet, "update"),
    post("case/update-status", CaseViewSet, "update_outcome"),
    get("case/summary/fetch", CaseViewSet, "fetch_summary"),
    get("global/tasks/<id:task_id>", GlobalTaskViewSet, "retrieve"),
    get("user/is-admin", OwnUserViewSet, "is_admin"),
    get("user/token/renew", OwnUserViewSet, "renew_key"),
    get("manage/users/lookup/login/<str:login>", UserViewSet, "lookup_login"),
    get("manage/users/lookup/id/<id:user_id>", UserViewSet, "lookup_id"),
    get("manage/users/restricted/list", UserViewSet, "restricted"),
    get("manage/users/deactivate/<id:user_id>", UserViewSet, "deactivate"),
    get("manage/users/activate/<id:user_id>", UserViewSet, "activate"),
    post("manage/users/renew-api-key/<id:user_id>", UserViewSet, "renew_key"),
    get("manage/customers/list", CustomerViewSet, "list"),
    get("manage/customers/<id:customer_id>", CustomerViewSet, "retrieve"),
    get("manage/case-classifications/list", ClassificationViewSet, "list"),
    get("manage/case-classifications/<id:pk>", ClassificationViewSet, "retrieve"),
    post("manage/case-classifications/add", ClassificationViewSet, "add"),
    post("manage/case-classifications/update/<id:pk>", ClassificationViewSet, "update"),
    both("manage/case-classifications/delete/<id:pk>", ClassificationViewSet, "delete"),
    get("manage/event-categories/list", EventCategoryViewSet, "list"),
    get("manage/event-categories/<id:pk>", EventCategoryViewSet, "retrieve"),
    get("manage/tlp/list", TlpViewSet, "list"),
    get("manage/tlp/<id:pk>", TlpViewSet, "retrieve"),
    get("manage/alert-status/list", AlertStatusViewSet, "list"),
    get("manage/alert-status/<id:pk>", AlertStatusViewSet, "retrieve"),
    get("manage/compromise-status/list", FixedListViewSet, "compromise"),
    get("manage/outcome-status/list", FixedListViewSet, "outcome"),
    post("search", SearchViewSet, "search"),
    get("activities/list", SearchViewSet, "activities"),
    get("dim/tasks/list/<id:count>", DimViewSet, "last_runs"),
    get("dim/tasks/status/<str:run>", DimViewSet, "status"),
    get("manage/modules/list", ManageModuleViewSet, "list"),
    post("manage/modules/add", ManageModuleViewSet, "add"),
    post("manage/modules/set-parameter/<path:encoded>", ManageModuleViewSet, "set_parameter"),
    post("manage/modules/enable/<id:module_id>", ManageModuleViewSet, "enable"),
    post("manage/modules/disable/<id:module_id>", ManageModuleViewSet, "disable"),
    post("manage/modules/remove/<id:module_id>", ManageModuleViewSet, "remove"),
    get("manage/modules/export-config/<id:module_id>", ManageModuleViewSet, "export_config"),
    post("manage/modules/import-config/<id:module_id>", ManageModuleViewSet, "import_config"),
    get("manage/modules/hooks/list", ManageModuleViewSet, "hooks"),
]
doors = [*reference, *called_by_clients]
DOCUMENT = {
    "TITLE": "Watchfloor: DFIR-IRIS API",
    "DESCRIPTION": "The DFIR-IRIS REST API v1.0.2, with what clients up to 2.0.4 call besides it.",
}
documents = [
    path(
        "api/iris/schema",
        SpectacularAPIView.as_view(patterns=doors, custom_settings=DOCUMENT, permission_classes=[]),
        name="iris-schema",
    ),
    path(
        "api/iris/docs",
        SpectacularSwaggerSplitView.as_view(url_name="iris-schema", permission_classes=[]),
        name="iris-docs",
    ),
]


def _by_prefix(patterns: list[URLPattern], depth: int = 2) -> list[URLPattern | URLResolver]:
    """Return the same paths in a tree of their first segments, so that few are tried per request."""
    groups: dict[str, list[URLPattern]] = {}
    for pattern in patterns:
        route = str(pattern.pattern)
        first, slash, _ = route.partition("/")
        prefix = "" if "<" in first or depth == 0 else first + slash if slash else ""
        rest = path(route.removeprefix(prefix), pattern.callback, name=pattern.name)
        groups.setdefault(prefix, []).append(rest)
    leaves = groups.pop("", [])
    branches = (path(name, include(_by_prefix(rest, depth - 1))) for name, rest in groups.items())
    return [*leaves, *branches]


urlpatterns = [*_by_prefix(doors), *documents]
