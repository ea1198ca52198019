"""The alert, which Cloud SOAR calls a triage event. Source: contract §3.2, §4.8."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from cases.models import Customer, Severity
from incidents.models.incidents import Incident
from incidents.models.lists import ListValue
from incidents.models.lookups import AlertStatus
from iocs.models import Ioc, Tlp


class Alert(models.Model):
    """Something unverified that waits for a decision.

    `source` and `external_id` name it where it comes from, once per customer: what another customer's tools
    send never stands in the way. `content` is it as it came; `custom` holds values by opt_<number>.
    `incident` is what it was converted to, merged into or came from.
    """

    class State(models.TextChoices):
        """What was decided so far. Source: Cloud SOAR, triage."""

        PENDING = "pending", "Pending"
        GRABBED = "grabbed", "Grabbed"
        CONVERTED = "converted", "Converted"
        DISCARDED = "discarded", "Discarded"

    title = models.CharField(max_length=400, blank=True)
    description = models.TextField(blank=True)
    type = models.ForeignKey(ListValue, on_delete=models.PROTECT, related_name="alerts")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    status = models.ForeignKey(AlertStatus, on_delete=models.PROTECT, related_name="alerts")
    severity = models.ForeignKey(
        Severity, on_delete=models.PROTECT, null=True, blank=True, related_name="alerts"
    )
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="alerts")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="owned_alerts",
    )
    source = models.CharField(max_length=200, blank=True)
    external_id = models.CharField(max_length=200, blank=True)
    content = models.JSONField(default=dict, blank=True)
    custom = models.JSONField(default=dict, blank=True)
    tags = models.TextField(blank=True)
    uuid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    grabbed_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)
    incident = models.ForeignKey(
        Incident, on_delete=models.SET_NULL, null=True, blank=True, related_name="alerts"
    )
    iocs = models.ManyToManyField(Ioc, through="AlertIoc", related_name="alerts")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state", "-id"], name="alert_by_state"),
            models.Index(fields=["title"], name="alert_by_title"),
            models.Index(fields=["source"], name="alert_by_source"),
            models.Index(
                fields=["external_id"], condition=~Q(external_id=""), name="alert_by_external_id"
            ),
            models.Index(fields=["created_at"], name="alert_by_creation"),
            models.Index(
                fields=["grabbed_at"], condition=Q(grabbed_at__isnull=False), name="alert_grabbed"
            ),
            models.Index(
                fields=["decided_at"], condition=Q(decided_at__isnull=False), name="alert_decided"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "source", "external_id"],
                condition=~Q(external_id=""),
                name="alert_once_per_customer_and_source",
                violation_error_message="The source sent an event of this external ID before.",
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk} - {self.title or self.source}"


class AlertIoc(models.Model):
    """An indicator an alert mentions; what it says of it stays with it."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="alert_iocs")
    ioc = models.ForeignKey(Ioc, on_delete=models.PROTECT, related_name="alert_iocs")
    tlp = models.ForeignKey(Tlp, on_delete=models.PROTECT, related_name="+")
    description = models.TextField(blank=True)
    tags = models.TextField(blank=True)
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        verbose_name = "IOC of an alert"
        verbose_name_plural = "IOCs of alerts"
        constraints = [models.UniqueConstraint(fields=["alert", "ioc"], name="ioc_once_per_alert")]

    def __str__(self) -> str:
        return f"IOC {self.ioc_id} in alert {self.alert_id}"


class AlertNote(models.Model):
    """A note on an alert; converting takes it along."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="notes")
    title = models.CharField(max_length=154)
    content_html = models.TextField(blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.title
