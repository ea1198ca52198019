"""Evidence registered in a case; the register holds what is known of a file, not the file."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from cases.models.cases import Case
from cases.models.lookups import EvidenceType
from soar.core.models import TrackedModel


class Evidence(TrackedModel):
    """A piece of evidence. `size_bytes` may be unknown."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="evidences")
    filename = models.CharField(max_length=400)
    size_bytes = models.BigIntegerField(null=True, blank=True)
    file_hash = models.CharField(max_length=400, null=True, blank=True)
    description = models.TextField(null=True, blank=True)
    type = models.ForeignKey(EvidenceType, on_delete=models.PROTECT, null=True, blank=True)
    start_at = models.DateTimeField(null=True, blank=True)
    end_at = models.DateTimeField(null=True, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.filename
