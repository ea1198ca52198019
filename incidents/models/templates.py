"""Incident templates: what a new incident begins with. Source: Cloud SOAR, contract §3.9."""

from django.db import models
from django.db.models.functions import Lower

from incidents.models.labels import IncidentLabel
from incidents.models.lists import Folder


class IncidentTemplate(models.Model):
    """Defaults of a new incident.

    `fields` holds values by wire name ({"restriction": 53}); `investigators` is
    [{"user"|"group": id, "role": text}], `notes` is [{"title": text, "additional_info": HTML}].
    """

    name = models.CharField(max_length=200)
    category = models.CharField(max_length=200, blank=True)
    tags = models.JSONField(default=list, blank=True)
    description = models.TextField(blank=True)
    fields = models.JSONField(default=dict, blank=True)
    investigators = models.JSONField(default=list, blank=True)
    notes = models.JSONField(default=list, blank=True)
    label = models.ForeignKey(
        IncidentLabel, on_delete=models.PROTECT, null=True, blank=True, related_name="templates"
    )
    folder = models.ForeignKey(
        Folder, on_delete=models.PROTECT, null=True, blank=True, related_name="templates"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="incident_template_name_ignoring_case")
        ]

    def __str__(self) -> str:
        return self.name
