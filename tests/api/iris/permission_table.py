"""The permission table: who may call each route of the IRIS door, and how a test calls it.

A path and a body name ids by noun: `{asset}` is the id of an asset, `$asset` in a body likewise. The noun
in the path (or `$id` in the body) is the object the route is about; tests fill in the caller's own, a
foreign and a missing one. docs/permissions.md shows the same table.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from soar.core.permissions import Permission

NO_CASE, READ_CASE, WRITE_CASE = 0, 2, 4
TENANT_NOUNS = frozenset(
    [
        "case",
        "customer",
        "empty_customer",
        "ioc",
        "asset",
        "group",
        "note",
        "event",
        "task",
        "evidence",
        "run",
    ]
)


@dataclass(frozen=True)
class Line:
    """One route: its methods, path, what it asks for, and a body it takes.

    `context` is the level asked for on the case of `cid`, `named` the level on the case in the path.
    """

    methods: str
    path: str
    any_of: tuple[Permission, ...] = ()
    context: int = NO_CASE
    named: int = NO_CASE
    body: dict[str, Any] = field(default_factory=dict)
    about: str = ""
    finds_nothing: bool = False  # an id of nothing is answered with an empty list

    @property
    def noun(self) -> str:
        """Return what the route is about, or ""."""
        found = re.search(r"\{(\w+)\}", self.path)
        return found[1] if found else self.about

    @property
    def is_tenant(self) -> bool:
        """Tell whether the object belongs to a customer."""
        return self.noun in TENANT_NOUNS

    @property
    def access(self) -> str:
        """Return in words what the route asks for."""
        levels = {READ_CASE: "read", WRITE_CASE: "full"}
        parts = [" or ".join(permission.codename for permission in self.any_of)]
        parts.append(f"{levels[self.context]} access to the context case" if self.context else "")
        parts.append(f"{levels[self.named]} access to the named case" if self.named else "")
        if self.any_of and "customer}" in self.path:
            parts.append("access to the named customer")
        return ", ".join(part for part in parts if part) or "any valid key"


def any_key(methods: str, path: str, **extra: Any) -> Line:
    """Return the line of a route for every valid key."""
    return Line(methods, path, **extra)


def admin(methods: str, path: str, **extra: Any) -> Line:
    """Return the line of a route for administrators."""
    return Line(methods, path, (Permission.SERVER_ADMINISTRATOR,), **extra)


def read(path: str, **extra: Any) -> Line:
    """Return the line of a read within the context case."""
    return Line("GET", path, context=READ_CASE, **extra)


def write(path: str, **body: Any) -> Line:
    """Return the line of a write within the context case."""
    return Line("POST", path, context=WRITE_CASE, body=body)


def removal(path: str) -> Line:
    """Return the line of a delete within the context case, which v1 clients send as GET."""
    return Line("GET POST", path, context=WRITE_CASE)


STANDARD = (Permission.STANDARD_USER,)
CUSTOMER_READERS = (Permission.CUSTOMERS_READ,)
CUSTOMER_WRITERS = (Permission.CUSTOMERS_WRITE,)
ACTIVITY_READERS = (Permission.ACTIVITIES_READ, Permission.ALL_ACTIVITIES_READ)
CASE_BODY = {
    "case_soc_id": "soc",
    "case_customer": "$customer",
    "case_name": "New case",
    "case_description": "Opened by a test",
}
GLOBAL_TASK = {"task_assignee_id": "$analyst", "task_status_id": 1, "task_title": "Task"}
ASSET = {"asset_name": "Server", "asset_type_id": 1, "analysis_status_id": 1, "ioc_links": ["$ioc"]}
IOC = {"ioc_type_id": 1, "ioc_tlp_id": 1, "ioc_value": "new.example.org"}
EVENT = {
    "event_title": "Event",
    "event_assets": ["$asset"],
    "event_iocs": ["$ioc"],
    "event_category_id": 1,
    "event_date": "2026-03-01T12:00:00.000",
    "event_tz": "+00:00",
}
TASK = {"task_assignee_id": "$analyst", "task_status_id": 1, "task_title": "Task"}
USER = {
    "user_name": "New",
    "user_login": "new",
    "user_email": "new@world.example.org",
    "user_password": "Correct-Horse-8-Battery",
}
ASSET_TYPE = {"asset_name": "Toaster", "asset_description": "Makes toast"}
IOC_TYPE = {"type_name": "toast", "type_description": "Made by toasters"}
CLASSIFICATION = {"name": "a:b", "name_expanded": "A: b", "description": "Class"}
HOOK = {"hook_name": "any", "module_name": "played", "type": "ioc", "targets": ["$ioc"]}
CONFIGURATION = {"module_configuration": [{"param_name": "url", "value": "https://x.example"}]}

TABLE = [
    # Cases
    Line("POST", "manage/cases/add", STANDARD, body=CASE_BODY),
    Line("GET", "manage/cases/list", STANDARD),
    Line("GET", "manage/cases/{case}", named=READ_CASE),
    Line("POST", "manage/cases/update/{case}", STANDARD, named=WRITE_CASE, body={"case_tags": "a"}),
    Line("GET POST", "manage/cases/close/{case}", STANDARD, named=WRITE_CASE),
    Line("GET POST", "manage/cases/reopen/{case}", STANDARD, named=WRITE_CASE),
    Line("GET POST", "manage/cases/delete/{case}", STANDARD, named=WRITE_CASE),
    write("case/summary/update", case_description="Summary"),
    read("case/summary/fetch"),
    write("case/tasklog/add", log_content="Looked at it"),
    write("case/update-status", status_id=1),
    read("case/export"),
    # Assets
    read("case/assets/list"),
    read("case/assets/{asset}"),
    write("case/assets/add", **ASSET),
    write("case/assets/update/{asset}", **ASSET),
    removal("case/assets/delete/{asset}"),
    # Notes
    read("case/notes/groups/list"),
    read("case/notes/groups/{group}"),
    write("case/notes/groups/add", group_title="Group"),
    write("case/notes/groups/update/{group}", group_title="Group"),
    Line(
        "POST",
        "case/notes/groups/update",
        context=WRITE_CASE,
        body={"group_id": "$id", "group_title": "Group"},
        about="group",
    ),
    removal("case/notes/groups/delete/{group}"),
    write("case/notes/add", note_title="Note", note_content="Text", group_id="$group"),
    read("case/notes/{note}"),
    write("case/notes/update/{note}", note_title="Note", directory_id="$group"),
    removal("case/notes/delete/{note}"),
    Line("POST", "case/notes/search", context=READ_CASE, body={"search_term": "%"}),
    # Indicators
    read("case/ioc/list"),
    read("case/ioc/{ioc}"),
    write("case/ioc/add", **IOC),
    write("case/ioc/update/{ioc}", **IOC),
    removal("case/ioc/delete/{ioc}"),
    # Timeline
    read("case/timeline/events/list/filter/{asset}", finds_nothing=True),
    read("case/timeline/events/list"),
    read("case/timeline/state"),
    read("case/timeline/events/{event}"),
    write("case/timeline/events/add", **EVENT),
    write("case/timeline/events/update/{event}", **EVENT),
    removal("case/timeline/events/delete/{event}"),
    # Tasks
    read("case/tasks/list"),
    read("case/tasks/{task}"),
    write("case/tasks/add", **TASK),
    write("case/tasks/update/{task}", **TASK),
    removal("case/tasks/delete/{task}"),
    # Evidence
    read("case/evidences/list"),
    read("case/evidences/{evidence}"),
    write("case/evidences/add", filename="disk.img"),
    write("case/evidences/update/{evidence}", filename="disk.img"),
    removal("case/evidences/delete/{evidence}"),
    # Global tasks
    any_key("GET", "global/tasks/list"),
    any_key("GET", "global/tasks/{global_task}"),
    any_key("POST", "global/tasks/add", body=GLOBAL_TASK),
    any_key("POST", "global/tasks/update/{global_task}", body=GLOBAL_TASK),
    any_key("GET POST", "global/tasks/delete/{global_task}"),
    # Customers
    Line("GET", "manage/customers/list", CUSTOMER_READERS),
    Line("GET", "manage/customers/{customer}", CUSTOMER_READERS),
    Line("POST", "manage/customers/add", CUSTOMER_WRITERS, body={"customer_name": "New client"}),
    Line(
        "POST",
        "manage/customers/update/{customer}",
        CUSTOMER_WRITERS,
        body={"customer_name": "Renamed"},
    ),
    Line("GET POST", "manage/customers/delete/{empty_customer}", CUSTOMER_WRITERS),
    # Users
    admin("GET", "manage/users/list"),
    admin("GET", "manage/users/{user}"),
    admin("POST", "manage/users/add", body=USER),
    admin("POST", "manage/users/update/{user}", body={"user_name": "Renamed"}),
    admin("GET POST", "manage/users/delete/{idle_user}"),
    admin("GET", "manage/users/deactivate/{user}"),
    admin("GET", "manage/users/activate/{idle_user}"),
    admin("POST", "manage/users/renew-api-key/{user}"),
    any_key("GET", "manage/users/lookup/login/{login}"),
    any_key("GET", "manage/users/lookup/id/{user}"),
    any_key("GET", "manage/users/restricted/list"),
    admin("GET", "user/is-admin"),
    any_key("GET", "user/token/renew"),
    # Reference data
    any_key("GET", "manage/asset-type/list"),
    any_key("GET", "manage/asset-type/{row}"),
    admin("POST", "manage/asset-type/add", body=ASSET_TYPE),
    admin("POST", "manage/asset-type/update/{asset_type}", body=ASSET_TYPE),
    admin("GET POST", "manage/asset-type/delete/{asset_type}"),
    any_key("GET", "manage/ioc-types/list"),
    any_key("GET", "manage/ioc-types/{row}"),
    admin("POST", "manage/ioc-types/add", body=IOC_TYPE),
    admin("POST", "manage/ioc-types/update/{ioc_type}", body=IOC_TYPE),
    admin("GET POST", "manage/ioc-types/delete/{ioc_type}"),
    any_key("GET", "manage/case-classifications/list"),
    any_key("GET", "manage/case-classifications/{row}"),
    admin("POST", "manage/case-classifications/add", body=CLASSIFICATION),
    admin("POST", "manage/case-classifications/update/{classification}", body=CLASSIFICATION),
    admin("GET POST", "manage/case-classifications/delete/{classification}"),
    any_key("GET", "manage/task-status/list"),
    any_key("GET", "manage/task-status/{row}"),
    any_key("GET", "manage/analysis-status/list"),
    any_key("GET", "manage/analysis-status/{row}"),
    any_key("GET", "manage/event-categories/list"),
    any_key("GET", "manage/event-categories/{row}"),
    any_key("GET", "manage/tlp/list"),
    any_key("GET", "manage/tlp/{row}"),
    any_key("GET", "manage/alert-status/list"),
    any_key("GET", "manage/alert-status/{row}"),
    any_key("GET", "manage/compromise-status/list"),
    any_key("GET", "manage/outcome-status/list"),
    # Across cases, modules, the server
    Line(
        "POST",
        "search",
        (Permission.SEARCH_ACROSS_CASES,),
        body={"search_value": "%", "search_type": "ioc"},
    ),
    Line("GET", "activities/list", ACTIVITY_READERS),
    any_key("GET", "dim/tasks/list"),
    any_key("GET", "dim/tasks/limited-list"),
    any_key("GET", "dim/tasks/list/{row}", finds_nothing=True),
    any_key("GET", "dim/tasks/status/{run}"),
    any_key("GET", "dim/hooks/options/ioc/list"),
    write("dim/hooks/call", **HOOK),
    admin("GET", "manage/modules/list"),
    admin("POST", "manage/modules/add", body={"module_name": "watchfloor_refang"}),
    admin("POST", "manage/modules/set-parameter/{parameter}", body={"parameter_value": "x"}),
    admin("POST", "manage/modules/enable/{module}"),
    admin("POST", "manage/modules/disable/{module}"),
    admin("POST", "manage/modules/remove/{module}"),
    admin("GET", "manage/modules/export-config/{module}"),
    admin("POST", "manage/modules/import-config/{module}", body=CONFIGURATION),
    admin("GET", "manage/modules/hooks/list"),
    any_key("GET", "api/versions"),
    any_key("GET", "api/ping"),
]
ANY_SEGMENT = "dim/hooks/options/ioc/list"


def shape_of(path: str) -> str:
    """Return a path with every variable part as {}."""
    if path == ANY_SEGMENT:
        return "dim/hooks/options/{}/list"
    return re.sub(r"\{\w+\}|<\w+:\w+>", "{}", path)


def route_table() -> list[str]:
    """Return the lines of the route table in docs/permissions.md."""
    rows = [
        f"| {line.methods.replace(' ', ', ')} | `/{line.path}` | {line.access} |" for line in TABLE
    ]
    return ["| Methods | Path | Asks for |", "|---|---|---|", *rows]
