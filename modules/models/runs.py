"""Runs of module hooks."""

import uuid

from django.db import models
from django.utils import timezone


class ModuleRun(models.Model):
    """One requested run of a hook. `state` is `pending`, `success` or the text of the failure."""

    PENDING = "pending"

    task_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    module_name = models.CharField(max_length=200, blank=True)
    hook_name = models.CharField(max_length=200)
    case_id = models.BigIntegerField(null=True)
    user_login = models.CharField(max_length=150)
    targets = models.JSONField(default=list)
    state = models.TextField(default=PENDING)
    queued_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.module_name}::{self.hook_name}"
