"""`/global/tasks/*`: tasks that belong to no case."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.models import GlobalTask, TaskStatus
from cases.selectors import visible_global_tasks
from cases.services import global_tasks as services
from soar.api.fast import FastRead
from soar.api.iris.envelope import success
from soar.api.iris.fields import Always, Integer, Name, Text, Timestamp
from soar.api.iris.shapes import Empty, TaskStatusOut
from soar.api.iris.views import ANY_KEY, IrisViewSet, endpoint
from soar.core.actor import Actor
from soar.core.errors import NotFound
from soar.core.history import is_possible_id


class GlobalTaskRow(serializers.Serializer[Any]):
    """A global task in the list and when fetched."""

    task_id = Integer(source="id")
    task_uuid = serializers.UUIDField(source="uuid")
    task_title = Text(source="title")
    task_description = Text(source="description")
    task_tags = Text(source="tags")
    task_last_update = Timestamp(source="updated_at")
    task_assignee_id = Integer(source="assignee_id")
    user_name = Text(source="assignee.name")
    task_status_id = Integer(source="status_id")
    status_name = Text(source="status.name")
    status_bscolor = Text(source="status.bscolor")


class GlobalTaskOut(serializers.Serializer[Any]):
    """A global task that was written."""

    task_id = Integer(source="id")
    task_uuid = serializers.UUIDField(source="uuid")
    task_title = Text(source="title")
    task_description = Text(source="description")
    task_tags = Text(source="tags")
    task_status_id = Integer(source="status_id")
    task_assignee_id = Integer(source="assignee_id")
    task_open_date = Timestamp(source="opened_at")
    task_last_update = Timestamp(source="updated_at")
    task_close_date = Always(None)
    task_userid_open = Integer(source="opened_by_id")
    task_userid_update = Integer(source="updated_by_id")
    task_userid_close = Always(None)


class _GlobalTaskFields(serializers.Serializer[Any]):
    task_assignee_id = Integer(source="assignee_id")
    task_status_id = Integer(source="status_id")
    task_description = Text(source="description", required=False)
    task_tags = Text(source="tags", required=False)


class GlobalTaskIn(_GlobalTaskFields):
    """A new global task."""

    task_title = Name(source="title", max_length=400)


class GlobalTaskChangesIn(_GlobalTaskFields):
    """The new content of a global task."""

    task_title = Text(source="title", min_length=1, max_length=400)


def _tasks(actor: Actor) -> QuerySet[GlobalTask]:
    return visible_global_tasks(actor).order_by("id")


def _task(actor: Actor, task: int) -> QuerySet[GlobalTask]:
    return visible_global_tasks(actor).filter(pk=task)


GLOBAL_TASK_LIST = FastRead(GlobalTaskRow, _tasks)
GLOBAL_TASK = FastRead(GlobalTaskRow, _task, task=int)


class GlobalTaskListOut(serializers.Serializer[Any]):
    """The global tasks, and the states tasks can have."""

    tasks = GlobalTaskRow(many=True)
    tasks_status = TaskStatusOut(many=True)


class GlobalTaskViewSet(IrisViewSet):
    """Tasks of the team."""

    @endpoint(ANY_KEY, summary="List the global tasks", gives=GlobalTaskListOut)
    def list(self, request: Request) -> Response:
        """Answer the tasks and the states."""
        statuses = TaskStatusOut(TaskStatus.objects.all(), many=True).data
        tasks = GLOBAL_TASK_LIST.all(self.actor)
        return success(data={"tasks": tasks, "tasks_status": statuses})

    @endpoint(ANY_KEY, summary="Fetch a global task", gives=GlobalTaskRow)
    def retrieve(self, request: Request, task_id: int) -> Response:
        """Answer one task."""
        row = GLOBAL_TASK.one(self.actor, task=task_id) if is_possible_id(task_id) else None
        if row is None:
            raise NotFound(f"Global task ID {task_id} not found")
        return success(data=row)

    @endpoint(
        ANY_KEY,
        summary="Add a global task",
        takes=GlobalTaskIn,
        gives=GlobalTaskOut,
        hooked="global_task_create",
    )
    def add(self, request: Request) -> Response:
        """Add a task."""
        task = services.add_global_task(self.actor, **self.read(GlobalTaskIn))
        return success("Saved !", self.written(GlobalTaskOut, task))

    @endpoint(
        ANY_KEY,
        summary="Update a global task",
        takes=GlobalTaskChangesIn,
        gives=GlobalTaskOut,
        hooked="global_task_update",
    )
    def update(self, request: Request, task_id: int) -> Response:
        """Change a task."""
        changes = self.read(GlobalTaskChangesIn)
        task = services.update_global_task(self.actor, task_id, **changes)
        return success("Updated !", self.written(GlobalTaskOut, task))

    @endpoint(ANY_KEY, summary="Delete a global task", takes=Empty, hooked="global_task_delete")
    def delete(self, request: Request, task_id: int) -> Response:
        """Delete a task."""
        services.delete_global_task(self.actor, task_id)
        return success("Task deleted")
