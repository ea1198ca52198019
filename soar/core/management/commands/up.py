"""`manage.py up`: everything of one installation under one command."""

import signal
import time
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from soar.core import installation
from soar.core.locking import held_lock
from soar.core.supervisor import Supervisor

READY_SECONDS = 90.0
PROBE_SECONDS = 0.3


class Command(BaseCommand):
    """Prepare the database, run web, worker, relay and scheduler, keep them alive."""

    help = "Start Watchfloor: migrate, seed, then run and supervise every part until Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGINT or SIGTERM."""
        try:
            with installation.only_one():
                installation.require_free_port()
                if installation.has_own_broker():
                    installation.require_no_broker()
                self._prepare()
                self._supervise()
        except installation.CannotStart as error:
            raise CommandError(str(error)) from error

    def _prepare(self) -> None:
        self.say(
            f"Preparing {settings.SOAR_DATA_DIR if installation.is_embedded() else 'the database'}"
        )
        with held_lock("prepare"):
            call_command("migrate", interactive=False, verbosity=0)
            call_command("seed_reference", stdout=self.stdout)
            call_command("seed_modules", verbosity=0)
        connections.close_all()

    def _supervise(self) -> None:
        supervisor = Supervisor(
            installation.children(), installation.child_environment(), str(settings.BASE_DIR)
        )
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, supervisor.stop)
        self.say(f"Starting {installation.url()}")
        supervisor.run(_Readiness(self).tick)
        self.say("Stopped")

    def say(self, text: str) -> None:
        """Print a line at once, also into a pipe."""
        self.stdout.write(text)
        self.stdout.flush()


class _Readiness:
    """Says once that everything is ready, or gives up."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.is_ready = False
        self.deadline = time.monotonic() + READY_SECONDS
        self.probe_at = 0.0

    def tick(self) -> None:
        """Look now and then. Raise CannotStart when it takes too long."""
        if self.is_ready or time.monotonic() < self.probe_at:
            return
        missing = installation.missing_for_readiness()
        self.probe_at = time.monotonic() + PROBE_SECONDS
        if not missing:
            self.is_ready = True
            self.command.say(f"ready: {installation.url()}/admin/  (Ctrl-C stops everything)")
        elif time.monotonic() > self.deadline:
            text = f"Not ready after {READY_SECONDS:.0f} s: {missing}. See the messages above."
            raise installation.CannotStart(text)
