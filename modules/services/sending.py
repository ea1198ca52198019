"""Which runs are sent to the workers, and when again: a message is only a hint, the row is the run."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import redis
from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone

from modules.models import ModuleRun, ModuleSwitch
from soar.core.broker import has_consumer

BATCH = 200
MAXIMUM_IN_FLIGHT = (
    400  # of a queue: more would wait in the broker longer than until they are sent again
)
MAXIMUM_UNSERVED = 5  # of a queue nobody works on: enough to begin with when somebody does
RESEND_AFTER = dt.timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Message:
    """A run to send, and the queue its module listens on."""

    run_id: int
    queue: str


def is_paused() -> bool:
    """Tell whether the kill switch keeps runs from starting."""
    return ModuleSwitch.objects.filter(pk=ModuleSwitch.ONLY, is_paused=True).exists()


def claim_runs() -> list[Message]:
    """Take the pending runs that are due, oldest first, and return what to send.

    A run that does not start after it was sent is due again half a minute later; sending twice is
    harmless, because only one worker can start it. Nothing is due while modules are paused.
    """
    now = timezone.now()
    pending = ModuleRun.objects.filter(status=ModuleRun.Status.PENDING)
    due = pending.filter(available_at__lte=now)
    if not due.exists() or is_paused():  # read only: nobody waits for a look
        return []
    queue = Coalesce(NullIf("module__queue", Value("")), Value(settings.SOAR_MODULES_QUEUE))
    flying = pending.filter(sends__gt=0, available_at__gt=now).annotate(queue=queue).order_by()
    in_flight = dict(flying.values_list("queue").annotate(count=Count("pk")))
    messages: list[Message] = []
    for name in due.annotate(queue=queue).order_by().values_list("queue", flat=True).distinct():
        limit = min(BATCH, _most_in_flight(name) - in_flight.get(name, 0))
        if limit > 0:
            messages += _claim(due.annotate(queue=queue).filter(queue=name), limit, now)
    return messages


def _claim(due: QuerySet[ModuleRun], limit: int, now: dt.datetime) -> list[Message]:
    with transaction.atomic():
        rows = due.order_by("available_at", "pk")
        rows = rows.select_for_update(of=("self",), skip_locked=True)[:limit]
        messages = [Message(pk, name) for pk, name in rows.values_list("pk", "queue")]  # type: ignore[misc]
        sent = ModuleRun.objects.filter(pk__in=[message.run_id for message in messages])
        sent.update(sends=F("sends") + 1, available_at=now + RESEND_AFTER)
    return messages


def _most_in_flight(queue: str) -> int:
    """Return how many runs may wait on a queue: few on one that nobody empties."""
    try:
        return MAXIMUM_IN_FLIGHT if has_consumer(queue) else MAXIMUM_UNSERVED
    except redis.RedisError:
        return MAXIMUM_IN_FLIGHT  # sending will tell that the broker is away


def release_runs(run_ids: Iterable[int]) -> None:
    """Give claimed runs back because the broker did not take them; they are due again at once."""
    claimed = ModuleRun.objects.filter(
        pk__in=list(run_ids), status=ModuleRun.Status.PENDING, sends__gt=0
    )
    claimed.update(sends=F("sends") - 1, available_at=timezone.now())
