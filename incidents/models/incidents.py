"""The operational face of a case."""

from django.db import models

from cases.models import Case


class Incident(models.Model):
    """The incident a case investigates; same id, made together by open_incident."""

    case = models.OneToOneField(
        Case, on_delete=models.CASCADE, primary_key=True, related_name="incident"
    )
    reference = models.CharField(max_length=40, unique=True)
    opened_through = models.CharField(max_length=20)

    class Meta:
        ordering = ["case_id"]

    def __str__(self) -> str:
        return self.reference
