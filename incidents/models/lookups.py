"""Reference data of the operational side; ids are fixed by `manage.py seed_reference` (contract §4)."""

from django.db import models


class AlertStatus(models.Model):
    """How far the handling of an alert has come."""

    NEW, ASSIGNED, CLOSED, MERGED, ESCALATED = 2, 3, 6, 7, 8

    name = models.CharField(max_length=100, unique=True)
    description = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "alert statuses"

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """Return what the triage calls it, which administrators may have renamed."""
        value = getattr(self, "list_value", None)
        return value.label if value is not None else self.name
