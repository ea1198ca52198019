"""`manage.py seed_reference`: reference data and, on an empty database, the first administrator."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from incidents.services.bootstrap import FirstCredentials, seed
from soar.core.errors import DomainError, Invalid


class Command(BaseCommand):
    """Make the database ready for work; safe to run at every start."""

    help = "Add missing reference data; on an empty database also the first administrator and case."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed, and tell the first administrator's credentials once."""
        try:
            first = seed()
        except Invalid as error:
            reasons = "; ".join(text for texts in error.fields.values() for text in texts)
            raise CommandError(f"SOAR_ADMIN_PASSWORD or SOAR_ADMIN_API_KEY: {reasons}") from error
        except DomainError as error:
            raise CommandError(error.message) from error
        if first is not None:
            self.stdout.write(credentials_text(first))


def credentials_text(first: FirstCredentials) -> str:
    """Return what the operator must note down."""
    return (
        "First administrator, shown this once:\n"
        f"  login     {first.login}\n"
        f"  password  {first.password}\n"
        f"  API key   {first.api_key}"
    )
