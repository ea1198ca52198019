"""Notes and the directories they lie in; an IRIS v1 notes group is a directory without parent."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from cases.models.cases import Case
from soar.core.models import TrackedModel


class NoteDirectory(models.Model):
    """A folder of notes."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="note_directories")
    parent = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="children"
    )
    name = models.CharField(max_length=200)
    uuid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "note directories"

    def __str__(self) -> str:
        return self.name


class Note(TrackedModel):
    """A text of an investigation: markdown, and what it was made from where it came as HTML.

    `custom` holds values by opt_<number>, which IRIS does not know.
    """

    TITLE_LENGTH = 154  # contract §2.1, notes/add

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="notes")
    directory = models.ForeignKey(NoteDirectory, on_delete=models.CASCADE, related_name="notes")
    title = models.CharField(max_length=TITLE_LENGTH)
    content = models.TextField(blank=True)
    content_html = models.TextField(blank=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    custom = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.title
