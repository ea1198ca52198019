"""The operational face of a case, and who and what it is connected with."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from cases.models import Case
from incidents.models.lists import Folder, ListValue
from incidents.models.templates import IncidentTemplate


class Incident(models.Model):
    """The incident a case investigates; same id, made together by open_incident.

    Title, body, status, severity, owner, tags, opening, closing and deletion are those of the case.
    `started_at` and `ended_at` are when it happened; `custom` holds values by opt_<number>.
    """

    case = models.OneToOneField(
        Case, on_delete=models.CASCADE, primary_key=True, related_name="incident"
    )
    reference = models.CharField("incident ID", max_length=200, unique=True)
    opened_through = models.CharField(max_length=20)
    folder = models.ForeignKey(
        Folder, on_delete=models.PROTECT, null=True, blank=True, related_name="incidents"
    )
    template = models.ForeignKey(
        IncidentTemplate, on_delete=models.SET_NULL, null=True, blank=True, related_name="incidents"
    )
    kind = models.ForeignKey(
        ListValue, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    category = models.ForeignKey(
        ListValue, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    purpose = models.ForeignKey(
        ListValue, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    phase = models.ForeignKey(
        ListValue, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    types = models.ManyToManyField(ListValue, through="IncidentType", related_name="incidents")
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    timezone = models.CharField(max_length=200, blank=True)
    inhibits_phases = models.BooleanField(default=False)
    generated_by = models.CharField(max_length=200, blank=True, editable=False)
    custom = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["case_id"]
        indexes = [
            models.Index(fields=["started_at"], name="incident_by_start"),
            models.Index(fields=["ended_at"], name="incident_by_end"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def title(self) -> str:
        """Return what it is called beside its ID: without a title the case goes by the ID."""
        return "" if self.case.name == self.reference else self.case.name


class IncidentType(models.Model):
    """One of the types of an incident, in the order they were given."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="type_links")
    value = models.ForeignKey(ListValue, on_delete=models.PROTECT, related_name="type_links")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "value"], name="type_once_per_incident")
        ]

    def __str__(self) -> str:
        return f"incident {self.incident_id}, type {self.value_id}"


class Investigator(models.Model):
    """A user or a group that works on an incident, and as what; the access is a record of the case."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="investigators")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="investigations",
    )
    group = models.ForeignKey(
        Group, on_delete=models.CASCADE, null=True, blank=True, related_name="investigations"
    )
    role = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(user=None, group__isnull=False) | Q(user__isnull=False, group=None),
                name="investigator_is_user_or_group",
            ),
            models.UniqueConstraint(
                fields=["incident", "user"],
                condition=Q(group=None),
                name="user_once_per_incident",
            ),
            models.UniqueConstraint(
                fields=["incident", "group"],
                condition=Q(user=None),
                name="group_once_per_incident",
            ),
        ]

    def __str__(self) -> str:
        who = f"user {self.user_id}" if self.user_id else f"group {self.group_id}"
        return f"{who} on incident {self.incident_id}"


class IncidentRelation(models.Model):
    """Two incidents that belong together: `first` is the parent of `second`, or the two are related."""

    class Kind(models.TextChoices):
        """How they belong together."""

        PARENT = "parent", "Parent"
        RELATED = "related", "Related"

    first = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="relations_from")
    second = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="relations_to")
    kind = models.CharField(max_length=10, choices=Kind.choices)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["first", "second", "kind"], name="relation_once_per_pair"
            ),
            models.CheckConstraint(
                condition=~Q(first=F("second")), name="incident_not_related_to_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"incident {self.first_id} {self.kind} {self.second_id}"


class FavoriteIncident(models.Model):
    """An incident a user wants to see in every list."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="favorite_incidents"
    )
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="favorites")
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "incident"], name="incident_once_per_favorites")
        ]

    def __str__(self) -> str:
        return f"incident {self.incident_id} of user {self.user_id}"
