"""Outbox events: claimed by one, delivered once, sent again when nothing came of it."""

import datetime as dt

import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError

from cases.services.cases import update_summary
from modules import tasks
from modules.models import ModuleRun
from modules.services import delivery
from modules.services.delivery import UNSERVED, claim_due, deliver, release
from modules.tasks import BrokerUnavailable, send_due
from soar.core.actor import Actor
from soar.core.models import OutboxEvent
from soar.core.recording import recording


@pytest.fixture
def event(as_administrator: Actor) -> OutboxEvent:
    """One event that nobody has claimed, the only one."""
    OutboxEvent.objects.update(delivered_at=timezone.now())
    update_summary(as_administrator, 1, description="news")
    return OutboxEvent.objects.get(delivered_at=None)


@pytest.fixture
def run_event(as_administrator: Actor) -> OutboxEvent:
    """The event of a requested run."""
    run = ModuleRun.objects.create(hook_name="on_manual_trigger_ioc", user_login="administrator")
    with recording(as_administrator) as record:
        record("hook.requested", run)
    return OutboxEvent.objects.latest("pk")


def wait_seconds(event: OutboxEvent) -> float:
    event.refresh_from_db()
    return round((event.next_attempt_at - timezone.now()).total_seconds())


def test_an_event_is_delivered_once(event: OutboxEvent) -> None:
    assert deliver(event.pk)
    event.refresh_from_db()
    first = event.delivered_at
    assert not deliver(event.pk)
    event.refresh_from_db()
    assert event.delivered_at == first


def test_an_unknown_event_is_no_error(db: None) -> None:
    assert not deliver(10**9)


def test_a_requested_run_without_module_is_finished(run_event: OutboxEvent) -> None:
    deliver(run_event.pk)
    run = ModuleRun.objects.get()
    assert run.state == UNSERVED
    assert run.done_at is not None


def test_a_failing_effect_leaves_the_event_undelivered(
    run_event: OutboxEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(run_id: int) -> None:
        ModuleRun.objects.filter(pk=run_id).update(state="half done")
        raise RuntimeError

    monkeypatch.setitem(delivery.EFFECTS, "hook.requested", fail)
    with pytest.raises(RuntimeError):
        deliver(run_event.pk)
    run_event.refresh_from_db()
    assert run_event.delivered_at is None
    assert ModuleRun.objects.get().state == ModuleRun.PENDING


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


def test_a_released_event_is_due_again_as_if_never_tried(event: OutboxEvent) -> None:
    release(claim_due())
    assert wait_seconds(event) <= 0
    assert event.attempts == 0


def test_a_delivered_event_is_never_claimed(event: OutboxEvent) -> None:
    deliver(event.pk)
    assert claim_due() == []


def test_sending_sends_every_due_event(event: OutboxEvent, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr(delivery, "BATCH", 1)
    monkeypatch.setattr(
        tasks.deliver_event, "apply_async", lambda args, **options: sent.append(args[0])
    )
    assert send_due() == 1
    assert sent == [event.pk]


def test_with_the_broker_down_nothing_is_lost(
    event: OutboxEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(args: tuple[int], **options: object) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(tasks.deliver_event, "apply_async", refuse)
    with pytest.raises(BrokerUnavailable):
        send_due()
    event.refresh_from_db()
    assert event.attempts == 0
    assert claim_due() == [event.pk]


def test_an_event_of_a_host_whose_clock_is_ahead_is_not_kept_waiting(event: OutboxEvent) -> None:
    ahead = timezone.now() + dt.timedelta(seconds=1)
    OutboxEvent.objects.filter(pk=event.pk).update(next_attempt_at=ahead)
    assert claim_due() == [event.pk]


def test_no_more_is_sent_than_the_workers_can_take_before_it_is_due_again(
    as_administrator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "MAXIMUM_IN_FLIGHT", 2)
    OutboxEvent.objects.update(delivered_at=timezone.now())
    for text in ("one", "two", "three"):
        update_summary(as_administrator, 1, description=text)
    first = claim_due()
    assert (len(first), claim_due()) == (2, [])
    assert deliver(first[0])
    assert len(claim_due()) == 1
