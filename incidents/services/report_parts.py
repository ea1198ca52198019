"""What a report says of an incident: its fields, and its parts row by row, as one reader may see them."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from cases.models import CaseIoc, Note, Task
from cases.selectors import (
    find,
    visible_case_iocs,
    visible_notes,
    visible_task_assignments,
    visible_tasks,
)
from cases.services.rich_texts import shown_as_html
from incidents.models import Artifact, Attachment, CustomField, ExternalAlert, Investigator
from incidents.selectors import (
    UNKNOWN,
    in_words,
    visible_artifacts,
    visible_attachments,
    visible_custom_fields,
    visible_external_alerts,
    visible_incidents,
    visible_investigators,
    visible_relations,
)
from incidents.services.calculations import values_as_shown
from incidents.services.entity_types import entity_type_of
from incidents.services.incident_facts import LABELS, values_of_incident
from incidents.services.parties import GROUP_MARK, Party
from incidents.services.relations import relation_of
from incidents.services.task_details import details_of
from incidents.war_room import body_of, title_of, visible_steps
from soar.core.actor import Actor
from soar.core.rich_text import plain_text, sanitised_html

CHUNK = 20  # rows in memory at once: a note or an alert may have a megabyte
ABOUT_THE_READER = frozenset({"favorite", "is_deleted"})
Row = dict[str, Any]
Section = CustomField.Section


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an incident: its name outside, its label, its value."""

    name: str
    label: str
    value: Any


@dataclass(frozen=True, slots=True)
class Report:
    """All that is said of an incident, to one reader. Rows are read when they are asked for, a few at a time."""

    actor: Actor
    incident: Any
    fields: list[Field]
    custom_fields: list[CustomField]
    written_at: dt.datetime

    def rows(self, part: str, *, is_for_print: bool) -> Iterator[Row]:
        """Yield the rows of a part; for print only those steps of the war room that are printed."""
        if part == TIMELINE:
            return self._steps(is_for_print=is_for_print)
        return _PARTS[part](self)

    def labelled(self, section: str, values: Mapping[str, Any], facts: Row) -> Row:
        """Return custom values by opt_<number>, each with the label of its field."""
        fields = [one for one in self.custom_fields if one.section == section]
        shown = values_as_shown(fields, values, facts)
        return {one.name: {"name": one.label, "value": shown[one.name]} for one in fields}

    def _steps(self, *, is_for_print: bool) -> Iterator[Row]:
        rows: QuerySet[Any] = visible_steps(self.actor, self.incident.pk)
        rows = rows.exclude(mark__is_deleted=True)
        if is_for_print:
            rows = rows.filter(mark__is_printed=True)
        for step in _read(rows.order_by("happened_at", "pk")):
            mark, title, body = getattr(step, "mark", None), title_of(step), body_of(step)
            has_more = plain_text(body) != title
            yield {
                "id": step.pk,
                "starttime": step.happened_at,
                "category": step.category,
                "title": title,
                "additional_info": sanitised_html(body) if has_more else "",
                "created_by": step.actor_login,
                "is_locked": mark is not None and mark.is_locked,
                "is_printed": mark is not None and mark.is_printed,
            }


def report_of(actor: Actor, incident_id: int, *, written_at: dt.datetime) -> Report:
    """Return what a reader may be told of an incident. Raise NotFound, for a deleted one too."""
    found = find(in_words(actor, visible_incidents(actor)), incident_id, UNKNOWN)
    custom_fields = list(visible_custom_fields(actor))
    return Report(actor, found, _fields(found, custom_fields), custom_fields, written_at)


