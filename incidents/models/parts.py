"""What an incident has besides what its case has: artifacts, external alerts, files, its war room."""

from decimal import Decimal

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from cases.models import Event, Task
from incidents.models.alerts import Alert
from incidents.models.incidents import Incident
from incidents.models.lists import ListValue
from iocs.models import Ioc
from soar.core.models import AuditLog


class TaskDetails(models.Model):
    """What Cloud SOAR knows of a task besides what every door knows; a task without it has the defaults."""

    class Source(models.TextChoices):
        """Who made it."""

        MANUAL = "manual", "Manual"
        PLAYBOOK = "playbook", "Playbook"
        TEMPLATE = "template", "Template"
        RULE = "rule", "Rule"

    task = models.OneToOneField(
        Task, on_delete=models.CASCADE, primary_key=True, related_name="details"
    )
    group = models.ForeignKey(
        Group, on_delete=models.SET_NULL, null=True, blank=True, related_name="tasks"
    )
    authorizer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    priority = models.ForeignKey(
        ListValue, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    due_at = models.DateTimeField(null=True, blank=True, db_index=True)
    effort_hours = models.DecimalField(
        max_digits=8,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
    )
    percentage = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(100)])
    is_mandatory = models.BooleanField(default=False)
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.MANUAL)
    custom = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["task_id"]
        verbose_name_plural = "task details"

    def __str__(self) -> str:
        return f"details of task {self.task_id}"


class Artifact(models.Model):
    """A value for a field, given on creation or parsed from an alert; an input of actions."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="artifacts")
    field = models.CharField(max_length=200)
    value = models.TextField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.field}: {self.value}"[:100]


class ExternalAlert(models.Model):
    """The raw alert that made or enriched an incident. `type` is where it came from."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="external_alerts")
    type = models.CharField(max_length=200)
    name = models.CharField(max_length=200, blank=True)
    data = models.JSONField(default=dict)
    actions = models.JSONField(default=list, blank=True)
    result = models.JSONField(default=list, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"#{self.pk} {self.type}"


class StoredFile(models.Model):
    """Bytes the store holds once, named by what they are."""

    sha256 = models.CharField(max_length=64, unique=True)
    sha1 = models.CharField(max_length=40)
    md5 = models.CharField(max_length=32)
    size_bytes = models.BigIntegerField()
    media_type = models.CharField(max_length=200)
    stored_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.sha256


class Attachment(models.Model):
    """A file on an incident, an alert or an indicator, under the name it came with."""

    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, null=True, blank=True, related_name="attachments"
    )
    alert = models.ForeignKey(
        Alert, on_delete=models.CASCADE, null=True, blank=True, related_name="attachments"
    )
    ioc = models.ForeignKey(
        Ioc, on_delete=models.CASCADE, null=True, blank=True, related_name="attachments"
    )
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="attachments")
    file_name = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    reference = models.CharField(max_length=200, blank=True)
    custom = models.JSONField(default=dict, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(incident__isnull=False, alert=None, ioc=None)
                | Q(incident=None, alert__isnull=False, ioc=None)
                | Q(incident=None, alert=None, ioc__isnull=False),
                name="attachment_is_on_one_thing",
            )
        ]

    def __str__(self) -> str:
        return self.file_name


class TimelineEntry(models.Model):
    """What somebody wrote into the war room himself."""

    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, related_name="timeline_entries"
    )
    title = models.CharField(max_length=400)
    body_html = models.TextField(blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "timeline entries"

    def __str__(self) -> str:
        return self.title


class TimelineMark(models.Model):
    """What was decided about one step of the war room, which is a line of the audit trail.

    A printed one goes into reports and stands, as `event`, in the timeline of the case.
    """

    line = models.OneToOneField(
        AuditLog, on_delete=models.CASCADE, primary_key=True, related_name="mark"
    )
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="timeline_marks")
    is_locked = models.BooleanField(default=False)
    is_printed = models.BooleanField(default=False)
    is_deleted = models.BooleanField(default=False)
    title = models.CharField(max_length=400, blank=True)
    event = models.OneToOneField(
        Event, on_delete=models.SET_NULL, null=True, blank=True, related_name="mark"
    )

    class Meta:
        ordering = ["line_id"]

    def __str__(self) -> str:
        return f"marks on line {self.line_id}"
