"""Incident labels: the naming schemes of incidents. Source: Cloud SOAR, contract §3.9."""

from django.db import models
from django.db.models.functions import Lower


class IncidentLabel(models.Model):
    """A naming scheme, such as INC-{year}-{counter_year:05d}; the default one names what has no other."""

    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    value = models.CharField(max_length=200)
    is_default = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="incident_label_name_ignoring_case"),
            models.UniqueConstraint(
                fields=["is_default"],
                condition=models.Q(is_default=True),
                name="one_default_incident_label",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class LabelCounter(models.Model):
    """How far a scheme has counted: in all, or within a year or a day, as `period` says."""

    label = models.ForeignKey(IncidentLabel, on_delete=models.CASCADE, related_name="counters")
    period = models.CharField(max_length=10, blank=True)
    value = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["label", "period"], name="one_counter_per_label_and_period"
            )
        ]

    def __str__(self) -> str:
        return f"{self.label_id} {self.period}: {self.value}"
