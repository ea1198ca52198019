"""`manage.py load_demo`: ten believable cases to look at."""

from typing import Any

from django.core.management.base import BaseCommand

from incidents.services.demo import load_demo


class Command(BaseCommand):
    """Load the demonstration once."""

    help = "Load ten believable cases with everything in them, incidents in every state, and a queue of sixty triage events; a second run changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, and say what was done."""
        added = load_demo()
        if added:
            self.stdout.write(f"Loaded {added} cases of two customers with three analysts.")
        else:
            self.stdout.write("The demonstration is there already.")
