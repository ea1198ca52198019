"""`kill -9` around the commit: an event becomes its runs exactly once, or nothing happened at all."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from modules.models import Module, ModuleRun
from modules.services.delivery import deliver, deliver_due
from soar.core.models import AuditLog, OutboxEvent
from tests.modules.runs.conftest import listener, make_module

__all__ = ["listener", "make_module"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
# A process that adds an indicator and is killed before or right after the commit.
VICTIM = """
import os, signal, sys
import django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from django.db import transaction
from cases.services.iocs import add_ioc
from iocs.models import IocType, Tlp
from soar.core.actor import Actor
from soar.core.models import User

def die():
    os.kill(os.getpid(), signal.SIGKILL)

actor = Actor.of(User.objects.get(pk=1), "iris")
kinds = {"type_id": IocType.objects.first().pk, "tlp_id": Tlp.objects.first().pk}
with transaction.atomic():
    transaction.on_commit(die)
    add_ioc(actor, 1, value="198.51.100.99", **kinds)
    if sys.argv[2] == "before":
        die()
"""


def be_killed(moment: str) -> None:
    """Run the victim, which must not survive."""
    name = str(connection.settings_dict["NAME"])
    connection.close()
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "soar.settings"}
    command = [sys.executable, "-c", VICTIM, name, moment]
    done = subprocess.run(
        command, env=env, cwd=settings.BASE_DIR, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


def test_an_event_of_a_killed_process_becomes_its_run_exactly_once(listener: Module) -> None:
    be_killed("after")
    assert not ModuleRun.objects.exists()
    assert (deliver_due(), deliver_due()) == (1, 0)
    assert ModuleRun.objects.get().status == "pending"


def test_delivering_it_again_changes_nothing(listener: Module) -> None:
    be_killed("after")
    deliver_due()
    event = OutboxEvent.objects.latest("pk")
    before = ModuleRun.objects.values().get()
    assert not deliver([event.pk])
    assert ModuleRun.objects.values().get() == before


def test_of_a_process_killed_before_the_commit_nothing_is_left(
    listener: Module, make_module: Callable[..., Any]
) -> None:
    lines, events = AuditLog.objects.count(), OutboxEvent.objects.count()
    be_killed("before")
    deliver_due()
    assert not ModuleRun.objects.exists()
    assert (AuditLog.objects.count(), OutboxEvent.objects.count()) == (lines, events)
