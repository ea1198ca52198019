"""What keeps a run from starting, and how it goes on."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from cases.services.iocs import remove_ioc
from cases.services.timeline import add_event
from iocs.models import Tlp
from modules.models import HookSubscription, Module, ModuleRun
from modules.runner.host import Ending
from modules.services import sending
from modules.services.execution import execute, finish, start
from modules.services.gates import rank
from modules.services.registry import reset_breaker, set_paused
from modules.services.sending import claim_runs
from soar.core.actor import Actor
from tests.modules.runs.conftest import ToldRunner, deliver_all, ended, finished, let_pass

NewIoc = Callable[..., Any]


def set_up(module: Module, **fields: Any) -> None:
    Module.objects.filter(pk=module.pk).update(**fields)


def state_of(run: ModuleRun) -> tuple[str, str]:
    run.refresh_from_db()
    return run.status, run.message


def another(new_ioc: NewIoc, value: str = "203.0.113.5", tlp: str = "green") -> ModuleRun:
    """Make another pending run."""
    new_ioc(value, tlp)
    deliver_all()
    return ModuleRun.objects.latest("pk")


def test_a_disabled_module_starts_nothing_more(run: ModuleRun, listener: Module) -> None:
    set_up(listener, is_active=False)
    assert start(run.pk) is None
    assert state_of(run) == ("cancelled", "The module was disabled")


def test_the_run_of_a_removed_module_is_cancelled(run: ModuleRun, listener: Module) -> None:
    listener.delete()
    assert start(run.pk) is None
    assert state_of(run) == ("cancelled", "The module was removed")


def test_the_kill_switch_holds_a_run_that_was_sent_already(
    run: ModuleRun, as_administrator: Actor
) -> None:
    set_paused(as_administrator, is_paused=True, reason="now")
    assert start(run.pk) is None
    assert state_of(run) == ("pending", "Modules are paused")
    assert run.available_at > timezone.now()
    set_paused(as_administrator, is_paused=False)
    assert start(run.pk) is not None


@pytest.mark.parametrize(
    ("tlp", "status"), [("green", "running"), ("amber", "rejected"), ("red", "rejected")]
)
def test_an_ioc_above_the_tlp_of_the_module_is_not_told(
    run: ModuleRun, listener: Module, new_ioc: NewIoc, tlp: str, status: str
) -> None:
    set_up(listener, maximum_tlp=Tlp.objects.get(name="green"))
    second = another(new_ioc, tlp=tlp)
    start(second.pk)
    assert state_of(second)[0] == status


def test_an_unknown_tlp_is_the_most_restricted() -> None:
    known = [rank(Tlp(name=name)) for name in ("clear", "green", "amber", "amber+strict", "red")]
    assert known == sorted(known)
    assert rank(Tlp(name="chartreuse")) > max(known)


def test_no_more_runs_at_once_than_the_module_allows(
    run: ModuleRun, listener: Module, new_ioc: NewIoc, runner: ToldRunner
) -> None:
    set_up(listener, concurrency=1)
    second = another(new_ioc)
    seen = []
    runner.meanwhile = lambda: seen.append((start(second.pk), *state_of(second)))
    execute(run.pk)
    assert seen == [(None, "pending", "1 runs at once are allowed")]
    second.refresh_from_db()
    assert second.available_at <= timezone.now()  # the end of the first let it go on
    assert execute(second.pk)


def test_the_quota_makes_runs_wait_and_loses_none(
    run: ModuleRun, listener: Module, new_ioc: NewIoc, runner: ToldRunner
) -> None:
    set_up(listener, per_minute=1)
    second = another(new_ioc)
    assert execute(run.pk)
    assert not execute(second.pk)
    assert state_of(second) == ("pending", "1 runs a minute are allowed")
    wait = second.available_at - timezone.now()
    assert dt.timedelta(seconds=50) < wait < dt.timedelta(seconds=60)
    let_pass(run, 61)
    assert execute(second.pk)


def test_failures_in_a_row_break_the_module_and_hold_its_runs(
    run: ModuleRun, listener: Module, new_ioc: NewIoc, runner: ToldRunner
) -> None:
    set_up(listener, breaker_failures=2)
    runner.outcome = ended(Ending.TIMEOUT, "took longer than 7 s")
    second, third = another(new_ioc), another(new_ioc, "203.0.113.6")
    execute(run.pk)
    execute(second.pk)
    listener.refresh_from_db()
    assert (listener.state, listener.failures_in_a_row) == ("broken", 2)
    assert "2 failures in a row, the last: took longer than 7 s" in listener.state_reason
    assert not execute(third.pk)
    assert state_of(third) == ("pending", "The module failed too often")
    assert third.available_at == listener.broken_until


def test_after_the_pause_one_run_tries_and_success_mends_the_module(
    run: ModuleRun, listener: Module, new_ioc: NewIoc, runner: ToldRunner
) -> None:
    past = timezone.now() - dt.timedelta(seconds=1)
    set_up(listener, state="broken", broken_until=past, failures_in_a_row=5, state_reason="x")
    second = another(new_ioc)
    tried = []
    runner.meanwhile = lambda: tried.append(start(second.pk))
    runner.outcome = finished()
    assert execute(run.pk)
    assert tried == [None]
    listener.refresh_from_db()
    assert (listener.state, listener.state_reason, listener.failures_in_a_row) == ("ready", "", 0)
    assert listener.broken_until is None


def test_a_failing_trial_gives_another_pause(
    run: ModuleRun, listener: Module, runner: ToldRunner
) -> None:
    past = timezone.now() - dt.timedelta(seconds=1)
    set_up(listener, state="broken", broken_until=past, failures_in_a_row=5)
    runner.outcome = finished("failure", message="still no answer")
    execute(run.pk)
    listener.refresh_from_db()
    assert (listener.state, listener.failures_in_a_row) == ("broken", 6)
    assert listener.broken_until > timezone.now()


def test_a_success_in_between_forgets_the_failures(
    run: ModuleRun, listener: Module, runner: ToldRunner
) -> None:
    set_up(listener, failures_in_a_row=4)
    execute(run.pk)
    listener.refresh_from_db()
    assert (listener.failures_in_a_row, listener.state) == (0, "ready")


def test_a_breaker_of_zero_never_opens(
    run: ModuleRun, listener: Module, runner: ToldRunner
) -> None:
    set_up(listener, breaker_failures=0)
    runner.outcome = finished("failure")
    execute(run.pk)
    listener.refresh_from_db()
    assert (listener.state, listener.failures_in_a_row) == ("ready", 1)


def test_an_administrator_closes_the_breaker_by_hand(
    run: ModuleRun, listener: Module, runner: ToldRunner, as_administrator: Actor
) -> None:
    later = timezone.now() + dt.timedelta(hours=1)
    set_up(listener, state="broken", broken_until=later, failures_in_a_row=5)
    assert not execute(run.pk)
    reset_breaker(as_administrator, listener.pk)
    assert [message.run_id for message in claim_runs()] == [run.pk]
    assert execute(run.pk)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"state": "unconfigured"}, "The module is not configured"),
        ({"state": "broken", "broken_until": None}, "The module failed its check"),
    ],
)
def test_a_module_that_cannot_work_holds_its_runs(
    run: ModuleRun, listener: Module, fields: dict[str, Any], reason: str
) -> None:
    set_up(listener, **fields)
    assert start(run.pk) is None
    assert state_of(run) == ("pending", reason)


def test_what_holds_one_run_of_a_module_holds_all_at_once(
    run: ModuleRun, listener: Module, new_ioc: NewIoc
) -> None:
    second = another(new_ioc)
    set_up(listener, broken_until=timezone.now() + dt.timedelta(hours=1))
    assert start(run.pk) is None
    assert state_of(second) == ("pending", "The module failed too often")
    assert claim_runs() == []


def test_a_try_that_succeeds_lets_all_held_runs_start(
    run: ModuleRun, listener: Module, new_ioc: NewIoc, runner: ToldRunner
) -> None:
    second = another(new_ioc)
    set_up(listener, state="broken", broken_until=timezone.now() - dt.timedelta(seconds=1))
    lease = start(run.pk)
    assert (lease is not None, start(second.pk)) == (True, None)
    finish(lease, finished(), {"data": []})
    assert [message.run_id for message in claim_runs()] == [second.pk]


def test_success_does_not_mend_what_a_check_found(
    run: ModuleRun, listener: Module, runner: ToldRunner
) -> None:
    fields = {"state": "broken", "state_reason": "no hooks", "broken_until": None}
    runner.meanwhile = lambda: set_up(listener, **fields)
    execute(run.pk)
    listener.refresh_from_db()
    assert (listener.state, listener.state_reason) == ("broken", "no hooks")


def test_runs_that_wait_for_one_module_keep_no_other_waiting(
    run: ModuleRun, listener: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "MAXIMUM_IN_FLIGHT", 1)
    later = timezone.now() + dt.timedelta(hours=1)
    set_up(listener, broken_until=later)
    assert [message.run_id for message in claim_runs()] == [run.pk]
    assert start(run.pk) is None  # held until then
    healthy = ModuleRun.objects.create(module=None, hook_name="x", targets=[])
    assert [message.run_id for message in claim_runs()] == [healthy.pk]


def test_a_queue_nobody_works_on_gets_only_a_few(
    run: ModuleRun, new_ioc: NewIoc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "has_consumer", lambda queue: False)
    monkeypatch.setattr(sending, "MAXIMUM_UNSERVED", 1)
    another(new_ioc)
    assert (len(claim_runs()), claim_runs()) == (1, [])


def test_a_deleted_ioc_above_the_tlp_is_not_told_either(
    listener: Module, new_ioc: NewIoc, as_administrator: Actor
) -> None:
    HookSubscription.objects.update(hook_name="on_postload_ioc_delete")
    set_up(listener, maximum_tlp=Tlp.objects.get(name="green"))
    for value, tlp in (("203.0.113.8", "red"), ("203.0.113.9", "green")):
        remove_ioc(as_administrator, 1, new_ioc(value, tlp).ioc_id)
    deliver_all()
    for one in ModuleRun.objects.all():
        start(one.pk)
    statuses = ModuleRun.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == ["rejected", "running"]


def test_linked_iocs_above_the_tlp_are_left_out_of_an_event(
    listener: Module, new_ioc: NewIoc, as_administrator: Actor, runner: ToldRunner
) -> None:
    HookSubscription.objects.update(hook_name="on_postload_event_create")
    set_up(listener, maximum_tlp=Tlp.objects.get(name="green"))
    links = [new_ioc("203.0.113.8", "red").ioc_id, new_ioc("203.0.113.9", "green").ioc_id]
    add_event(
        as_administrator,
        1,
        title="seen",
        date=timezone.now(),
        local_date=timezone.now(),
        tz="+00:00",
        ioc_ids=links,
        asset_ids=[],
        category_id=1,
    )
    deliver_all()
    execute(ModuleRun.objects.get().pk)
    assert [one["ioc_value"] for one in runner.jobs[0]["data"][0]["iocs"]] == ["203.0.113.9"]
