"""An object as a dict of JSON values: columns, foreign keys and what they point to (contract §3.3).

Modules join and search texts without looking whether there is one, so a text that was never given is ""
and never given attributes or enrichment are {}. Dates are ISO 8601 in UTC without offset, as on the wire.
"""

import datetime as dt
from typing import Any

from cases.models import (
    Asset,
    Case,
    CaseClassification,
    CaseIoc,
    Customer,
    Event,
    Evidence,
    GlobalTask,
    Note,
    NoteDirectory,
    Task,
    TaskStatus,
)
from cases.models.lookups import AssetType
from iocs.models import IocType
from soar.core.models import TrackedModel, User

Shape = dict[str, Any]


def iso(moment: dt.datetime | None) -> str | None:
    """Return a moment as IRIS writes it: UTC without offset, microseconds always."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") if moment else None


def day(date: dt.date | None) -> str | None:
    """Return a date as ISO 8601."""
    return date.isoformat() if date else None


def tags_of(text: str | None) -> list[str]:
    """Return the tags of a comma separated text, trimmed, each once and in order."""
    parts = (part.strip() for part in (text or "").split(","))
    return list(dict.fromkeys(part for part in parts if part))


def user(person: User | None) -> Shape | None:
    """Return a user under the names of the columns and of the wire; modules read either."""
    if person is None:
        return None
    return {
        "id": person.pk,
        "name": person.name,
        "user": person.login,
        "login": person.login,
        "email": person.email,
        "user_name": person.name,
        "user_login": person.login,
        "user_email": person.email,
    }


def customer(row: Customer) -> Shape:
    """Return a customer under the names of the columns and of the wire."""
    return {
        "client_id": row.pk,
        "client_uuid": str(row.uuid),
        "name": row.name,
        "description": row.description or "",
        "sla": row.sla or "",
        "customer_id": row.pk,
        "customer_name": row.name,
        "customer_description": row.description or "",
        "customer_sla": row.sla or "",
        "creation_date": iso(row.created_at),
        "last_update_date": iso(row.updated_at),
        "custom_attributes": row.custom_attributes or {},
    }


def case_columns(row: Case) -> Shape:
    """Return the columns of a case and its customer: the case inside another object."""
    return {
        "case_id": row.pk,
        "case_uuid": str(row.uuid),
        "name": str(row),
        "description": row.description,
        "soc_id": row.soc_id,
        "client_id": row.customer_id,
        "client": customer(row.customer),
        "open_date": day(row.opened_on),
        "close_date": day(row.closed_on),
        "initial_date": iso(row.opened_at),
        "closing_note": row.closing_note or "",
        "status_id": row.outcome,
        "status_name": str(row.get_outcome_display()),
        "state_id": row.state_id,
        "severity_id": row.severity_id,
        "classification_id": row.classification_id,
        "owner_id": row.owner_id,
        "user_id": row.opened_by_id,
        "reviewer_id": row.reviewer_id,
        "review_status_id": row.review_status_id,
        "case_tags": row.tags,
        "protagonists": row.protagonists,
        **_tracked(row),
    }


def case(row: Case) -> Shape:
    """Return a case."""
    review = row.review_status
    return {
        **case_columns(row),
        "owner": user(row.owner),
        "user": user(row.opened_by),
        "reviewer": user(row.reviewer),
        "state": {
            "state_id": row.state_id,
            "state_name": row.state.name,
            "state_description": row.state.description,
            "protected": row.state.protected,
        },
        "severity": {
            "severity_id": row.severity_id,
            "severity_name": row.severity.name,
            "severity_description": row.severity.description,
        },
        "classification": _classification(row.classification),
        "review_status": {"id": review.pk, "status_name": review.name} if review else None,
        "tags": [{"tag_title": tag} for tag in tags_of(row.tags)],
        "alerts": [],
    }


def ioc_type(row: IocType) -> Shape:
    """Return a type of indicator."""
    return {
        "type_id": row.pk,
        "type_name": row.name,
        "type_description": row.description,
        "type_taxonomy": row.taxonomy,
        "type_validation_regex": row.validation_regex,
        "type_validation_expect": row.validation_expect,
    }


def ioc(row: CaseIoc) -> Shape:
    """Return an indicator as one case sees it."""
    return {
        "ioc_id": row.ioc_id,
        "ioc_uuid": str(row.ioc.uuid),
        "ioc_value": row.ioc.value,
        "ioc_type_id": row.ioc.type_id,
        "ioc_type": ioc_type(row.ioc.type),
        "ioc_tlp_id": row.tlp_id,
        "tlp": {"tlp_id": row.tlp_id, "tlp_name": row.tlp.name, "tlp_bscolor": row.tlp.bscolor},
        "ioc_description": row.description or "",
        "ioc_tags": row.tags or "",
        "ioc_misp": None,
        "ioc_enrichment": row.ioc.enrichment or {},
        **_of_case(row),
        **_of_user(row.user),
        **_tracked(row),
    }


def asset(row: Asset) -> Shape:
    """Return an asset."""
    return {
        "asset_id": row.pk,
        "asset_uuid": str(row.uuid),
        "asset_name": row.name,
        "asset_type_id": row.type_id,
        "asset_type": _asset_type(row.type),
        "asset_description": row.description or "",
        "asset_domain": row.domain or "",
        "asset_ip": row.ip or "",
        "asset_info": row.info or "",
        "asset_tags": row.tags or "",
        "asset_compromise_status_id": row.compromise_status,
        "asset_enrichment": row.enrichment or {},
        "analysis_status_id": row.analysis_status_id,
        "analysis_status": {"id": row.analysis_status_id, "name": row.analysis_status.name},
        "date_added": iso(row.added_at),
        "date_update": iso(row.updated_at),
        "alerts": [],
        **_of_case(row),
        **_of_user(row.user),
        **_tracked(row),
    }


def note_directory(row: NoteDirectory) -> Shape:
    """Return a directory of notes."""
    return {"id": row.pk, "name": row.name, "parent_id": row.parent_id, "case_id": row.case_id}


def note(row: Note) -> Shape:
    """Return a note."""
    return {
        "note_id": row.pk,
        "note_uuid": str(row.uuid),
        "note_title": row.title,
        "note_content": row.content,
        "note_user": row.user_id,
        "note_case_id": row.case_id,
        "note_creationdate": iso(row.created_at),
        "note_lastupdate": iso(row.updated_at),
        "directory_id": row.directory_id,
        "directory": note_directory(row.directory),
        "comments": [],
        **_of_case(row),
        **_of_user(row.user),
        **_tracked(row),
    }


def event(row: Event) -> Shape:
    """Return an event of the timeline with the assets and indicators it touches."""
    assets = [link.asset for link in row.asset_links.all()]
    case_iocs = [link.case_ioc for link in row.ioc_links.all()]
    return {
        "event_id": row.pk,
        "event_uuid": str(row.uuid),
        "parent_event_id": row.parent_id,
        "event_title": row.title,
        "event_content": row.content,
        "event_raw": row.raw,
        "event_source": row.source,
        "event_date": iso(row.date),
        "event_date_wtz": iso(row.local_date),
        "event_tz": row.tz,
        "event_added": iso(row.added_at),
        "event_category_id": row.category_id,
        "category": {"id": row.category_id, "name": row.category.name},
        "event_color": row.color,
        "event_tags": row.tags,
        "event_in_graph": row.is_in_graph,
        "event_in_summary": row.is_in_summary,
        "event_is_flagged": row.is_flagged,
        "event_assets": [one.pk for one in assets],
        "event_iocs": [one.ioc_id for one in case_iocs],
        "assets": [{"asset_id": one.pk, "asset_name": one.name} for one in assets],
        "iocs": [
            {"ioc_id": one.ioc_id, "ioc_value": one.ioc.value, "ioc_tlp_id": one.tlp_id}
            for one in case_iocs
        ],
        "children": [],
        **_of_case(row),
        **_of_user(row.user),
        **_tracked(row),
    }


def evidence(row: Evidence) -> Shape:
    """Return a piece of evidence."""
    kind = row.type
    return {
        "id": row.pk,
        "file_uuid": str(row.uuid),
        "filename": row.filename,
        "file_size": row.size_bytes,
        "file_hash": row.file_hash or "",
        "file_description": row.description or "",
        "date_added": iso(row.added_at),
        "acquisition_date": None,
        "start_date": iso(row.start_at),
        "end_date": iso(row.end_at),
        "chain_of_custody": None,
        "type_id": row.type_id,
        "type": {"id": kind.pk, "name": kind.name, "description": kind.description}
        if kind
        else None,
        **_of_case(row),
        **_of_user(row.user),
        **_tracked(row),
    }


def task(row: Task) -> Shape:
    """Return a task of a case; its user is who changed it last."""
    people = [link.user for link in row.assignments.all()]
    return {
        **_task_columns(row),
        "id": row.pk,
        "task_case_id": row.case_id,
        "task_assignees": [{"id": one.pk, "name": one.name, "user": one.login} for one in people],
        **_of_case(row),
        **_tracked(row),
    }


def global_task(row: GlobalTask) -> Shape:
    """Return a task that belongs to no case; its user is who changed it last."""
    return {
        **_task_columns(row),
        "id": row.pk,
        "task_id": row.pk,
        "task_assignee_id": row.assignee_id,
        "assignee": user(row.assignee),
    }


def _task_columns(row: Task | GlobalTask) -> Shape:
    return {
        "task_uuid": str(row.uuid),
        "task_title": row.title,
        "task_description": row.description,
        "task_tags": row.tags,
        "task_status_id": row.status_id,
        "status": _task_status(row.status),
        "task_open_date": iso(row.opened_at),
        "task_last_update": iso(row.updated_at),
        "task_close_date": None,
        "task_userid_open": row.opened_by_id,
        "task_userid_update": row.updated_by_id,
        "task_userid_close": None,
        "user_open": user(row.opened_by),
        "user_update": user(row.updated_by),
        "user_close": None,
        "user": user(row.updated_by),
    }


def _task_status(row: TaskStatus) -> Shape:
    return {
        "id": row.pk,
        "status_name": row.name,
        "status_description": row.description,
        "status_bscolor": row.bscolor,
    }


def _asset_type(row: AssetType) -> Shape:
    return {
        "asset_id": row.pk,
        "asset_name": row.name,
        "asset_description": row.description,
        "asset_icon_compromised": row.icon_compromised,
        "asset_icon_not_compromised": row.icon_not_compromised,
    }


def _classification(row: CaseClassification | None) -> Shape | None:
    if row is None:
        return None
    return {
        "id": row.pk,
        "name": row.name,
        "name_expanded": row.name_expanded,
        "description": row.description,
        "creation_date": iso(row.creation_date),
    }


def _of_case(row: Any) -> Shape:
    return {"case_id": row.case_id, "case": case_columns(row.case)}


def _of_user(person: User) -> Shape:
    return {"user_id": person.pk, "user": user(person)}


def _tracked(row: TrackedModel) -> Shape:
    return {
        "custom_attributes": row.custom_attributes or {},
        "modification_history": row.history,
    }
