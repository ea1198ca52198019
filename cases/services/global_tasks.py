"""Tasks that belong to no case."""

from typing import Any

from django.utils import timezone

from cases.models import GlobalTask, TaskStatus
from cases.selectors import find, visible_global_tasks
from cases.services.references import check_references
from soar.core.actor import Actor
from soar.core.history import apply_changes
from soar.core.models import User
from soar.core.recording import recording

EDITABLE = frozenset({"title", "description", "tags", "status_id", "assignee_id"})
UNKNOWN = "Invalid global task ID"


def add_global_task(
    actor: Actor, *, title: str, status_id: int, assignee_id: int, **fields: Any
) -> GlobalTask:
    """Add a task for the team. Raise Invalid for an unknown status or assignee."""
    _check(status_id, assignee_id)
    with recording(actor) as record:
        task = GlobalTask(opened_by_id=actor.user_id, updated_by_id=actor.user_id)
        values = fields | {"title": title, "status_id": status_id, "assignee_id": assignee_id}
        _, after = apply_changes(task, values, EDITABLE)
        task.save()
        record(
            "global_task.created", task, summary=f'created new global task "{title}"', after=after
        )
    return task


def update_global_task(actor: Actor, task_id: int, **changes: Any) -> GlobalTask:
    """Change a task of the team. Raise NotFound or Invalid."""
    _check(changes.get("status_id"), changes.get("assignee_id"))
    with recording(actor) as record:
        task = find(visible_global_tasks(actor).select_for_update(), task_id, UNKNOWN)
        before, after = apply_changes(task, changes, EDITABLE)
        task.updated_at = timezone.now()
        task.updated_by_id = actor.user_id
        task.save()
        summary = f'updated global task "{task.title}"'
        record("global_task.updated", task, summary=summary, before=before, after=after)
    return task


def delete_global_task(actor: Actor, task_id: int) -> None:
    """Delete a task of the team. Raise NotFound."""
    with recording(actor) as record:
        task = find(visible_global_tasks(actor).select_for_update(), task_id, UNKNOWN)
        summary = f'deleted global task "{task.title}"'
        record("global_task.deleted", task, summary=summary, before={"title": task.title})
        task.delete()


def _check(status_id: int | None, assignee_id: int | None) -> None:
    check_references(
        status_id=(TaskStatus, status_id, "Invalid task status ID"),
        assignee_id=(User, assignee_id, "Invalid user id for assignee"),
    )
