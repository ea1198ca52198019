"""App configuration of iocs."""

from django.apps import AppConfig


class IocsConfig(AppConfig):
    """Indicators."""

    name = "iocs"
    default_auto_field = "django.db.models.BigAutoField"
