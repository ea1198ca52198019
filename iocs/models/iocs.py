"""The observable itself, once in the system whatever the number of cases that hold it."""

import hashlib
import uuid

from django.db import models
from django.utils import timezone

from iocs.models.lookups import IocType


def fingerprint(value: str) -> str:
    """Return the look-up key of a value: SHA-256, because values are longer than an index takes."""
    return hashlib.sha256(value.encode()).hexdigest()


class Ioc(models.Model):
    """A type and a value. What one case says of it is cases.CaseIoc."""

    type = models.ForeignKey(IocType, on_delete=models.PROTECT, related_name="iocs")
    value = models.TextField()
    value_hash = models.CharField(max_length=64, editable=False)
    uuid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    enrichment = models.JSONField(null=True, blank=True)
    first_seen_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["id"]
        verbose_name = "IOC"
        verbose_name_plural = "IOCs"
        constraints = [
            models.UniqueConstraint(fields=["type", "value_hash"], name="ioc_unique_type_and_value")
        ]

    def __str__(self) -> str:
        return self.value[:100]
