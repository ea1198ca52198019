"""Modules: what is installed, how it is configured, what it listens to."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from iocs.models import Tlp


class Module(models.Model):
    """An installed DFIR-IRIS module. `package` is what Python imports, `human_name` what people read.

    `environment` names the folder of its virtual environment below SOAR_DATA_DIR/modules; empty is a
    module shipped with Watchfloor, which runs on our own interpreter. `stamp` changes with every
    installation, so that no process serves what an older one left in memory.
    Source: contract iris-modules §4.1.
    """

    class State(models.TextChoices):
        """Whether the module can take runs."""

        REGISTERED = "registered"
        UNCONFIGURED = "unconfigured"
        READY = "ready"
        BROKEN = "broken"

    class Kind(models.TextChoices):
        """What the module is for."""

        PROCESSOR = "module_processor"
        PIPELINE = "module_pipeline"

    package = models.CharField(max_length=100, unique=True)
    human_name = models.CharField(max_length=200, unique=True)
    description = models.TextField(blank=True)
    version = models.CharField(max_length=50, blank=True)
    interface_version = models.CharField(max_length=50, blank=True)
    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.PROCESSOR)
    pipeline = models.JSONField(null=True, blank=True)
    is_active = models.BooleanField(default=False)
    state = models.CharField(max_length=20, choices=State.choices, default=State.REGISTERED)
    state_reason = models.TextField(blank=True)
    environment = models.CharField(max_length=150, blank=True)
    stamp = models.UUIDField(default=uuid.uuid4, editable=False)
    service_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField(default=timezone.now, editable=False)

    # --- limits an operator sets
    queue = models.CharField(max_length=120, blank=True)
    wall_seconds = models.PositiveIntegerField("wall time limit, seconds", default=300)
    memory_mb = models.PositiveIntegerField("memory limit, MiB", default=1024)
    concurrency = models.PositiveSmallIntegerField("runs at once", default=2)
    per_minute = models.PositiveIntegerField("runs per minute, 0 for any number", default=0)
    maximum_retries = models.PositiveSmallIntegerField("retries after a lost run", default=0)
    breaker_failures = models.PositiveSmallIntegerField("failures in a row that stop it", default=5)
    cool_down_seconds = models.PositiveIntegerField("pause after that, seconds", default=300)
    maximum_tlp = models.ForeignKey(
        Tlp, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    may_run_synchronously = models.BooleanField(default=False)
    is_preimported = models.BooleanField("kept imported between runs", default=True)
    writable_fields = models.JSONField(null=True, blank=True)

    # --- circuit breaker
    failures_in_a_row = models.PositiveIntegerField(default=0, editable=False)
    broken_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["human_name"]

    def __str__(self) -> str:
        return self.human_name


class ModuleParameter(models.Model):
    """One parameter of a module's configuration.

    The values of secret types are encrypted in `sealed` and never in `value`; `is_set` tells whether
    there is one.
    """

    module = models.ForeignKey(Module, on_delete=models.CASCADE, related_name="parameters")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200)
    human_name = models.CharField(max_length=300)
    description = models.TextField(blank=True)
    type = models.CharField(max_length=50)
    section = models.CharField(max_length=200, blank=True)
    is_mandatory = models.BooleanField(default=False)
    default = models.JSONField(null=True)
    value = models.JSONField(null=True)
    sealed = models.TextField(blank=True, editable=False)
    is_set = models.BooleanField(default=False)

    class Meta:
        ordering = ["module_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["module", "name"], name="parameter_once_per_module")
        ]

    def __str__(self) -> str:
        return f"{self.name} of module {self.module_id}"


class HookSubscription(models.Model):
    """That a module wants to be called on a hook; a manual one has the name analysts choose it by."""

    module = models.ForeignKey(Module, on_delete=models.CASCADE, related_name="subscriptions")
    hook_name = models.CharField(max_length=100)
    ui_name = models.CharField(max_length=300, blank=True)
    is_manual = models.BooleanField(default=False)
    is_asynchronous = models.BooleanField(default=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["module", "hook_name", "ui_name"], name="subscription_once"
            )
        ]
        indexes = [models.Index(fields=["hook_name"], name="subscription_hook")]

    def __str__(self) -> str:
        return f"{self.hook_name} of module {self.module_id}"


class ModuleSwitch(models.Model):
    """The kill switch: while it is on no run starts. There is one row, 1."""

    ONLY = 1

    is_paused = models.BooleanField(default=False)
    reason = models.CharField(max_length=300, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.CharField(max_length=150, blank=True)

    def __str__(self) -> str:
        return "modules are paused" if self.is_paused else "modules may run"
