"""Which runs are sent to the workers, and when again: a message is only a hint, the row is the run."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import redis
from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from modules.models import Module, ModuleRun, ModuleSwitch
from soar.core.broker import has_consumer

BATCH = 200
# Of a queue: more would wait in the broker longer than until they are sent again.
MAXIMUM_IN_FLIGHT = 400
MAXIMUM_UNSERVED = 5  # of a queue nobody works on: enough to begin with when somebody does
RESEND_AFTER = dt.timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Message:
    """A run to send, and the queue its module listens on."""

    run_id: int
    queue: str


def is_paused() -> bool:
    """Tell whether the kill switch keeps runs from starting."""
    return ModuleSwitch.objects.filter(pk=ModuleSwitch.ONLY, is_paused=True).exists()


def claim_runs() -> list[Message]:
    """Take the pending runs that are due and have a place, oldest first, and return what to send.

    Of each module no more are sent than may run: whatever waits for its place waits here, not in the way
    of other modules' runs. A run that does not start after it was sent is due again a little later;
    sending twice is harmless, because only one worker can start it. Nothing is due while modules are paused.
    """
    now = timezone.now()
    pending = ModuleRun.objects.filter(status=ModuleRun.Status.PENDING)
    due = pending.filter(available_at__lte=now)
    if not due.exists() or is_paused():  # read only: nobody waits for a look
        return []
    flying = Q(status=ModuleRun.Status.PENDING, sends__gt=0, available_at__gt=now)
    in_flight = _count_by_module(ModuleRun.objects.filter(flying))
    at_work = _count_by_module(ModuleRun.objects.filter(status=ModuleRun.Status.RUNNING))
    waiting = Module.objects.filter(Exists(due.filter(module=OuterRef("pk"))))
    modules = list(waiting.order_by("pk"))
    rooms = _rooms(modules, in_flight)
    messages = _claim(due.filter(module=None), settings.SOAR_MODULES_QUEUE, BATCH, now)
    for module in modules:
        queue = _queue_of(module)
        places = module.concurrency - in_flight.get(module.pk, 0) - at_work.get(module.pk, 0)
        claimed = _claim(due.filter(module=module), queue, min(places, rooms[queue], BATCH), now)
        rooms[queue] -= len(claimed)
        messages += claimed
    return messages


def _claim(due: QuerySet[ModuleRun], queue: str, limit: int, now: dt.datetime) -> list[Message]:
    if limit <= 0:
        return []
    with transaction.atomic():
        rows = due.order_by("available_at", "pk").select_for_update(skip_locked=True)
        ids = list(rows.values_list("pk", flat=True)[:limit])
        if ids:
            sent = ModuleRun.objects.filter(pk__in=ids)
            sent.update(sends=F("sends") + 1, available_at=now + RESEND_AFTER)
    return [Message(pk, queue) for pk in ids]


def _count_by_module(rows: QuerySet[ModuleRun]) -> dict[int | None, int]:
    return dict(rows.order_by().values_list("module_id").annotate(Count("pk")))


def _queue_of(module: Module) -> str:
    return module.queue or str(settings.SOAR_MODULES_QUEUE)


def _rooms(modules: list[Module], in_flight: dict[int | None, int]) -> dict[str, int]:
    """Return how many more runs may go to the queues of modules."""
    taken: Counter[str] = Counter()
    for module in Module.objects.filter(pk__in=[pk for pk in in_flight if pk is not None]):
        taken[_queue_of(module)] += in_flight[module.pk]
    queues = {_queue_of(module) for module in modules}
    return {queue: _most_in_flight(queue) - taken[queue] for queue in queues}


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
