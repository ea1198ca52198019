"""Runs of module hooks and their logs."""

import uuid

from django.db import models
from django.utils import timezone

from modules.models.modules import Module


class ModuleRun(models.Model):
    """One run of one module on one hook. The row is the truth, the broker only carries its id.

    Written before anything is sent, so a run that nobody takes is seen. `dedup_key` makes a second run
    for the same cause impossible. Whoever runs it holds `lease_token` until `lease_until`; only the
    holder may write the result. `available_at` is when it may be sent (again).
    Users and cases are ids, not foreign keys, so that the log outlives them.
    """

    class Status(models.TextChoices):
        """Where a run stands. Source: contract iris-modules §4.1."""

        PENDING = "pending"
        RUNNING = "running"
        SUCCESS = "success"
        FAILURE = "failure"
        TIMEOUT = "timeout"
        DIED = "died"
        REJECTED = "rejected"
        CANCELLED = "cancelled"
        SKIPPED = "skipped"

    OPEN = (Status.PENDING, Status.RUNNING)
    FAILED = (Status.FAILURE, Status.TIMEOUT, Status.DIED)

    task_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    module = models.ForeignKey(Module, null=True, on_delete=models.SET_NULL, related_name="runs")
    module_name = models.CharField(max_length=200, blank=True)
    hook_name = models.CharField(max_length=200)
    ui_name = models.CharField(max_length=300, blank=True)
    object_kind = models.CharField(max_length=20, blank=True)
    targets = models.JSONField(default=list)
    payload = models.JSONField(null=True)
    case_id = models.BigIntegerField(null=True)
    user_id = models.BigIntegerField(null=True)
    user_login = models.CharField(max_length=150, blank=True)
    event_id = models.BigIntegerField(null=True)
    dedup_key = models.CharField(max_length=200, unique=True, default=uuid.uuid4)
    hops = models.PositiveSmallIntegerField(default=0)

    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    queued_at = models.DateTimeField(default=timezone.now)
    available_at = models.DateTimeField(default=timezone.now)
    sends = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    is_cancel_requested = models.BooleanField(default=False)

    result_code = models.PositiveIntegerField(null=True)
    message = models.TextField(blank=True)
    has_errors = models.BooleanField("succeeded, but logged errors", default=False)
    traceback = models.TextField(blank=True)
    snapshot = models.JSONField(null=True)
    applied = models.JSONField(default=list)
    conflicts = models.JSONField(default=list)
    refused = models.JSONField(default=list)
    created = models.JSONField(default=list)

    class Meta:
        ordering = ["-id"]
        indexes = [
            # Whole ones: a prepared statement, which knows no values, uses no index on some of the rows.
            models.Index(fields=["status", "available_at"], name="run_due"),
            models.Index(fields=["status", "lease_until"], name="run_lease"),
            models.Index(fields=["case_id", "id"], name="run_case"),
            models.Index(fields=["event_id"], name="run_event"),
            models.Index(fields=["done_at"], name="run_done"),
            models.Index(fields=["module", "started_at"], name="run_module_start"),
            models.Index(fields=["module", "status", "available_at"], name="run_module_due"),
        ]

    def __str__(self) -> str:
        return f"{self.module_name}::{self.hook_name}"

    @property
    def is_final(self) -> bool:
        """Tell whether nothing will change any more."""
        return self.status not in self.OPEN

    @property
    def duration_seconds(self) -> float | None:
        """Return how long it ran."""
        if self.started_at is None or self.done_at is None:
            return None
        return (self.done_at - self.started_at).total_seconds()


class ModuleRunLog(models.Model):
    """One line a module logged, secrets of its configuration masked."""

    run = models.ForeignKey(ModuleRun, on_delete=models.CASCADE, related_name="log")
    position = models.PositiveIntegerField()
    level = models.CharField(max_length=10)
    logged_at = models.DateTimeField()
    text = models.TextField()

    class Meta:
        ordering = ["run_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="log_line_once_per_run")
        ]

    def __str__(self) -> str:
        return f"line {self.position} of run {self.run_id}"
