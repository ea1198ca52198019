"""Tasks of a case."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone

from cases.attributes import merge_attributes
from cases.models import Task, TaskAssignment, TaskStatus
from cases.permissions import require_case
from cases.selectors import WRITE, find, visible_tasks
from cases.services.references import check_references
from cases.services.rich_texts import with_both
from soar.core.actor import Actor
from soar.core.errors import Invalid
from soar.core.history import apply_changes, is_possible_id, note
from soar.core.models import User
from soar.core.recording import recording

COUNTER = "tasks"
EDITABLE = frozenset(
    {"title", "description", "description_html", "tags", "status_id", "custom_attributes"}
)
Noted = tuple[Mapping[str, Any], Mapping[str, Any]]
NOTHING_ELSE: Noted = ({}, {})
ENDED = (TaskStatus.DONE, TaskStatus.CANCELED)
NOT_IN_CASE = "Invalid task ID for this case"


def add_task(
    actor: Actor,
    case_id: int,
    *,
    title: str,
    status_id: int,
    assignee_ids: list[int],
    custom_attributes: dict[str, Any] | None = None,
    noted: Noted = NOTHING_ELSE,
    **fields: Any,
) -> Task:
    """Add a task to a case and give it to people; `noted` is recorded with it. Raise Forbidden or Invalid."""
    require_case(actor, case_id)
    _check_status(status_id)
    with recording(actor) as record:
        task = Task(case_id=case_id, opened_by_id=actor.user_id, updated_by_id=actor.user_id)
        values = fields | {
            "title": title,
            "status_id": status_id,
            "custom_attributes": merge_attributes("task", custom_attributes),
        }
        _, after = apply_changes(task, with_both(values, "description"), EDITABLE)
        task.closed_at = timezone.now() if task.status_id in ENDED else None
        note(actor, task, "created")
        task.save()
        _assign(task, assignee_ids)
        record(
            "task.created",
            task,
            case_id=case_id,
            counter=COUNTER,
            summary=f'added task "{title}"',
            after={**after, "assignee_ids": assignee_ids, **noted[1]},
        )
    return task


def update_task(
    actor: Actor,
    case_id: int,
    task_id: int,
    *,
    assignee_ids: list[int] | None = None,
    deed: str = "updated",
    noted: Noted = NOTHING_ELSE,
    **changes: Any,
) -> Task:
    """Change a task; assignee_ids None keeps who has it. Raise Forbidden, NotFound or Invalid.

    `deed` is what was done, where it has a name of its own; `noted`, what was before and is after, is
    recorded with it.
    """
    require_case(actor, case_id)
    _check_status(changes.get("status_id"))
    with recording(actor) as record:
        task = _locked(actor, case_id, task_id)
        if "custom_attributes" in changes:
            changes["custom_attributes"] = merge_attributes(
                "task", changes["custom_attributes"], task.custom_attributes
            )
        changes = with_both(changes, "description")
        before, after = apply_changes(task, changes, EDITABLE)
        task.updated_at = timezone.now()
        if task.status_id not in ENDED:
            task.closed_at = None
        elif task.closed_at is None:
            task.closed_at = task.updated_at
        task.updated_by_id = actor.user_id
        note(actor, task, "updated")
        task.save()
        if assignee_ids is not None:
            TaskAssignment.objects.filter(task=task).delete()
            _assign(task, assignee_ids)
            after["assignee_ids"] = assignee_ids
        record(
            f"task.{deed}",
            task,
            case_id=case_id,
            counter=COUNTER,
            summary=f'{deed} task "{task.title}"',
            before={**before, **noted[0]},
            after={**after, **noted[1]},
        )
    return task


def delete_task(actor: Actor, case_id: int, task_id: int) -> None:
    """Delete a task. Raise Forbidden or NotFound."""
    require_case(actor, case_id)
    with recording(actor) as record:
        task = _locked(actor, case_id, task_id)
        record(
            "task.deleted",
            task,
            case_id=case_id,
            counter=COUNTER,
            summary=f'deleted task "{task.title}"',
            before={"title": task.title},
        )
        task.delete()


def existing_users(ids: Iterable[int]) -> list[int]:
    """Return those of the ids that are users, in the given order and once each."""
    wanted = [pk for pk in dict.fromkeys(ids) if is_possible_id(pk)]
    found = set(User.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    return [pk for pk in wanted if pk in found]


def _assign(task: Task, assignee_ids: list[int]) -> None:
    known = existing_users(assignee_ids)
    if set(known) != set(assignee_ids):
        raise Invalid.field("assignee_ids", "Invalid user id for assignee")
    TaskAssignment.objects.bulk_create(TaskAssignment(task=task, user_id=pk) for pk in known)


def _locked(actor: Actor, case_id: int, task_id: int) -> Task:
    rows = visible_tasks(actor, WRITE).filter(case_id=case_id)
    return find(rows.select_for_update(of=("self",)), task_id, NOT_IN_CASE)


def _check_status(status_id: int | None) -> None:
    check_references(status_id=(TaskStatus, status_id, "Invalid task status ID"))