def text_of(value: Any) -> str:
    """Return a value as text: times as ISO 8601 in UTC, lists with commas."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        utc = value.astimezone(dt.UTC).replace(tzinfo=None)
        return f"{utc.isoformat(timespec='seconds')}Z"
    return ", ".join(map(text_of, value)) if isinstance(value, list) else str(value)


def _fields(incident: Any, custom_fields: Iterable[CustomField]) -> list[Field]:
    case = incident.case
    text = shown_as_html(case.description, case.description_html)
    values = values_of_incident(incident) | {"additional_info": sanitised_html(text)}
    own = [one for one in custom_fields if one.section == Section.INCIDENTS]
    custom = values_as_shown(own, incident.custom, values)
    names = (name for name in LABELS if name not in ABOUT_THE_READER)
    return [
        *(Field(name, LABELS[name], values[name]) for name in names),
        *(Field(one.name, one.label, custom[one.name]) for one in own),
    ]


def _read(rows: QuerySet[Any]) -> Iterator[Any]:
    return rows.iterator(chunk_size=CHUNK)


def _investigators(report: Report) -> Iterator[Row]:
    rows = visible_investigators(report.actor).filter(incident=report.incident)
    one: Investigator
    for one in _read(rows.select_related("user", "group").order_by("pk")):
        kind = "user" if one.user else "group"
        yield {"kind": kind, "name": Party(one.user, one.group).name, "role": one.role}


def _relations(report: Report) -> Iterator[Row]:
    pk = report.incident.pk
    rows = visible_relations(report.actor).filter(Q(first=pk) | Q(second=pk))
    for row in _read(rows.select_related("first", "second").order_by("pk")):
        other = row.second if row.first_id == pk else row.first
        yield {
            "relation": relation_of(row, pk),
            "incident_id": other.pk,
            "incidentid": other.reference,
        }


def _notes(report: Report) -> Iterator[Row]:
    rows = visible_notes(report.actor).filter(case=report.incident.pk).select_related("user")
    note: Note
    for note in _read(rows.order_by("pk")):
        is_changed = note.updated_at != note.created_at
        row = {
            "id": note.pk,
            "title": note.title,
            "additional_info": sanitised_html(shown_as_html(note.content, note.content_html)),
            "created_on": note.created_at,
            "created_by": note.user.login,
            "updated_on": note.updated_at if is_changed else None,
        }
        yield row | report.labelled(Section.NOTES, note.custom, row)


def _tasks(report: Report) -> Iterator[Row]:
    given = visible_task_assignments(report.actor).filter(task__case=report.incident.pk)
    people: dict[int, list[str]] = {}
    for task_id, login in given.order_by("pk").values_list("task_id", "user__login"):
        people.setdefault(task_id, []).append(login)
    related = ("status", "details__group", "details__authorizer", "details__priority")
    rows = visible_tasks(report.actor).filter(case=report.incident.pk).select_related(*related)
    for task in _read(rows.order_by("pk")):
        yield _task(report, task, people.get(task.pk, []))


def _task(report: Report, task: Task, people: list[str]) -> Row:
    details = details_of(task)
    group, hours = details.group, details.effort_hours
    row = {
        "id": task.pk,
        "title": task.title,
        "description": sanitised_html(shown_as_html(task.description, task.description_html)),
        "status": task.status.name,
        "assigned_to": people or ([f"{group.name}{GROUP_MARK}"] if group else []),
        "authorizer": details.authorizer and details.authorizer.login,
        "priority": details.priority and details.priority.label,
        "percentage": details.percentage,
        "effort_hours": None if hours is None else float(hours),
        "due_date": details.due_at,
        "opened_at": task.opened_at,
        "closed_at": task.closed_at,
        "mandatory": details.is_mandatory,
    }
    return row | report.labelled(Section.TASKS, details.custom, row)


def _entities(report: Report) -> Iterator[Row]:
    """Yield the entities with what this incident says of them; what others say of them is not told."""
    rows = visible_case_iocs(report.actor).filter(case=report.incident.pk)
    one: CaseIoc
    for one in _read(rows.select_related("ioc__type", "tlp", "user").order_by("pk")):
        yield {
            "id": one.ioc_id,
            "type": entity_type_of(one.ioc.type.name),
            "value": one.ioc.value,
            "threat_indicator": one.ioc.verdict,
            "tag": [tag.strip() for tag in (one.tags or "").split(",") if tag.strip()],
            "additional_info": sanitised_html(one.description or ""),
            "tlp": one.tlp.name,
            "added_by": one.user.login,
            "datetime": one.added_at,
        }


def _attachments(report: Report) -> Iterator[Row]:
    rows = visible_attachments(report.actor).filter(incident=report.incident)
    one: Attachment
    for one in _read(rows.select_related("file", "user").order_by("pk")):
        row = {
            "id": one.pk,
            "file_name": one.file_name,
            "description": one.description,
            "reference": one.reference,
            "file_size": one.file.size_bytes,
            "file_type": one.file.media_type,
            "md5": one.file.md5,
            "sha1": one.file.sha1,
            "sha256": one.file.sha256,
            "uploader": one.user.login,
            "datetime": one.added_at,
        }
        yield row | report.labelled(Section.ATTACHMENTS, one.custom, row)


def _artifacts(report: Report) -> Iterator[Row]:
    rows = visible_artifacts(report.actor).filter(incident=report.incident)
    one: Artifact
    for one in _read(rows.select_related("user").order_by("pk")):
        yield {
            "id": one.pk,
            "field": one.field,
            "value": one.value,
            "added_by": one.user.login,
            "datetime": one.added_at,
        }


def _external_alerts(report: Report) -> Iterator[Row]:
    rows = visible_external_alerts(report.actor).filter(incident=report.incident)
    one: ExternalAlert
    for one in _read(rows.select_related("user").order_by("pk")):
        yield {
            "id": one.pk,
            "type": one.type,
            "name": one.name,
            "data": one.data,
            "actions": one.actions,
            "result": one.result,
            "added_by": one.user.login,
            "datetime": one.received_at,
        }


TIMELINE = "timeline"
_PARTS: dict[str, Callable[[Report], Iterator[Row]]] = {
    "investigators": _investigators,
    "relations": _relations,
    "entities": _entities,
    "artifacts": _artifacts,
    "tasks": _tasks,
    "notes": _notes,
    "attachments": _attachments,
    "external_alerts": _external_alerts,
}
PARTS = (*_PARTS, TIMELINE)
