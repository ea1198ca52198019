"""The 90 hooks of DFIR-IRIS, and the one table of what fires them here.

Names, phases and data are those of contract iris-modules §1.2. A module is always handed a list: for an
automatic hook one element, for a manual one as many as were selected. What that element is says `Fired.data`.
Preload hooks get the body of the request (create, update) or the id (delete, duplicate, report).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

PRELOAD, POSTLOAD, MANUAL = "preload", "postload", "manual"
OBJECT, ID, DETAILS = "object", "id", "details"
Details = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Hook:
    """A moment modules may wait for. `kind` is the kind of object it is about."""

    id: int
    name: str
    description: str
    kind: str
    phase: str


@dataclass(frozen=True, slots=True)
class Fired:
    """A hook an audit row fires, and what its data are.

    `object` is a snapshot of the object of `kind`, taken when the run starts; `id` a number, see
    `wire_id` and `last_known`; `details` a plain dict, see `payload_of`.
    """

    hook: str
    kind: str
    data: str


NOUNS = {
    "case": "a case",
    "alert": "an alert",
    "asset": "an asset",
    "ioc": "an IOC",
    "note": "a note",
    "event": "an event of the timeline",
    "evidence": "a piece of evidence",
    "task": "a task",
    "global_task": "a task that belongs to no case",
    "report": "an investigation report",
    "activities_report": "an activities report",
}
DEEDS = {
    "create": "is created",
    "update": "is changed",
    "delete": "is deleted",
    "duplicate": "is duplicated",
    "resolution_update": "gets another resolution",
    "status_update": "gets another status",
    "escalate": "is escalated to a case",
    "merge": "is merged into a case",
    "unmerge": "is taken out of a case",
    "commented": "is commented",
    "comment_update": "has a comment changed",
    "comment_delete": "has a comment deleted",
}
MANUAL_KINDS = (
    "case",
    "alert",
    "asset",
    "ioc",
    "note",
    "event",
    "evidence",
    "task",
    "global_task",
)
COMMENTED_KINDS = ("asset", "evidence", "task", "ioc", "event", "note", "alert")
RECORDS = ("asset", "ioc", "note", "event", "evidence", "task", "global_task")
WRITES = ("create", "update", "delete")
PRELOADED: list[tuple[str, tuple[str, ...]]] = [
    ("case", ("create", "delete")),
    *((kind, WRITES) for kind in RECORDS),
    ("event", ("duplicate",)),
    ("report", ("create",)),
    ("activities_report", ("create",)),
]
POSTLOADED: list[tuple[str, tuple[str, ...]]] = [
    ("case", WRITES),
    (
        "alert",
        (*WRITES, "resolution_update", "status_update", "escalate", "merge", "unmerge"),
    ),
    *((kind, WRITES) for kind in RECORDS),
    ("report", ("create",)),
    ("activities_report", ("create",)),
    *((kind, ("commented", "comment_update", "comment_delete")) for kind in COMMENTED_KINDS),
]


def _all() -> Iterator[tuple[str, str, str, str]]:
    for phase, when, families in (
        (PRELOAD, "Before", PRELOADED),
        (POSTLOAD, "After", POSTLOADED),
    ):
        for subject, deeds in families:
            kind = "report" if subject == "activities_report" else subject
            for deed in deeds:
                text = f"{when} {NOUNS[subject]} {DEEDS[deed]}"
                yield f"on_{phase}_{subject}_{deed}", text, kind, phase
    for kind in MANUAL_KINDS:
        yield f"on_manual_trigger_{kind}", f"When chosen by hand for {NOUNS[kind]}", kind, MANUAL


# The ids are places in this order: add at the end, never between.
HOOKS: Mapping[str, Hook] = {
    name: Hook(place, name, description, kind, phase)
    for place, (name, description, kind, phase) in enumerate(_all(), start=1)
}
ALIASES: Mapping[str, str] = {"on_postload_case_info_update": "on_postload_case_update"}

# Which preload hook an IRIS route calls before it looks at the request. Routes we do not serve yet are
# named too, so that whoever adds one finds its hook here.
PRELOADS: Mapping[str, str] = {
    "manage/cases/add": "on_preload_case_create",
    "manage/cases/delete": "on_preload_case_delete",
    "case/assets/add": "on_preload_asset_create",
    "case/assets/upload": "on_preload_asset_create",
    "case/assets/update": "on_preload_asset_update",
    "case/assets/delete": "on_preload_asset_delete",
    "case/ioc/add": "on_preload_ioc_create",
    "case/ioc/upload": "on_preload_ioc_create",
    "case/ioc/update": "on_preload_ioc_update",
    "case/ioc/delete": "on_preload_ioc_delete",
    "case/notes/add": "on_preload_note_create",
    "case/notes/update": "on_preload_note_update",
    "case/notes/delete": "on_preload_note_delete",
    "case/timeline/events/add": "on_preload_event_create",
    "case/timeline/events/csv_upload": "on_preload_event_create",
    "case/timeline/events/duplicate": "on_preload_event_duplicate",
    "case/timeline/events/update": "on_preload_event_update",
    "case/timeline/events/delete": "on_preload_event_delete",
    "case/evidences/add": "on_preload_evidence_create",
    "case/evidences/update": "on_preload_evidence_update",
    "case/evidences/delete": "on_preload_evidence_delete",
    "case/tasks/add": "on_preload_task_create",
    "case/tasks/update": "on_preload_task_update",
    "case/tasks/delete": "on_preload_task_delete",
    "global/tasks/add": "on_preload_global_task_create",
    "global/tasks/update": "on_preload_global_task_update",
    "global/tasks/delete": "on_preload_global_task_delete",
    "case/report/generate-investigation": "on_preload_report_create",
    "case/report/generate-activities": "on_preload_activities_report_create",
}

VERBS = {"created": "create", "updated": "update", "deleted": "delete"}


def _after(kind: str, deed: str, data: str, *, of: str = "") -> Fired:
    return Fired(f"on_postload_{kind}_{deed}", of or kind, data)


def _written(kind: str) -> dict[str, Fired]:
    return {
        f"{kind}.{verb}": _after(kind, deed, ID if deed == "delete" else OBJECT)
        for verb, deed in VERBS.items()
    }


def _commented(kind: str) -> dict[str, Fired]:
    return {
        f"{kind}.commented": _after(kind, "commented", DETAILS),
        f"{kind}.comment_updated": _after(kind, "comment_update", DETAILS),
        f"{kind}.comment_deleted": _after(kind, "comment_delete", ID, of="comment"),
    }


# Our audit actions -> hooks. Not here, because DFIR-IRIS fires nothing: summary, outcome, access and
# activities of a case, note directories, customers, users, reference data; nor what modules write.
# What is decided about an alert gives it another status or owner. Its parts fire nothing.
# No service writes the actions on comments and reports, or event.duplicated, yet.
_EVENTS: Mapping[str, Fired] = {
    **_written("case"),
    "case.closed": _after("case", "update", OBJECT),
    "case.reopened": _after("case", "update", OBJECT),
    **{action: fired for kind in RECORDS for action, fired in _written(kind).items()},
    **{
        f"task.{deed}": _after("task", "update", OBJECT)
        for deed in ("approved", "declined", "closed", "reassigned")
    },
    "global_task.deleted": _after("global_task", "delete", DETAILS),
    "event.duplicated": _after("event", "create", OBJECT),
    **_written("alert"),
    "alert.resolution_changed": _after("alert", "resolution_update", OBJECT),
    "alert.status_changed": _after("alert", "status_update", OBJECT),
    "alert.grabbed": _after("alert", "status_update", OBJECT),
    "alert.reassigned": _after("alert", "update", OBJECT),
    "alert.discarded": _after("alert", "status_update", OBJECT),
    "alert.restored": _after("alert", "status_update", OBJECT),
    "alert.batch_deleted": _after("alert", "delete", DETAILS),
    "alert.escalated": _after("alert", "escalate", OBJECT),
    "alert.merged": _after("alert", "merge", OBJECT),
    "alert.unmerged": _after("alert", "unmerge", OBJECT),
    **{action: fired for kind in COMMENTED_KINDS for action, fired in _commented(kind).items()},
    "report.created": _after("report", "create", DETAILS),
    "report.activities_created": Fired("on_postload_activities_report_create", "report", ID),
}


def _is_gone_everywhere(details: Details) -> bool:
    """Tell whether no case holds a removed IOC any more; while one does it was only unlinked."""
    return bool(_part(details, "after").get("is_gone", True))


_CONDITIONS: Mapping[str, Callable[[Details], bool]] = {"ioc.deleted": _is_gone_everywhere}

# What the audit row of a deletion tells of the object, under the names of the wire.
_KNOWN: Mapping[str, Mapping[str, str]] = {
    "case": {"name": "name", "soc_id": "soc_id", "customer_id": "client_id"},
    "asset": {"name": "asset_name", "type_id": "asset_type_id"},
    "ioc": {"value": "ioc_value", "type_id": "ioc_type_id", "tlp_id": "ioc_tlp_id"},
    "note": {"title": "note_title", "content": "note_content"},
    "event": {"title": "event_title"},
    "evidence": {"filename": "filename", "file_hash": "file_hash"},
    "alert": {
        "title": "alert_title",
        "source": "alert_source",
        "external_id": "alert_source_ref",
        "customer_id": "alert_customer_id",
    },
    "task": {"title": "task_title"},
    "global_task": {"title": "task_title"},
}
_ID_NAMES: Mapping[str, str] = {
    "evidence": "id",
    "task": "id",
    **{kind: f"{kind}_id" for kind in ("case", "alert", "asset", "ioc", "note", "event")},
    "global_task": "task_id",
}


def resolve(name: str) -> Hook | None:
    """Return the hook of a name, or of the name it had earlier; None when there is none."""
    return HOOKS.get(ALIASES.get(name, name))


def hooks_of_event(action: str, details: Details) -> list[Fired]:
    """Return the hooks an audit row fires; `details` are those of the row.

    What a module wrote itself fires nothing: the caller leaves out rows of the channel "module".
    """
    fired = _EVENTS.get(action)
    condition = _CONDITIONS.get(action)
    if fired is None or (condition is not None and not condition(details)):
        return []
    return [fired]


def wire_id(action: str, object_id: int | None, details: Details) -> int | None:
    """Return the id clients and modules know the object of an audit row by.

    An IOC is known by the observable's id, while the row is about what one case says of it.
    """
    if not action.startswith("ioc."):
        return object_id
    known = {**_part(details, "before"), **_part(details, "after")}
    found = known.get("ioc_id")
    return found if isinstance(found, int) else None


def last_known(action: str, object_id: int | None, details: Details) -> dict[str, Any]:
    """Return what is known of a deleted object, under the names of the wire, its id included."""
    kind = action.partition(".")[0]
    before = _part(details, "before")
    names = _KNOWN.get(kind, {})
    known = {wire: before[name] for name, wire in names.items() if name in before}
    pk = wire_id(action, object_id, details)
    if kind == "case" and "name" in known:
        known["name"] = f"#{pk} - {known['name']}"
    return {_ID_NAMES.get(kind, "id"): pk, **known}


def payload_of(action: str, object_id: int | None, details: Details) -> dict[str, Any]:
    """Return the plain dict that the hook of a `details` event hands to modules.

    DFIR-IRIS hands over the body of the request that deletes a global task, mostly nothing at all; here
    it is what was known of the task.
    """
    if action.endswith(".deleted"):
        return last_known(action, object_id, details)
    return dict(_part(details, "after"))


def _part(details: Details, name: str) -> Mapping[str, Any]:
    part = details.get(name)
    return part if isinstance(part, Mapping) else {}
