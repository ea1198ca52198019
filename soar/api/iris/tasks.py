"""`/case/tasks/*`: tasks of a case."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.expressions import Combinable
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.models import Task, TaskAssignment, TaskStatus
from cases.selectors import find, visible_task_assignments, visible_tasks
from cases.services import tasks as services
from soar.api.base import represent
from soar.api.fast import FastRead, Nested
from soar.api.iris.envelope import success
from soar.api.iris.fields import (
    REQUIRED,
    Always,
    Attributes,
    IdList,
    Integer,
    JsonObject,
    Text,
    Timestamp,
)
from soar.api.iris.shapes import Empty, StateOut, TaskStatusOut, state_of
from soar.api.iris.views import CASE_READ, CASE_WRITE, IrisViewSet, endpoint
from soar.core.actor import Actor


class AssigneeOut(serializers.Serializer[Any]):
    """Someone who has the task."""

    id = Integer(source="user_id")
    name = Text(source="user.name")
    user = Text(source="user.login")


@extend_schema_field(OpenApiTypes.ANY)
class FirstAssignee(serializers.Field[Any, Any, Any, Any]):
    """What v1 clients read of the first of a task's assignees; null when nobody has the task."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(source="*", read_only=True)

    def to_representation(self, value: Any) -> Any:
        """Return the value, from a row or from the task."""
        if not isinstance(value, Task):
            return value
        links = value.assignments.order_by("id").values_list(self.path, flat=True)
        return links.first()

    def column(self, path: str) -> Combinable:
        """Return the subquery."""
        links = TaskAssignment.objects.filter(task=OuterRef("pk")).order_by("id")
        return Subquery(links.values(self.path)[:1])


class TaskRow(serializers.Serializer[Any]):
    """A task in the list; v1 reads its first assignee, v2 all."""

    task_id = Integer(source="id")
    task_uuid = serializers.UUIDField(source="uuid")
    task_title = Text(source="title")
    task_description = Text(source="description")
    task_tags = Text(source="tags")
    task_open_date = Timestamp(source="opened_at")
    task_last_update = Timestamp(source="updated_at")
    task_status_id = Integer(source="status_id")
    status_name = Text(source="status.name")
    status_bscolor = Text(source="status.bscolor")
    task_assignee_id = FirstAssignee("user_id")
    assignee_name = FirstAssignee("user__name")
    task_assignees = AssigneeOut(many=True, source="listed_assignments")


class TaskOut(serializers.Serializer[Any]):
    """A task."""

    id = Integer()
    task_uuid = serializers.UUIDField(source="uuid")
    task_title = Text(source="title")
    task_description = Text(source="description")
    task_tags = Text(source="tags")
    task_status_id = Integer(source="status_id")
    task_assignee_id = serializers.SerializerMethodField()
    task_assignees = AssigneeOut(many=True, source="assignments.all")
    task_case_id = Integer(source="case_id")
    task_open_date = Timestamp(source="opened_at")
    task_last_update = Timestamp(source="updated_at")
    task_close_date = Always(None)
    task_userid_open = Integer(source="opened_by_id")
    task_userid_update = Integer(source="updated_by_id")
    task_userid_close = Always(None)
    custom_attributes = Attributes()
    modification_history = JsonObject(source="history")

    def get_task_assignee_id(self, task: Task) -> int | None:
        """Return the first assignee."""
        first = next(iter(task.assignments.all()), None)
        return first.user_id if first else None


class TaskIn(serializers.Serializer[Any]):
    """A task; given to one person by v1 clients, to a list by v2 clients."""

    task_title = Text(source="title", min_length=1, max_length=400)
    task_status_id = Integer(source="status_id")
    task_assignee_id = Integer(required=False, allow_null=True)
    task_assignees_id = IdList(required=False, allow_null=True)
    task_description = Text(source="description", required=False)
    task_tags = Text(source="tags", required=False)
    custom_attributes = Attributes()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for one of the two forms; the v1 form must name a user, unknown ones of v2 are dropped."""
        one, many = attrs.pop("task_assignee_id", None), attrs.pop("task_assignees_id", None)
        if many is not None:
            attrs["assignee_ids"] = services.existing_users(many)
        elif one is not None:
            attrs["assignee_ids"] = [one]
        else:
            raise serializers.ValidationError({"task_assignee_id": [REQUIRED]})
        return attrs


def _tasks(actor: Actor, case: int) -> QuerySet[Task]:
    return visible_tasks(actor).filter(case_id=case).order_by("id")


def _assignments(actor: Actor, case: int) -> QuerySet[TaskAssignment]:
    return visible_task_assignments(actor).filter(task__case_id=case).order_by("id")


TASK_LIST = FastRead(
    TaskRow,
    _tasks,
    nested={"task_assignees": Nested(AssigneeOut, _assignments, "task_id", "task_id")},
    case=int,
)


class TaskListOut(serializers.Serializer[Any]):
    """The tasks of a case, and the states tasks can have."""

    tasks = TaskRow(many=True)
    tasks_status = TaskStatusOut(many=True)
    state = StateOut()


class TaskViewSet(IrisViewSet):
    """Tasks of the context case."""

    @endpoint(CASE_READ, summary="List the tasks of a case", gives=TaskListOut)
    def list(self, request: Request) -> Response:
        """Answer the tasks, the states and the change counter."""
        return success(
            data={
                "tasks": TASK_LIST.all(self.actor, case=self.case_id),
                "tasks_status": TaskStatusOut(TaskStatus.objects.all(), many=True).data,
                "state": state_of(self.case_id, services.COUNTER),
            }
        )

    @endpoint(CASE_READ, summary="Fetch a task", gives=TaskOut)
    def retrieve(self, request: Request, task_id: int) -> Response:
        """Answer one task."""
        rows = visible_tasks(self.actor).filter(case_id=self.case_id)
        rows = rows.prefetch_related("assignments__user")
        return success(data=represent(TaskOut, find(rows, task_id, services.NOT_IN_CASE)))

    @endpoint(CASE_WRITE, summary="Add a task", takes=TaskIn, gives=TaskOut, hooked="task_create")
    def add(self, request: Request) -> Response:
        """Add a task."""
        fields = self.read(TaskIn)
        task = services.add_task(self.actor, self.case_id, **fields)
        return success(data=self.written(TaskOut, task))

    @endpoint(
        CASE_WRITE, summary="Update a task", takes=TaskIn, gives=TaskOut, hooked="task_update"
    )
    def update(self, request: Request, task_id: int) -> Response:
        """Change a task."""
        changes = self.read(TaskIn)
        task = services.update_task(self.actor, self.case_id, task_id, **changes)
        return success(data=self.written(TaskOut, task))

    @endpoint(CASE_WRITE, summary="Delete a task", takes=Empty, hooked="task_delete")
    def delete(self, request: Request, task_id: int) -> Response:
        """Delete a task."""
        services.delete_task(self.actor, self.case_id, task_id)
        return success("Task deleted")

    def _wire_names(self) -> dict[str, str]:
        return super()._wire_names() | {"assignee_ids": "task_assignee_id"}
