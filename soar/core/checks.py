"""Numbered system checks: a wrong installation is told at start, not found at three in the morning."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.db import connection

from soar.core.models import User
from soar.core.permissions import Permission


@register
def check_hosts(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """core.E001: production names its hosts."""
    if settings.SOAR_PRODUCTION and not settings.ALLOWED_HOSTS:
        hint = "Set SOAR_ALLOWED_HOSTS to the names users type."
        return [Error("SOAR_PRODUCTION without SOAR_ALLOWED_HOSTS", hint=hint, id="core.E001")]
    return []


@register
def check_data_directory(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """core.E002: nobody else may read the data directory, which holds the secrets."""
    mode = settings.SOAR_DATA_DIR.stat().st_mode
    if mode & 0o007:
        hint = f"chmod o-rwx {settings.SOAR_DATA_DIR}"
        return [Error("SOAR_DATA_DIR is open to everybody", hint=hint, id="core.E002")]
    return []


@register
def check_database(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """core.W001: the embedded database is for one machine and a small team."""
    if settings.SOAR_PRODUCTION and connection.vendor == "sqlite":
        hint = "Set DATABASE_URL to a PostgreSQL database (docs/operator-guide.md)."
        return [Warning("Production on the embedded database", hint=hint, id="core.W001")]
    return []


@register
def check_permission_names(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """core.E003: the names of our permissions belong to core.User alone."""
    ours = {bit.codename for bit in Permission}
    return [
        Error(f"{model._meta.label} also has a permission {codename}", id="core.E003")
        for model in apps.get_models()
        if model is not User
        for codename, _ in model._meta.permissions
        if codename in ours
    ]
