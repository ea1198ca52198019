"""Cancelling and repeating runs, and who may."""

from typing import Any

import pytest

from modules.models import Module, ModuleRun
from modules.services import watching
from modules.services.control import cancel_run, repeat_run
from modules.services.execution import execute, start
from modules.services.registry import set_paused
from soar.core import broker
from soar.core.actor import Actor
from soar.core.errors import Conflict, Forbidden, NotFound
from soar.core.models import AuditLog, User
from tests.modules.runs.conftest import ToldRunner, let_pass


def test_a_pending_run_is_cancelled_at_once(run: ModuleRun, as_administrator: Actor) -> None:
    cancel_run(as_administrator, run.pk)
    run.refresh_from_db()
    assert (run.status, run.message) == ("cancelled", "Cancelled before it started")
    assert start(run.pk) is None
    line = AuditLog.objects.latest("pk")
    assert (line.action, line.object_id, line.case_id) == ("run.cancelled", run.pk, 1)


def test_a_running_run_is_asked_to_stop(run: ModuleRun, as_administrator: Actor) -> None:
    start(run.pk)
    cancel_run(as_administrator, run.pk)
    run.refresh_from_db()
    assert (run.status, run.is_cancel_requested) == ("running", True)


def test_an_ended_run_cannot_be_cancelled(
    run: ModuleRun, runner: ToldRunner, as_administrator: Actor
) -> None:
    execute(run.pk)
    with pytest.raises(Conflict):
        cancel_run(as_administrator, run.pk)


def test_a_repeated_run_is_a_new_one_in_the_name_of_who_asked(
    run: ModuleRun, runner: ToldRunner, analyst: User
) -> None:
    execute(run.pk)
    again = repeat_run(Actor.of(analyst, "admin"), run.pk)
    assert (again.status, again.user_login, again.targets) == ("pending", "analyst", run.targets)
    assert execute(again.pk)
    assert len(runner.jobs) == 2
    assert AuditLog.objects.filter(action="hook.requested", object_id=again.pk).exists()


def test_every_repetition_names_the_first_run_as_its_cause(
    run: ModuleRun, runner: ToldRunner, as_administrator: Actor
) -> None:
    execute(run.pk)
    again = repeat_run(as_administrator, run.pk)
    execute(again.pk)
    execute(repeat_run(as_administrator, again.pk).pk)
    assert [job["cause_id"] for job in runner.jobs] == [run.pk] * 3
    assert len({job["run_id"] for job in runner.jobs}) == 3


def test_what_has_not_ended_or_has_no_module_is_not_repeated(
    run: ModuleRun, listener: Module, runner: ToldRunner, as_administrator: Actor
) -> None:
    with pytest.raises(Conflict):
        repeat_run(as_administrator, run.pk)
    execute(run.pk)
    Module.objects.filter(pk=listener.pk).update(is_active=False)
    with pytest.raises(Conflict):
        repeat_run(as_administrator, run.pk)
    assert ModuleRun.objects.count() == 1


def test_nobody_steers_runs_of_cases_he_cannot_write_to(
    run: ModuleRun, outsider: User, reader: User
) -> None:
    with pytest.raises(NotFound):
        cancel_run(Actor.of(outsider, "admin"), run.pk)
    with pytest.raises(Forbidden):
        cancel_run(Actor.of(reader, "admin"), run.pk)
    run.refresh_from_db()
    assert run.status == "pending"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The queues somebody works on."""
    queues: set[str] = set()
    monkeypatch.setattr(broker, "has_consumer", lambda queue: queue in queues)
    return queues


def test_a_queue_without_consumer_is_told(
    run: ModuleRun, listener: Module, served: set[str], settings: Any
) -> None:
    served.add(settings.SOAR_MODULES_QUEUE)
    assert watching.warnings() == []
    Module.objects.filter(pk=listener.pk).update(queue="mod.listener")
    assert watching.warnings() == ["Nobody works on the queue mod.listener: its module runs wait"]


def test_a_run_that_waits_longer_than_a_minute_is_told(
    run: ModuleRun, served: set[str], settings: Any
) -> None:
    served.add(settings.SOAR_MODULES_QUEUE)
    let_pass(run, 61)
    told = watching.warnings()
    assert len(told) == 1
    assert told[0].startswith("1 module runs wait, the oldest since ")


def test_paused_and_broken_modules_are_told(
    run: ModuleRun, listener: Module, served: set[str], settings: Any, as_administrator: Actor
) -> None:
    served.add(settings.SOAR_MODULES_QUEUE)
    Module.objects.filter(pk=listener.pk).update(state="broken", state_reason="5 failures")
    set_paused(as_administrator, is_paused=True, reason="upgrade")
    told = watching.warnings()
    assert told[0].startswith("Modules are paused since ")
    assert told[0].endswith("UTC: upgrade")
    assert told[1] == "Module Listener is broken: 5 failures"
