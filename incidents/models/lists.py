"""What incidents are chosen from and kept in: list values, folders, and how this installation works."""

from django.db import models
from django.db.models.functions import Lower

from cases.models import CaseClassification, CaseState, Severity
from incidents.models.lookups import AlertStatus


class ListField(models.TextChoices):
    """The fields whose values administrators list. Source: Cloud SOAR, contract §3.1 and §3.4."""

    TYPE = "type", "Type"
    STATUS = "status", "Status"
    RESTRICTION = "restriction", "Severity"
    KIND = "incident_kind", "Incident kind"
    CATEGORY = "incident_category", "Incident category"
    PURPOSE = "purpose", "Purpose"
    PHASE = "phase", "Process phase"
    TASK_PRIORITY = "task_priority", "Task priority"
    TRIAGE_STATUS = "triage_status", "Triage status"


class ListValue(models.Model):
    """One value of a field; all fields share one space of ids.

    A status stands for a state of cases, a restriction for a severity, a type may stand for a
    classification and a triage status stands for a status of alerts: each the same thing under the name
    it has in another door. Internal values can be renamed, not deleted. `sets_status` is the status an
    incident takes with a phase, `is_mandatory` a phase that cannot be skipped.
    """

    field = models.CharField(max_length=20, choices=ListField.choices)
    label = models.CharField(max_length=200)
    is_internal = models.BooleanField(default=False)
    is_mandatory = models.BooleanField(default=False)
    position = models.PositiveIntegerField(default=0)
    case_state = models.OneToOneField(
        CaseState,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="list_value",
    )
    severity = models.OneToOneField(
        Severity, on_delete=models.CASCADE, null=True, blank=True, related_name="list_value"
    )
    classification = models.OneToOneField(
        CaseClassification,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="list_value",
    )
    alert_status = models.OneToOneField(
        AlertStatus, on_delete=models.CASCADE, null=True, blank=True, related_name="list_value"
    )
    sets_status = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["field", "position", "id"]
        constraints = [
            models.UniqueConstraint("field", Lower("label"), name="list_label_once_per_field")
        ]

    def __str__(self) -> str:
        return self.label


class Folder(models.Model):
    """A folder of incidents."""

    name = models.CharField(max_length=200)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(Lower("name"), "parent", name="folder_name_once_per_parent"),
            models.UniqueConstraint(
                Lower("name"), condition=models.Q(parent=None), name="folder_name_once_on_top"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class IncidentSettings(models.Model):
    """How this installation handles incidents; one row."""

    ONLY = 1

    requires_closing_note = models.BooleanField(
        default=False, help_text="An incident is closed with a note only."
    )
    prohibits_duplicates = models.BooleanField(
        default=False, help_text="A second incident of the same ID is refused, not given a suffix."
    )
    extracts_from_incidents = models.BooleanField(
        default=True,
        help_text="Addresses, domains and e-mail addresses in the fields of an incident become its entities.",
    )
    extracts_from_tasks = models.BooleanField(
        default=True, help_text="The same for its tasks: titles, descriptions and custom fields."
    )
    extracts_from_notes = models.BooleanField(default=True, help_text="The same for its notes.")
    extracts_from_iris = models.BooleanField(
        "extracts from IRIS",
        default=False,
        help_text="The same for texts that come through the IRIS API; its clients may count the IOCs of a case.",
    )
    allowed_extensions = models.JSONField(
        "allowed filename extensions",
        default=list,
        blank=True,
        help_text="Empty: files of every extension are accepted.",
    )

    class Meta:
        verbose_name_plural = "incident settings"

    def __str__(self) -> str:
        return "Incident settings"
