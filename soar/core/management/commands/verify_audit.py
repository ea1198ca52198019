"""`manage.py verify_audit`: find any audit row that was edited, removed or reordered."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from soar.core.services.sealing import Head, verify


def head(text: str) -> Head:
    """Return the head written as POSITION:HASH."""
    position, _, seal = text.partition(":")
    if not position.isdigit() or len(seal) != 64:
        raise ArgumentTypeError("must be POSITION:HASH")
    return Head(int(position), seal)


class Command(BaseCommand):
    """Verify the chain of seals; exit 1 when something does not fit."""

    help = "Verify the audit trail. Exits 1 when a row was edited, removed or reordered."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take a head noted earlier, which shows whether the end of the chain was cut off."""
        parser.add_argument(
            "--head", type=head, metavar="POSITION:HASH", help="a head noted earlier"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print every finding and the head of the chain."""
        verdict = verify(options["head"])
        for finding in verdict.findings:
            self.stdout.write(f"{finding.kind}: {finding.text}")
        self.stdout.write(f"{verdict.sealed} rows sealed, {verdict.unsealed} waiting")
        self.stdout.write(f"head {verdict.head}")
        if verdict.findings:
            raise CommandError(
                f"{len(verdict.findings)} findings: the audit trail was tampered with"
            )
