"""Readers of incidents: an incident is visible with its case."""

from django.db.models import QuerySet

from cases.selectors import visible_cases
from incidents.models import Incident
from soar.core.actor import Actor


def visible_incidents(actor: Actor) -> QuerySet[Incident]:
    """Return the incidents of visible cases."""
    return Incident.objects.filter(case_id__in=visible_cases(actor).order_by().values("pk"))
