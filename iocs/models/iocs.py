"""The observable itself, once in the system whatever the number of cases that hold it."""

import hashlib
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from iocs.models.lookups import IocType


def fingerprint(value: str) -> str:
    """Return the look-up key of a value: SHA-256, because values are longer than an index takes."""
    return hashlib.sha256(value.encode()).hexdigest()


class Verdict(models.TextChoices):
    """What an indicator is held for; Cloud SOAR calls it the threat indicator."""

    NONE = "none", "None"
    SUSPICIOUS = "suspicious", "Suspicious"
    MALICIOUS = "malicious", "Malicious"


class Ioc(models.Model):
    """A type and a value. What one case says of it is cases.CaseIoc.

    A locked one takes no change and no action. One that was catalogued by itself has `catalogued_by`, who did
    so first, and stays when no case refers to it any more; a deleted one is hidden until it is restored.
    """

    type = models.ForeignKey(IocType, on_delete=models.PROTECT, related_name="iocs")
    value = models.TextField()
    value_hash = models.CharField(max_length=64, editable=False)
    uuid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    enrichment = models.JSONField(null=True, blank=True)
    first_seen_at = models.DateTimeField(default=timezone.now, editable=False)
    verdict = models.CharField(max_length=10, choices=Verdict.choices, default=Verdict.NONE)
    catalogued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    locked_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["id"]
        verbose_name = "IOC"
        verbose_name_plural = "IOCs"
        indexes = [
            # On the few that are anything special, so that the many cost nothing to insert.
            models.Index(
                fields=["verdict", "-id"], condition=~Q(verdict="none"), name="ioc_by_verdict"
            ),
            models.Index(
                fields=["locked_at"], condition=Q(locked_at__isnull=False), name="ioc_locked"
            ),
            models.Index(
                fields=["deleted_at"], condition=Q(deleted_at__isnull=False), name="ioc_deleted"
            ),
        ]
        constraints = [
            # The value comes first: it is looked up without its type as well.
            models.UniqueConstraint(fields=["value_hash", "type"], name="ioc_unique_type_and_value")
        ]

    def __str__(self) -> str:
        return self.value[:100]
