"""What one case says of an indicator."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from cases.models.cases import Case
from iocs.models import Ioc, Tlp
from soar.core.models import TrackedModel


class CaseIoc(TrackedModel):
    """An indicator in the context of one case; nothing here shows in another case."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="case_iocs")
    ioc = models.ForeignKey(Ioc, on_delete=models.PROTECT, related_name="case_iocs")
    tlp = models.ForeignKey(Tlp, on_delete=models.PROTECT, related_name="case_iocs")
    description = models.TextField(null=True, blank=True)
    tags = models.TextField(null=True, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        verbose_name = "IOC of a case"
        verbose_name_plural = "IOCs of cases"
        constraints = [models.UniqueConstraint(fields=["case", "ioc"], name="ioc_once_per_case")]

    def __str__(self) -> str:
        return f"IOC {self.ioc_id} in case {self.case_id}"
