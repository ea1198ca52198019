"""Numbered system checks: a wrong installation is told at start, not found at three in the morning."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004
from django.db import connection


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
