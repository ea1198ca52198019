"""Tasks of incidents: tasks of their cases, with what Cloud SOAR knows of them besides."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group

from cases.models import Task, TaskStatus
from cases.selectors import WRITE, find, visible_tasks
from cases.services.references import check_references
from cases.services.tasks import ENDED, add_task, update_task
from incidents.models import CustomField, ListField, ListValue, TaskDetails
from incidents.services.admission import locked_incident
from incidents.services.custom_values import checked_values
from incidents.services.parties import find_party
from soar.core.actor import Actor
from soar.core.errors import Conflict, Forbidden, Invalid
from soar.core.history import apply_changes
from soar.core.models import User
from soar.core.recording import recording

UNKNOWN = "No such task in this incident"
SECTION = CustomField.Section.TASKS
DETAILS = frozenset(
    {
        "group_id",
        "authorizer_id",
        "priority_id",
        "due_at",
        "effort_hours",
        "percentage",
        "is_mandatory",
        "source",
        "custom",
    }
)


@dataclass(frozen=True)
class Assignee:
    """Who has a task: a user, a group, or nobody."""

    user_id: int | None = None
    group_id: int | None = None


NOBODY = Assignee()


def assignee_of(given: Any, field: str) -> Assignee:
    """Return who is meant by what find_party takes, nobody for nothing given. Raise Invalid."""
    if given in (None, ""):
        return NOBODY
    party = find_party(given, field)
    return Assignee(party.user.pk if party.user else None, party.group.pk if party.group else None)


def user_id_of(given: Any, field: str) -> int | None:
    """Return the id of the user meant, None for nothing given. Raise Invalid, for a group too."""
    if given in (None, ""):
        return None
    user = find_party(given, field).user
    if user is None:
        raise Invalid.field(field, "Name a user.")
    return user.pk


def details_of(task: Task) -> TaskDetails:
    """Return the details of a task, the defaults where none were given."""
    found: TaskDetails | None = getattr(task, "details", None)
    return found or TaskDetails(task=task)


def add_incident_task(
    actor: Actor,
    incident_id: int,
    *,
    title: str,
    description_html: str = "",
    assignee: Assignee = NOBODY,
    custom: dict[str, Any] | None = None,
    due_at: dt.datetime | None = None,
    **details: Any,
) -> Task:
    """Add a task to an incident, to do. `details` are those of DETAILS. Raise Forbidden, NotFound or Invalid."""
    values = {**details, "due_at": due_at, "group_id": assignee.group_id}
    _check(values)
    values["custom"] = checked_values(SECTION, custom or {}, is_new=True)
    row = TaskDetails()
    _, after = apply_changes(row, values, DETAILS)
    with recording(actor):
        locked_incident(actor, incident_id)
        task = add_task(
            actor,
            incident_id,
            title=title,
            description_html=description_html,
            status_id=TaskStatus.TO_DO,
            assignee_ids=_user_ids(assignee),
            noted=({}, after),
        )
        row.task = task
        row.save()
    return task


def update_incident_task(
    actor: Actor,
    incident_id: int,
    task_id: int,
    *,
    assignee: Assignee | None = None,
    custom: dict[str, Any] | None = None,
    **changes: Any,
) -> Task:
    """Change a task; None keeps who has it. Raise Forbidden, NotFound or Invalid."""
    with recording(actor):
        task = _locked(actor, incident_id, task_id)
        given = {name: changes.pop(name) for name in DETAILS & changes.keys()}
        if custom:
            given["custom"] = checked_values(SECTION, custom, details_of(task).custom)
        return _write(actor, task, "updated", given, assignee, **changes)


def approve_task(
    actor: Actor, incident_id: int, task_id: int, *, note: str = "", closes: bool = False
) -> Task:
    """Let a task begin, or be done at once.

    Raise NotFound, Forbidden for those who are not its authorizer, or Conflict when it has begun or ended.
    """
    with recording(actor):
        task = _locked(actor, incident_id, task_id)
        _require_authorizer(actor, task)
        _require_open(task)
        if closes:
            return _decide(actor, task, "closed", TaskStatus.DONE, note)
        if task.status_id == TaskStatus.IN_PROGRESS:
            raise Conflict("The task is in progress already")
        return _decide(actor, task, "approved", TaskStatus.IN_PROGRESS, note)


def decline_task(actor: Actor, incident_id: int, task_id: int, *, note: str = "") -> Task:
    """Cancel a task. Raise NotFound, Forbidden for those who are not its authorizer, or Conflict when it ended."""
    with recording(actor):
        task = _locked(actor, incident_id, task_id)
        _require_authorizer(actor, task)
        _require_open(task)
        return _decide(actor, task, "declined", TaskStatus.CANCELED, note)


def close_task(actor: Actor, incident_id: int, task_id: int, *, note: str = "") -> Task:
    """End a task as done.

    Raise Forbidden, NotFound, or Conflict when it ended or its authorizer did not approve it yet.
    """
    with recording(actor):
        task = _locked(actor, incident_id, task_id)
        _require_open(task)
        if details_of(task).authorizer_id and task.status_id == TaskStatus.TO_DO:
            raise Conflict("The task is not approved yet")
        return _decide(actor, task, "closed", TaskStatus.DONE, note)


def reassign_task(
    actor: Actor, incident_id: int, task_id: int, *, assignee: Assignee, note: str = ""
) -> Task:
    """Give a task to a user or group instead. Raise Forbidden, NotFound, Invalid, or Conflict when it ended."""
    with recording(actor):
        task = _locked(actor, incident_id, task_id)
        _require_open(task)
        return _write(actor, task, "reassigned", {}, assignee, note=note)


def _decide(actor: Actor, task: Task, deed: str, status_id: int, note: str) -> Task:
    return _write(actor, task, deed, {}, None, note=note, status_id=status_id)


def _write(
    actor: Actor,
    task: Task,
    deed: str,
    given: dict[str, Any],
    assignee: Assignee | None,
    *,
    note: str = "",
    **changes: Any,
) -> Task:
    """Change a locked task and its details, and record both as one deed, with a note where there is one."""
    if assignee is not None:
        given["group_id"] = assignee.group_id
        changes["assignee_ids"] = _user_ids(assignee)
    _check(given)
    row = details_of(task)
    before, after = apply_changes(row, given, DETAILS)
    noted = (before, {**after, "note": note} if note else after)
    changed = update_task(actor, task.case_id, task.pk, deed=deed, noted=noted, **changes)
    if after:
        row.save()
    return changed


def _locked(actor: Actor, incident_id: int, task_id: int) -> Task:
    locked_incident(actor, incident_id)
    rows = visible_tasks(actor, WRITE).filter(case_id=incident_id).select_related("details")
    return find(rows, task_id, UNKNOWN)


def _require_open(task: Task) -> None:
    if task.status_id in ENDED:
        raise Conflict("The task has ended")


def _require_authorizer(actor: Actor, task: Task) -> None:
    authorizer_id = details_of(task).authorizer_id
    if authorizer_id not in (None, actor.user_id) and not actor.is_administrator:
        raise Forbidden(case_id=task.case_id)


def _user_ids(assignee: Assignee) -> list[int]:
    return [] if assignee.user_id is None else [assignee.user_id]


def _check(values: dict[str, Any]) -> None:
    """Raise Invalid naming every detail that refers to nothing."""
    check_references(
        group_id=(Group, values.get("group_id"), "There is no such group."),
        authorizer_id=(User, values.get("authorizer_id"), "There is no such user."),
    )
    priority_id = values.get("priority_id")
    priorities = ListValue.objects.filter(field=ListField.TASK_PRIORITY)
    if priority_id is not None and not priorities.filter(pk=priority_id).exists():
        raise Invalid.field("priority_id", "There is no such priority.")
