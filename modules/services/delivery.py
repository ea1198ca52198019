"""From events to runs: every event becomes a pending run per subscription, exactly once, or nothing to do.

Whoever finds an event due claims it, so that nobody else works on it; the runs and the mark that it is
delivered are written in one transaction, so a second delivery finds nothing to do. No broker is needed.
An event with a text to be read gets its runs likewise and stays due until a worker has read the text.
"""

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import Case as Choice
from django.db.models import DateTimeField, F, Q, Value, When
from django.utils import timezone

from modules.hooks import DETAILS, ID, Fired, hooks_of_event, last_known, payload_of, wire_id
from modules.models import HookSubscription, ModuleRun
from modules.services.reading import events_to_read
from soar.core.models import AuditLog, OutboxEvent

logger = logging.getLogger(__name__)
BATCH = 200
FIRST_RETRY_SECONDS = 30
LONGEST_RETRY_SECONDS = 3600
CLOCK_SKEW = dt.timedelta(seconds=2)  # the host that wrote an event may be ahead of this one
MAXIMUM_HOPS = 3
MOST_IN_A_MINUTE = 30  # runs of one module on one object: no analyst is that fast, a loop is
MINUTE = dt.timedelta(minutes=1)
CONSOLE = "admin"
MODULE_CHANNEL = "module"  # what modules write fires nothing (contract iris-modules §4.2, 7)
# What an event can raise whose details no code of today has written; the others must not wait for it.
ODD_DETAILS = (
    AttributeError,
    DataError,
    IntegrityError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
HandOver = Callable[[Iterable[int]], object]
LOOP = "The module would call itself again and again through its own changes"


@dataclass(frozen=True, slots=True)
class _Cause:
    """One hook an event fires: on what, with which data."""

    event: AuditLog
    fired: Fired

    @property
    def object_id(self) -> int | None:
        return wire_id(self.event.action, self.event.object_id, self.event.details)

    def payload(self) -> dict[str, object] | None:
        """Return what is kept of the data; a snapshot of an object is taken when the run starts."""
        event = self.event
        if self.fired.data == ID:
            known = last_known(event.action, event.object_id, event.details)
            return {"stand_in": known}
        if self.fired.data == DETAILS:
            return {"details": payload_of(event.action, event.object_id, event.details)}
        return None


def leave_due(event_ids: Iterable[int]) -> None:
    """Leave texts to whoever claims their events next."""


def deliver_due(hand_over: HandOver = leave_due) -> int:
    """Turn every due event into its runs and return how many events it was.

    `hand_over` gets the ids of events with a text to be read. An event that cannot be delivered is told in
    the log and stays due, later each time; it holds up no other. Raise DatabaseError when the database is
    away.
    """
    total = 0
    while ids := claim_due():
        total += len(ids)
        try:
            deliver(ids, hand_over)
        except ODD_DETAILS:
            logger.warning("events %s to %s: one at a time", ids[0], ids[-1])
            for event_id in ids:
                _deliver_alone(event_id, hand_over)
        if len(ids) < BATCH:
            break
    return total


def _deliver_alone(event_id: int, hand_over: HandOver) -> None:
    try:
        deliver([event_id], hand_over)
    except ODD_DETAILS:
        logger.exception("event %s cannot be delivered", event_id)


def deliver(event_ids: Iterable[int], hand_over: HandOver = leave_due) -> int:
    """Write the runs of these events and mark them delivered, but for those handed over to be read.

    Return how many runs there were to write.
    """
    with transaction.atomic():
        waiting = OutboxEvent.objects.select_for_update().filter(
            pk__in=list(event_ids), delivered_at=None
        )
        ids = list(waiting.order_by("pk").values_list("pk", flat=True))
        rows = AuditLog.objects.filter(pk__in=ids).exclude(channel=MODULE_CHANNEL)
        events = list(rows.order_by("pk"))
        causes = [
            _Cause(event, fired)
            for event in events
            for fired in hooks_of_event(event.action, event.details)
        ]
        runs = _runs(causes)
        ModuleRun.objects.bulk_create(runs, ignore_conflicts=True)
        unread = events_to_read(events)
        done = OutboxEvent.objects.filter(pk__in=set(ids) - unread)
        done.update(delivered_at=timezone.now())
    hand_over(sorted(unread))
    return len(runs)


def _runs(causes: list[_Cause]) -> list[ModuleRun]:
    names = {cause.fired.hook for cause in causes}
    if not names:
        return []
    wanted: dict[str, list[HookSubscription]] = {}
    rows = HookSubscription.objects.filter(hook_name__in=names, module__is_active=True)
    for row in rows.select_related("module").order_by("pk"):
        wanted.setdefault(row.hook_name, []).append(row)
    runs = [_run(cause, row) for cause in causes for row in wanted.get(cause.fired.hook, ())]
    if runs:
        in_console = {cause.event.pk for cause in causes if cause.event.channel == CONSOLE}
        since = min(cause.event.recorded_at for cause in causes)
        _count_hops(runs, since, lambda run: run.event_id in in_console)
    return runs


def _run(cause: _Cause, subscription: HookSubscription) -> ModuleRun:
    event, module = cause.event, subscription.module
    return ModuleRun(
        module=module,
        module_name=module.package,
        hook_name=subscription.hook_name,
        object_kind=cause.fired.kind,
        targets=[{"type": cause.fired.kind, "id": cause.object_id}],
        payload=cause.payload(),
        case_id=event.case_id,
        user_id=event.actor_id,
        user_login=event.actor_login,
        event_id=event.pk,
        dedup_key=f"event:{event.pk}:{subscription.pk}",
        queued_at=event.recorded_at,
    )


def _count_hops(
    runs: list[ModuleRun], since: dt.datetime, from_console: Callable[[ModuleRun], bool]
) -> None:
    """Note of each run how many runs of its module on its object led to it; end what runs in a circle.

    A change that happened while the module was at work on the object is taken for the module's own,
    unless it came from the console, or from the very user whom the module was at work for the first time.
    Whoever shares his key with a module is caught by the number of runs in a minute.
    """
    at_work = ModuleRun.objects.filter(module__in={run.module_id for run in runs})
    is_running = Q(status=ModuleRun.Status.RUNNING)
    at_work = at_work.filter(is_running | Q(done_at__gte=since - MINUTE))
    earlier = list(
        at_work.values_list(
            "module_id",
            "case_id",
            "targets",
            "user_id",
            "queued_at",
            "started_at",
            "done_at",
            "hops",
        ).order_by("-pk")[:1000]
    )
    for run in runs:
        frequent = 0
        for module_id, case_id, targets, user_id, queued_at, started_at, done_at, hops in earlier:
            is_same = (module_id, case_id, targets) == (run.module_id, run.case_id, run.targets)
            if not is_same:
                continue
            frequent += queued_at > run.queued_at - MINUTE
            end = done_at or timezone.now()
            is_meanwhile = started_at is not None and started_at <= run.queued_at <= end
            if is_meanwhile and (hops or user_id != run.user_id) and not from_console(run):
                run.hops = max(run.hops, hops + 1)
        if frequent >= MOST_IN_A_MINUTE:
            run.hops = MAXIMUM_HOPS + 1
        if run.hops > MAXIMUM_HOPS:
            run.status, run.message, run.done_at = (
                ModuleRun.Status.REJECTED,
                LOOP,
                timezone.now(),
            )


def claim_due(*, limit: int = BATCH) -> list[int]:
    """Take the events that are due, oldest first, so that nobody else works on them; return their ids.

    When nothing comes of a claim they are due again after a wait that doubles with every attempt.
    """
    now = timezone.now()
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
# The commit does not wait for the disk: a claim lost in a crash only means that it is made again.
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
