"""`manage.py relay`: send committed events to the workers."""

from typing import Any

from django.core.management.base import BaseCommand

from modules import relay


class Command(BaseCommand):
    """Run the relay until SIGTERM or SIGINT."""

    help = "Send committed events to the workers until stopped."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Relay."""
        relay.run()
