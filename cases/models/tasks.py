"""Tasks of a case, and tasks of the team as a whole."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from cases.models.cases import Case
from cases.models.lookups import TaskStatus
from soar.core.models import TrackedModel


class Task(TrackedModel):
    """Something to be done in a case."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="tasks")
    title = models.CharField(max_length=400)
    description = models.TextField(blank=True)
    description_html = models.TextField(blank=True, editable=False)
    tags = models.TextField(blank=True)
    status = models.ForeignKey(TaskStatus, on_delete=models.PROTECT)
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    updated_at = models.DateTimeField(default=timezone.now)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    assignees = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="TaskAssignment", related_name="assigned_tasks"
    )

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["title"], name="task_by_title"),
            models.Index(fields=["opened_at"], name="task_by_opening"),
            models.Index(
                fields=["closed_at"], condition=Q(closed_at__isnull=False), name="task_closed"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class TaskAssignment(models.Model):
    """One of the people a task is given to; the first made is the one IRIS v1 shows."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="assignments")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="task_assignments"
    )

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["task", "user"], name="user_once_per_task")]

    def __str__(self) -> str:
        return f"task {self.task_id}, user {self.user_id}"


class GlobalTask(models.Model):
    """Something to be done that belongs to no case."""

    title = models.CharField(max_length=400)
    description = models.TextField(blank=True)
    tags = models.TextField(blank=True)
    status = models.ForeignKey(TaskStatus, on_delete=models.PROTECT)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="global_tasks"
    )
    uuid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    opened_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.title
