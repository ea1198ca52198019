"""The timeline of a case."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from cases.models.assets import Asset
from cases.models.cases import Case
from cases.models.iocs import CaseIoc
from cases.models.lookups import EventCategory
from soar.core.models import TrackedModel


class Event(TrackedModel):
    """Something that happened. `date` is the instant; `local_date` the clock reading as given.

    `local_date` is a clock reading without offset, kept as if it were UTC; `tz` is the offset text.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="events")
    parent = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="children"
    )
    title = models.CharField(max_length=400)
    content = models.TextField(blank=True)
    raw = models.TextField(blank=True)
    source = models.TextField(blank=True)
    date = models.DateTimeField()
    local_date = models.DateTimeField()
    tz = models.CharField("time zone offset", max_length=50)
    category = models.ForeignKey(
        EventCategory, on_delete=models.PROTECT, default=EventCategory.UNSPECIFIED
    )
    color = models.CharField(max_length=20, blank=True)
    tags = models.TextField(blank=True)
    is_in_graph = models.BooleanField(default=True)
    is_in_summary = models.BooleanField(default=False)
    is_flagged = models.BooleanField(default=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)
    assets = models.ManyToManyField(Asset, through="EventAsset", related_name="events")
    iocs = models.ManyToManyField(CaseIoc, through="EventIoc", related_name="events")

    class Meta:
        ordering = ["date", "id"]
        indexes = [models.Index(fields=["case", "date", "id"], name="event_in_order")]

    def __str__(self) -> str:
        return self.title


class EventAsset(models.Model):
    """An asset an event touches."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="asset_links")
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="event_links")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "asset"], name="asset_once_per_event")
        ]

    def __str__(self) -> str:
        return f"event {self.event_id}, asset {self.asset_id}"


class EventIoc(models.Model):
    """An indicator an event shows."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="ioc_links")
    case_ioc = models.ForeignKey(CaseIoc, on_delete=models.CASCADE, related_name="event_links")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "case_ioc"], name="ioc_once_per_event")
        ]

    def __str__(self) -> str:
        return f"event {self.event_id}, IOC {self.case_ioc_id}"
