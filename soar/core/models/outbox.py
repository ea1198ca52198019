"""The outbox: one event per audit row, carrying its delivery state; and the change counters."""

from django.db import models
from django.utils import timezone

from soar.core.models.audit import AuditLog


class OutboxEvent(models.Model):
    """Delivery state of the fact an AuditLog row tells. The row is the truth, the broker only wakes.

    `next_attempt_at` is when the sweep may send it (again); `delivered_at` is set in the same
    transaction as the effect of the event, so a second delivery finds nothing to do.
    """

    audit = models.OneToOneField(
        AuditLog, on_delete=models.DO_NOTHING, primary_key=True, related_name="event"
    )
    created_at = models.DateTimeField(default=timezone.now)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    delivered_at = models.DateTimeField(null=True)
    sealed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["audit_id"]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(delivered_at=None),
                name="outbox_undelivered",
            ),
            models.Index(
                fields=["audit"], condition=models.Q(sealed_at=None), name="outbox_unsealed"
            ),
        ]

    def __str__(self) -> str:
        return f"event {self.pk}"


class ChangeCounter(models.Model):
    """How often one family of objects of one case has changed, for clients that poll.

    Source: DFIR-IRIS "state" objects (contract §1.9).
    """

    case_id = models.BigIntegerField()
    family = models.CharField(max_length=20)
    value = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case_id", "family"], name="one_counter_per_family")
        ]

    def __str__(self) -> str:
        return f"{self.family} of case {self.case_id}"
