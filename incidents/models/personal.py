"""What users keep for themselves: searches and favourite entities."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from iocs.models import Ioc


class SavedSearch(models.Model):
    """A search a user comes back to."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_searches"
    )
    name = models.CharField(max_length=200)
    filter = models.TextField(blank=True)
    columns = models.JSONField(default=list, blank=True)
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "saved searches"
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="search_once_per_user_and_name")
        ]

    def __str__(self) -> str:
        return self.name


class FavoriteIoc(models.Model):
    """An entity a user marked for himself."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="favorite_iocs"
    )
    ioc = models.ForeignKey(Ioc, on_delete=models.CASCADE, related_name="favorites")

    class Meta:
        ordering = ["id"]
        verbose_name = "favorite IOC"
        verbose_name_plural = "favorite IOCs"
        constraints = [
            models.UniqueConstraint(fields=["user", "ioc"], name="ioc_once_per_favorites")
        ]

    def __str__(self) -> str:
        return f"IOC {self.ioc_id} of user {self.user_id}"
