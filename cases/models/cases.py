"""The case: what an investigation is about."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils import timezone

from cases.models.customers import Customer
from cases.models.lookups import (
    CaseClassification,
    CaseState,
    OutcomeStatus,
    ReviewStatus,
    Severity,
)
from soar.core.models import TrackedModel


class Case(TrackedModel):
    """One investigation. Its operational face is incidents.Incident, which has the same id.

    `name` is stored bare; doors add their own prefix. `opened_on` and `closed_on` are UTC dates.
    `description` is markdown; where it came as HTML, `description_html` is what came. The owner is a
    user, and a group where one is named. A deleted case is hidden with all its parts until restored.
    """

    INITIAL = 1  # context case of everyone and the case no one may delete (contract §1.4)

    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    description_html = models.TextField(blank=True, editable=False)
    soc_id = models.CharField("SOC ticket", max_length=200, blank=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="cases")
    state = models.ForeignKey(CaseState, on_delete=models.PROTECT, default=CaseState.OPEN)
    outcome = models.PositiveSmallIntegerField(
        choices=OutcomeStatus.choices, default=OutcomeStatus.UNKNOWN
    )
    severity = models.ForeignKey(Severity, on_delete=models.PROTECT, default=Severity.LOW)
    classification = models.ForeignKey(
        CaseClassification, on_delete=models.PROTECT, null=True, blank=True
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="owned_cases"
    )
    owner_group = models.ForeignKey(
        Group, on_delete=models.SET_NULL, null=True, blank=True, related_name="owned_cases"
    )
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="opened_cases"
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reviewed_cases",
    )
    review_status = models.ForeignKey(ReviewStatus, on_delete=models.PROTECT, null=True, blank=True)
    tags = models.TextField(blank=True)
    protagonists = models.JSONField(default=list, blank=True)
    closing_note = models.TextField(null=True, blank=True)
    opened_at = models.DateTimeField(default=timezone.now)
    opened_on = models.DateField()
    closed_on = models.DateField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["name"], name="case_by_name"),
            models.Index(fields=["opened_at"], name="case_by_opening"),
            models.Index(fields=["closed_at"], name="case_by_closing"),
            models.Index(
                fields=["deleted_at"],
                condition=models.Q(deleted_at__isnull=False),
                name="case_deleted",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} - {self.name}"
