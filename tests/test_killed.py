"""`kill -9` around the commit: an event is delivered exactly once, or nothing happened at all."""

import os
import signal
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from modules import tasks
from modules.models import ModuleRun
from modules.services.delivery import UNSERVED, deliver
from modules.tasks import send_due
from soar.core.models import AuditLog, OutboxEvent

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
# A process that asks for a hook and is killed before or right after the commit.
VICTIM = """
import os, signal, sys
import django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from django.db import transaction
from modules.services.runs import request_run
from soar.core.actor import Actor
from soar.core.models import User

def die():
    os.kill(os.getpid(), signal.SIGKILL)

actor = Actor.of(User.objects.get(pk=1), "iris")
with transaction.atomic():
    transaction.on_commit(die)
    request_run(actor, 1, hook_name="on_manual_trigger_case", object_type="case", target_ids=[1])
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


@pytest.fixture
def deliveries(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each delivery, made at once instead of by a worker, had an effect."""
    results: list[bool] = []

    def deliver_now(args: tuple[int], **options: Any) -> None:
        results.append(deliver(args[0]))

    monkeypatch.setattr(tasks.deliver_event, "apply_async", deliver_now)
    return results


def test_an_event_of_a_killed_process_is_delivered_exactly_once(deliveries: list[bool]) -> None:
    send_due()
    deliveries.clear()
    be_killed("after")
    assert ModuleRun.objects.get().state == ModuleRun.PENDING
    assert (send_due(), send_due()) == (1, 0)
    assert deliveries == [True]
    assert ModuleRun.objects.get().state == UNSERVED


def test_delivering_it_again_changes_nothing(deliveries: list[bool]) -> None:
    send_due()
    be_killed("after")
    send_due()
    event = OutboxEvent.objects.latest("pk")
    before = ModuleRun.objects.values().get()
    assert not deliver(event.pk)
    assert ModuleRun.objects.values().get() == before


def test_of_a_process_killed_before_the_commit_nothing_is_left() -> None:
    lines, events = AuditLog.objects.count(), OutboxEvent.objects.count()
    be_killed("before")
    assert not ModuleRun.objects.exists()
    assert (AuditLog.objects.count(), OutboxEvent.objects.count()) == (lines, events)
