"""App configuration of modules."""

from django.apps import AppConfig


class ModulesConfig(AppConfig):
    """Modules."""

    name = "modules"
    default_auto_field = "django.db.models.BigAutoField"
