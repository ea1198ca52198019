"""Reference data of investigations; ids are fixed by `manage.py seed_reference` (contract §4)."""

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


class CompromiseStatus(models.IntegerChoices):
    """Whether an asset is compromised. Source: contract §4."""

    TO_BE_DETERMINED = 0, "To be determined"
    COMPROMISED = 1, "Compromised"
    NOT_COMPROMISED = 2, "Not compromised"
    UNKNOWN = 3, "Unknown"


class OutcomeStatus(models.IntegerChoices):
    """How a case turned out. Source: contract §4."""

    UNKNOWN = 0, "Unknown"
    FALSE_POSITIVE = 1, "False positive"
    TRUE_POSITIVE_WITH_IMPACT = 2, "True positive with impact"
    NOT_APPLICABLE = 3, "Not applicable"
    TRUE_POSITIVE_WITHOUT_IMPACT = 4, "True positive without impact"
    LEGITIMATE = 5, "Legitimate"


class AnalysisStatus(models.Model):
    """How far the analysis of an asset has come."""

    name = models.CharField(max_length=100, unique=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "analysis statuses"

    def __str__(self) -> str:
        return self.name


class AssetType(models.Model):
    """A kind of asset, with its two icons."""

    name = models.CharField(max_length=155)
    description = models.TextField(blank=True)
    icon_compromised = models.CharField(max_length=255, default="ioc_question-mark.png")
    icon_not_compromised = models.CharField(max_length=255, default="question-mark.png")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="asset_type_name_unique_ignoring_case")
        ]

    def __str__(self) -> str:
        return self.name


class CaseClassification(models.Model):
    """A class of incident, after the MISP taxonomy of incident classification."""

    name = models.CharField(max_length=200)
    name_expanded = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    creation_date = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="classification_name_unique_ignoring_case")
        ]

    def __str__(self) -> str:
        return self.name_expanded


class CaseState(models.Model):
    """A phase of an investigation; protected states cannot be deleted. A case in a closed one is closed."""

    OPEN = 3
    CLOSED = 9

    name = models.CharField(max_length=100, unique=True)
    description = models.TextField(blank=True)
    protected = models.BooleanField(default=False)
    is_closed = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class EventCategory(models.Model):
    """A category of timeline events, after MITRE ATT&CK tactics."""

    UNSPECIFIED = 1

    name = models.CharField(max_length=100, unique=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "event categories"

    def __str__(self) -> str:
        return self.name


class EvidenceType(models.Model):
    """A kind of evidence."""

    name = models.CharField(max_length=200, unique=True)
    description = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class ReviewStatus(models.Model):
    """How far the review of a case has come."""

    name = models.CharField(max_length=100, unique=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "review statuses"

    def __str__(self) -> str:
        return self.name


class Severity(models.Model):
    """A level of severity."""

    LOW = 4

    name = models.CharField(max_length=100, unique=True)
    description = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "severities"

    def __str__(self) -> str:
        return self.name


class TaskStatus(models.Model):
    """A state of tasks, with the colour name IRIS clients show."""

    TO_DO, IN_PROGRESS, ON_HOLD, DONE, CANCELED = 1, 2, 3, 4, 5

    name = models.CharField(max_length=100, unique=True)
    description = models.TextField(blank=True)
    bscolor = models.CharField(max_length=30)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "task statuses"

    def __str__(self) -> str:
        return self.name
