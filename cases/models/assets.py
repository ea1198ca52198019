"""Assets of a case and the indicators found on them."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from cases.models.cases import Case
from cases.models.iocs import CaseIoc
from cases.models.lookups import AnalysisStatus, AssetType, CompromiseStatus
from soar.core.models import TrackedModel


class Asset(TrackedModel):
    """A machine, account or device involved in a case."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="assets")
    name = models.CharField(max_length=400)
    type = models.ForeignKey(AssetType, on_delete=models.PROTECT, related_name="assets")
    analysis_status = models.ForeignKey(AnalysisStatus, on_delete=models.PROTECT)
    compromise_status = models.PositiveSmallIntegerField(
        choices=CompromiseStatus.choices, null=True, blank=True
    )
    description = models.TextField(null=True, blank=True)
    domain = models.TextField(null=True, blank=True)
    ip = models.TextField("IP addresses", null=True, blank=True)
    info = models.TextField("additional information", null=True, blank=True)
    tags = models.TextField(null=True, blank=True)
    enrichment = models.JSONField(null=True, blank=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    iocs = models.ManyToManyField(CaseIoc, through="AssetIoc", related_name="assets")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["case", "type", "name"], name="asset_once_per_case")
        ]
        indexes = [models.Index(fields=["name", "type"], name="asset_name_and_type")]

    def __str__(self) -> str:
        return self.name


class AssetIoc(models.Model):
    """An indicator seen on an asset."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="ioc_links")
    case_ioc = models.ForeignKey(CaseIoc, on_delete=models.CASCADE, related_name="asset_links")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["asset", "case_ioc"], name="ioc_once_per_asset")
        ]

    def __str__(self) -> str:
        return f"asset {self.asset_id}, IOC {self.case_ioc_id}"
