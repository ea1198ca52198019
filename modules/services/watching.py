"""What operators must know of module runs before analysts ask: nobody works, something waits too long."""

import datetime as dt

import redis
from django.conf import settings
from django.db.models import Min
from django.utils import timezone

from modules.models import Module, ModuleRun, ModuleSwitch
from modules.selectors import queues
from soar.core import broker

TOO_LONG = dt.timedelta(minutes=1)


def warnings() -> list[str]:
    """Return a sentence per thing that keeps modules from doing their work; none is good news."""
    return [*switched_off(), *hindrances()]


def hindrances() -> list[str]:
    """Return the same without the kill switch, which nobody needs to be told who sees it."""
    return [*_unserved(), *_waiting(), *_broken()]


def switched_off() -> list[str]:
    """Return the sentence about the kill switch while it is on."""
    switch = ModuleSwitch.objects.filter(is_paused=True).first()
    if switch is None:
        return []
    reason = f": {switch.reason}" if switch.reason else ""
    return [f"Modules are paused since {switch.changed_at:%Y-%m-%d %H:%M} UTC{reason}"]


def _unserved() -> list[str]:
    try:
        names = [settings.SOAR_MODULES_QUEUE, *queues()]
        silent = [name for name in names if not broker.has_consumer(name)]
    except redis.RedisError:
        return ["The broker does not answer: module runs wait until it does"]
    return [f"Nobody works on the queue {name}: its module runs wait" for name in silent]


def _waiting() -> list[str]:
    """Tell of runs that could start and did not; what waits for a broken module is told there."""
    now = timezone.now()
    pending = ModuleRun.objects.filter(status=ModuleRun.Status.PENDING)
    due = pending.exclude(module__broken_until__gt=now)
    oldest = due.aggregate(oldest=Min("queued_at"))["oldest"]
    if oldest is None or now - oldest < TOO_LONG:
        return []
    return [f"{due.count()} module runs wait, the oldest since {oldest:%Y-%m-%d %H:%M:%S} UTC"]


def _broken() -> list[str]:
    broken = Module.objects.filter(is_active=True, state=Module.State.BROKEN)
    return [f"Module {module.human_name} is broken: {module.state_reason}" for module in broken]
