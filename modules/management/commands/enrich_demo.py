"""`manage.py enrich_demo`: module runs and their results for the demonstration."""

from typing import Any

from django.core.management.base import BaseCommand

from modules.services.demo import enrich_demo
from soar.core.actor import system_actor
from soar.core.selectors import first_administrator


class Command(BaseCommand):
    """Enrich the IOCs of the demonstration once."""

    help = (
        "Let the shipped reputation module look the demonstration's IOCs up, on this machine alone."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Enrich, and say what was done."""
        enriched = enrich_demo(system_actor(first_administrator()))
        if enriched:
            self.stdout.write(f"Looked {enriched} IOCs up with the reputation module.")
