"""App configuration of incidents."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Incidents."""

    name = "incidents"
    default_auto_field = "django.db.models.BigAutoField"
