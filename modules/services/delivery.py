"""Delivering outbox events: claimed by whoever sends them, done exactly once by whoever gets them."""

import datetime as dt
from collections.abc import Callable, Iterable

from django.db import connection, transaction
from django.db.models import Case as Choice
from django.db.models import DateTimeField, F, Value, When
from django.utils import timezone

from modules.models import ModuleRun
from soar.core.models import AuditLog, OutboxEvent

BATCH = 200
MAXIMUM_IN_FLIGHT = 3000  # more would wait in the broker longer than until they are sent again
FIRST_RETRY_SECONDS = 30
LONGEST_RETRY_SECONDS = 3600
CLOCK_SKEW = dt.timedelta(seconds=2)  # the host that wrote an event may be ahead of this one
UNSERVED = "No active module serves this hook"


def deliver(event_id: int) -> bool:
    """Let an event have its effect and mark it delivered, both or neither.

    Return False, having done nothing, when it was delivered before: a second delivery is no error.
    """
    with transaction.atomic():
        open_event = OutboxEvent.objects.filter(pk=event_id, delivered_at=None)
        if open_event.update(delivered_at=timezone.now()) != 1:
            return False
        action, object_id = AuditLog.objects.values_list("action", "object_id").get(pk=event_id)
        effect = EFFECTS.get(action)
        if effect is not None and object_id is not None:
            effect(object_id)
    return True


def finish_unserved_run(run_id: int) -> None:
    """Finish a requested run that no module takes."""
    run = ModuleRun.objects.filter(pk=run_id, done_at=None)
    run.update(status=ModuleRun.Status.REJECTED, message=UNSERVED, done_at=timezone.now())


EFFECTS: dict[str, Callable[[int], None]] = {"hook.requested": finish_unserved_run}


def claim_due(*, limit: int = BATCH) -> list[int]:
    """Take the events that are due, oldest first, so that nobody else sends them; return their ids.

    A claim is a promise to send now. When nothing comes of it they are due again after a wait that
    doubles with every attempt.
    """
    now = timezone.now()
    limit = min(limit, MAXIMUM_IN_FLIGHT - _in_flight(now))
    if limit <= 0:
        return []
    if connection.vendor == "postgresql":
        return _claim_in_one_statement(now, limit)
    due = OutboxEvent.objects.filter(delivered_at=None, next_attempt_at__lte=now + CLOCK_SKEW)
    if not due.exists():  # read only: a claim keeps every other writer waiting
        return []
    with transaction.atomic():
        ids = list(due.order_by("next_attempt_at", "pk").values_list("pk", flat=True)[:limit])
        OutboxEvent.objects.filter(pk__in=ids).update(
            attempts=F("attempts") + 1, next_attempt_at=_next_attempt(now)
        )
    return ids


def _in_flight(now: dt.datetime) -> int:
    """Return how many events were sent and are neither delivered nor due again."""
    sent = OutboxEvent.objects.filter(delivered_at=None, attempts__gt=0)
    return sent.filter(next_attempt_at__gt=now + CLOCK_SKEW)[:MAXIMUM_IN_FLIGHT].count()


def release(event_ids: Iterable[int]) -> None:
    """Give claimed events back because the broker did not take them; they are due again at once."""
    claimed = OutboxEvent.objects.filter(pk__in=list(event_ids), delivered_at=None, attempts__gt=0)
    claimed.update(attempts=F("attempts") - 1, next_attempt_at=timezone.now())


def _next_attempt(now: dt.datetime) -> Choice:
    """Return the expression of when to try again after this attempt."""
    waits: list[When] = []
    seconds = FIRST_RETRY_SECONDS
    while seconds < LONGEST_RETRY_SECONDS:
        again_at = Value(now + dt.timedelta(seconds=seconds), output_field=DateTimeField())
        waits.append(When(attempts=len(waits), then=again_at))
        seconds *= 2
    longest = now + dt.timedelta(seconds=LONGEST_RETRY_SECONDS)
    return Choice(*waits, default=Value(longest, output_field=DateTimeField()))


# One round trip, because somebody waits for the event; rows another relay is claiming are left to it.
# The commit does not wait for the disk: a claim lost in a crash only means that an event is sent twice.
_CLAIM = """
UPDATE core_outboxevent SET
    attempts = attempts + 1,
    next_attempt_at = %s + make_interval(secs => least(%s * 2 ^ least(attempts, 20), %s))
WHERE audit_id IN (
    SELECT audit_id FROM core_outboxevent WHERE delivered_at IS NULL AND next_attempt_at <= %s
    ORDER BY next_attempt_at, audit_id LIMIT %s FOR UPDATE SKIP LOCKED
)
RETURNING audit_id, set_config('synchronous_commit', 'off', true)
"""


def _claim_in_one_statement(now: dt.datetime, limit: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM, [now, FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS, now + CLOCK_SKEW, limit]
        )
        return sorted(row[0] for row in cursor.fetchall())
