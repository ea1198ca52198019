"""From events to runs: one per subscription, exactly once, whatever happens in between."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import transaction
from django.utils import timezone

from cases.models import CaseIoc
from cases.services.cases import update_summary
from cases.services.iocs import remove_ioc, update_ioc
from modules.models import HookSubscription, Module, ModuleRun
from modules.services import delivery
from modules.services.delivery import LOOP, MAXIMUM_HOPS, claim_due, deliver, deliver_due
from soar.core.actor import Actor
from soar.core.models import OutboxEvent, User
from tests.modules.runs.conftest import CREATED, deliver_all, pending_events

Ioc = Callable[..., CaseIoc]


@pytest.fixture
def event(as_administrator: Actor) -> OutboxEvent:
    """One event that nobody has claimed, the only one."""
    OutboxEvent.objects.update(delivered_at=timezone.now())
    update_summary(as_administrator, 1, description="news")
    return OutboxEvent.objects.get(delivered_at=None)


def wait_seconds(event: OutboxEvent) -> float:
    event.refresh_from_db()
    return round((event.next_attempt_at - timezone.now()).total_seconds())


def test_a_new_ioc_becomes_a_pending_run_of_each_module_that_listens(
    make_module: Callable[..., Module], new_ioc: Ioc
) -> None:
    modules = {make_module("one").pk, make_module("two").pk}
    make_module("deaf", "on_postload_asset_create")
    case_ioc = new_ioc()
    deliver_all()
    runs = ModuleRun.objects.all()
    assert {run.module_id for run in runs} == modules
    for run in runs:
        assert (run.hook_name, run.case_id, run.user_login) == (CREATED, 1, "administrator")
        assert run.targets == [{"type": "ioc", "id": case_ioc.ioc_id}]
        assert (run.status, run.payload) == ("pending", None)


def test_an_inactive_module_gets_no_run(make_module: Callable[..., Module], new_ioc: Ioc) -> None:
    make_module(is_active=False)
    new_ioc()
    deliver_all()
    assert not ModuleRun.objects.exists()


def test_a_second_delivery_makes_no_second_run(listener: Module, new_ioc: Ioc) -> None:
    new_ioc()
    ids = claim_due()
    assert deliver(ids) == 1
    OutboxEvent.objects.filter(pk__in=ids).update(delivered_at=None)
    deliver(ids)
    assert ModuleRun.objects.count() == 1


def test_a_rolled_back_write_makes_no_run(listener: Module, new_ioc: Ioc) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        new_ioc()
        raise RuntimeError
    deliver_all()
    assert (ModuleRun.objects.count(), pending_events()) == (0, 0)


def test_a_deletion_carries_the_id_and_what_was_known(
    make_module: Callable[..., Module], new_ioc: Ioc, as_administrator: Actor
) -> None:
    make_module("listener", "on_postload_ioc_delete")
    case_ioc = new_ioc()
    ioc_id = case_ioc.ioc_id
    remove_ioc(as_administrator, 1, ioc_id)
    deliver_all()
    run = ModuleRun.objects.get()
    assert run.targets == [{"type": "ioc", "id": ioc_id}]
    known = run.payload["stand_in"]
    assert (known["ioc_id"], known["ioc_value"]) == (ioc_id, "198.51.100.7")


def test_what_a_module_writes_fires_nothing(
    listener: Module, new_ioc: Ioc, as_administrator: Actor
) -> None:
    case_ioc = new_ioc()
    actor = replace(as_administrator, channel="module")
    remove_ioc(actor, 1, case_ioc.ioc_id)
    HookSubscription.objects.update(hook_name="on_postload_ioc_delete")
    deliver_all()
    assert (ModuleRun.objects.count(), pending_events()) == (0, 0)


def test_an_event_that_cannot_be_delivered_holds_up_no_other(
    listener: Module, new_ioc: Ioc, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_ioc("192.0.2.10")
    bad = OutboxEvent.objects.get(delivered_at=None)
    new_ioc("192.0.2.11")
    real = delivery.hooks_of_event

    def fail_once(action: str, details: dict[str, object]) -> object:
        if "192.0.2.10" in str(details):
            raise TypeError("odd details")
        return real(action, details)

    monkeypatch.setattr(delivery, "hooks_of_event", fail_once)
    deliver_due()
    assert ModuleRun.objects.count() == 1
    assert list(OutboxEvent.objects.filter(delivered_at=None)) == [bad]


def test_delivering_costs_the_same_for_one_and_for_many_events(
    listener: Module, new_ioc: Ioc, django_assert_num_queries: Callable[..., object]
) -> None:
    for count in (1, 20):
        for number in range(count):
            new_ioc(f"203.0.113.{count + number}")
        ids = claim_due()
        with django_assert_num_queries(8):
            deliver(ids)


def at_work() -> None:
    """Let every run that waits be at work."""
    waiting = ModuleRun.objects.filter(started_at=None)
    waiting.update(started_at=timezone.now(), status="running")


def test_a_module_that_calls_itself_with_a_key_of_its_own_is_stopped(
    run: ModuleRun, listener: Module, colleague: User
) -> None:
    HookSubscription.objects.update(hook_name="on_postload_ioc_update")
    ioc_id = run.targets[0]["id"]
    for hops in range(1, MAXIMUM_HOPS + 2):
        at_work()
        update_ioc(Actor.of(colleague, "iris"), 1, ioc_id, description=f"change {hops}")
        deliver_all()
        latest = ModuleRun.objects.latest("pk")
        assert latest.hops == hops
    assert (latest.status, latest.message) == ("rejected", LOOP)


def test_an_analyst_who_goes_on_writing_while_modules_work_is_no_loop(
    run: ModuleRun, listener: Module, as_administrator: Actor, colleague: User
) -> None:
    HookSubscription.objects.update(hook_name="on_postload_ioc_update")
    ioc_id = run.targets[0]["id"]
    for number in range(6):
        at_work()
        update_ioc(as_administrator, 1, ioc_id, description=f"edit {number}")
        deliver_all()
    at_work()
    update_ioc(Actor.of(colleague, "admin"), 1, ioc_id, tags="in the console")
    deliver_all()
    assert set(ModuleRun.objects.values_list("hops", flat=True)) == {0}


def test_more_runs_in_a_minute_than_anybody_can_cause_are_a_loop(
    run: ModuleRun, listener: Module, as_administrator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "MOST_IN_A_MINUTE", 3)
    HookSubscription.objects.update(hook_name="on_postload_ioc_update")
    for number in range(3):
        at_work()
        update_ioc(as_administrator, 1, run.targets[0]["id"], description=f"change {number}")
        deliver_all()
    assert ModuleRun.objects.latest("pk").message == LOOP


def test_changes_after_a_run_ended_are_no_loop(
    run: ModuleRun, listener: Module, as_administrator: Actor
) -> None:
    HookSubscription.objects.update(hook_name="on_postload_ioc_update")
    now = timezone.now()
    ModuleRun.objects.update(started_at=now, done_at=now, status="success")
    update_ioc(as_administrator, 1, run.targets[0]["id"], description="by an analyst")
    deliver_all()
    assert ModuleRun.objects.latest("pk").hops == 0


def test_a_claimed_event_is_not_claimed_again(event: OutboxEvent) -> None:
    assert claim_due() == [event.pk]
    assert claim_due() == []


def test_each_attempt_waits_twice_as_long_up_to_an_hour(event: OutboxEvent) -> None:
    waits = []
    for _ in range(9):
        OutboxEvent.objects.filter(pk=event.pk).update(next_attempt_at=timezone.now())
        claim_due()
        waits.append(wait_seconds(event))
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_a_delivered_event_is_never_claimed(event: OutboxEvent) -> None:
    deliver([event.pk])
    assert claim_due() == []


def test_an_event_of_a_host_whose_clock_is_ahead_is_not_kept_waiting(event: OutboxEvent) -> None:
    ahead = timezone.now() + dt.timedelta(seconds=1)
    OutboxEvent.objects.filter(pk=event.pk).update(next_attempt_at=ahead)
    assert claim_due() == [event.pk]
