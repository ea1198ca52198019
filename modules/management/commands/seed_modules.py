"""`manage.py seed_modules`: the modules shipped with Watchfloor."""

from typing import Any

from django.core.management.base import BaseCommand

from modules.services.registry import add_shipped
from soar.core.actor import system_actor
from soar.core.selectors import first_administrator


class Command(BaseCommand):
    """Register the shipped modules that are missing; safe to run at every start."""

    help = "Register the shipped modules that are missing and renew those that changed."

    def handle(self, *args: Any, **options: Any) -> None:
        """Register, and say what was done."""
        for module in add_shipped(system_actor(first_administrator())):
            if options["verbosity"]:
                text = f"Module {module.package} {module.version}: {module.state}"
                self.stdout.write(text)
