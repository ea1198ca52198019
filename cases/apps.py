"""App configuration of cases."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Investigations."""

    name = "cases"
    default_auto_field = "django.db.models.BigAutoField"
