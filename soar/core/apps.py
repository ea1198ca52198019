"""App configuration of the core."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Users, credentials, audit, outbox."""

    name = "soar.core"
    label = "core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the numbered system checks."""
        from soar.core import checks  # noqa: F401, PLC0415
