"""The models of `app.models`: which columns they have and which related objects hang on them."""

from typing import Any

from .records import (
    TEXT_ENDINGS,
    DeletedObject,
    ModelType,
    Record,
    fields_of,
    is_json_field,
)

HISTORY = " custom_attributes modification_history"
# name: kind in jobs and results, primary key, columns and related objects
TABLE: dict[str, tuple[str, str, str]] = {
    "Ioc": (
        "ioc",
        "ioc_id",
        "ioc_uuid ioc_value ioc_type_id ioc_description ioc_tags ioc_misp ioc_tlp_id ioc_enrichment "
        "user_id case_id ioc_type tlp user case" + HISTORY,
    ),
    "CaseAssets": (
        "asset",
        "asset_id",
        "asset_uuid asset_name asset_description asset_domain asset_ip asset_info asset_tags "
        "asset_compromise_status_id asset_type_id analysis_status_id asset_enrichment case_id user_id "
        "date_added date_update asset_type analysis_status case user alerts" + HISTORY,
    ),
    "Notes": (
        "note",
        "note_id",
        "note_uuid note_title note_content note_user note_creationdate note_lastupdate note_case_id "
        "directory_id case_id user case directory comments" + HISTORY,
    ),
    "NoteDirectory": ("note_directory", "id", "name parent_id case_id parent case notes"),
    "Cases": (
        "case",
        "case_id",
        "case_uuid name description soc_id client_id open_date close_date initial_date closing_note "
        "user_id owner_id status_id state_id severity_id classification_id reviewer_id "
        "review_status_id client owner user reviewer severity classification state review_status tags"
        + HISTORY,
    ),
    "CasesEvent": (
        "event",
        "event_id",
        "event_uuid parent_event_id case_id user_id event_title event_source event_content event_raw "
        "event_date event_date_wtz event_tz event_added event_color event_tags event_in_graph "
        "event_in_summary event_is_flagged category case user" + HISTORY,
    ),
    "CaseTasks": (
        "task",
        "id",
        "task_uuid task_title task_description task_tags task_open_date task_close_date "
        "task_last_update task_userid_open task_userid_close task_userid_update task_status_id "
        "task_case_id case_id status case user" + HISTORY,
    ),
    "GlobalTasks": (
        "global_task",
        "id",
        "task_uuid task_title task_description task_tags task_open_date task_close_date "
        "task_last_update task_userid_open task_userid_close task_userid_update task_status_id "
        "task_assignee_id status user" + HISTORY,
    ),
    "CaseReceivedFile": (
        "evidence",
        "id",
        "file_uuid filename file_description file_size file_hash date_added acquisition_date start_date "
        "end_date case_id user_id type_id chain_of_custody type case user" + HISTORY,
    ),
    "Alert": (
        "alert",
        "alert_id",
        "alert_uuid alert_title alert_description alert_source alert_source_ref alert_source_link "
        "alert_source_content alert_source_event_time alert_severity_id alert_status_id alert_context "
        "alert_creation_time alert_note alert_tags alert_owner_id alert_customer_id "
        "alert_classification_id alert_resolution_status_id severity status customer classification "
        "owner resolution_status iocs assets cases comments case_id user" + HISTORY,
    ),
    "IocLink": ("ioc_link", "ioc_link_id", "ioc_id case_id ioc case"),
    "IocType": (
        "ioc_type",
        "type_id",
        "type_name type_description type_taxonomy type_validation_regex type_validation_expect",
    ),
    "Tlp": ("tlp", "tlp_id", "tlp_name tlp_bscolor"),
    "Client": ("client", "client_id", "client_uuid name description sla custom_attributes"),
    "User": ("user", "id", "name login user email uuid active"),
    "Comments": (
        "comment",
        "comment_id",
        "comment_uuid comment_text comment_date comment_update_date comment_user_id comment_case_id "
        "comment_alert_id user",
    ),
    "AssetsType": ("asset_type", "asset_id", "asset_name asset_description"),
    "AnalysisStatus": ("analysis_status", "id", "name"),
    "Related": ("", "id", ""),
}


def _model(name: str, kind: str, identity: str, columns: str) -> type[Record]:
    members = {"_kind": kind, "_identity": identity, "_columns": (identity, *columns.split())}
    return ModelType(name, (Record,), {**members, "__module__": "app.models"})  # type: ignore[return-value]


MODELS: dict[str, type[Record]] = {name: _model(name, *row) for name, row in TABLE.items()}
BY_KIND = {model._kind: model for model in MODELS.values() if model._kind}
Related = MODELS["Related"]
USER, CLIENT = MODELS["User"], MODELS["Client"]
NESTED = BY_KIND | {
    "client": CLIENT,
    "customer": CLIENT,
    "owner": USER,
    "reviewer": USER,
    "user_update": USER,
    "directory": MODELS["NoteDirectory"],
    "comments": MODELS["Comments"],
    "iocs": MODELS["Ioc"],
    "assets": MODELS["CaseAssets"],
    "alerts": MODELS["Alert"],
    "cases": MODELS["Cases"],
}
# What modules may propose to create.
CREATABLE = {"note", "note_directory", "ioc", "asset", "evidence"}


def record_of(model: type[Record], snapshot: dict[str, Any]) -> Record:
    """Return a snapshot as an object with its related objects; descriptions are never None."""
    record = model()
    for name, value in fields_of(snapshot).items():
        vars(record)[name] = attribute(name, value)
    return record


def attribute(name: str, value: Any) -> Any:
    """Return a field of a snapshot as modules see it: descriptions are never None."""
    if value is None and name.endswith(TEXT_ENDINGS):
        return ""
    if is_json_field(name):
        return value
    if isinstance(value, dict):
        return record_of(NESTED.get(name, Related), value)
    if isinstance(value, list):
        model = NESTED.get(name, Related)
        return [record_of(model, one) if isinstance(one, dict) else one for one in value]
    return value


def deleted_object(model: type[Record], snapshot: dict[str, Any]) -> DeletedObject:
    """Return the id of an object that is gone, carrying what is known of it."""
    known = fields_of(snapshot)
    number = known.get("id", known.get(model._identity))
    gone = DeletedObject(0 if number is None else int(number))
    vars(gone).update(vars(record_of(model, known)))
    vars(gone).setdefault(model._identity, int(gone))
    return gone


def walk(record: Any, seen: set[int] | None = None) -> list[Record]:
    """Return an object and all objects related to it, each once."""
    seen = set() if seen is None else seen
    if isinstance(record, list):
        return [found for one in record for found in walk(one, seen)]
    if not isinstance(record, Record) or id(record) in seen:
        return []
    seen.add(id(record))
    return [record] + [found for value in vars(record).values() for found in walk(value, seen)]
