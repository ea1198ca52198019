"""What users say of indicators that need no case."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from iocs.models.iocs import Ioc


class CatalogueEntry(models.Model):
    """An indicator a user catalogued by itself, and what he says of it; nobody else sees the entry."""

    ioc = models.ForeignKey(Ioc, on_delete=models.PROTECT, related_name="catalogue_entries")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="catalogue_entries"
    )
    description = models.TextField(blank=True)
    tags = models.TextField(blank=True)
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "catalogue entries"
        constraints = [
            models.UniqueConstraint(fields=["user", "ioc"], name="ioc_once_per_catalogue")
        ]

    def __str__(self) -> str:
        return f"IOC {self.ioc_id} catalogued by user {self.user_id}"
