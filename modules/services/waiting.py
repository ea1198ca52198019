"""Waiting for the runs a request caused, where a module is allowed to make it wait.

The runs take the same way as all others. What is not done in time goes on without anybody waiting.
Source: contract iris-modules §1.1 (postload, `run_asynchronously=False`) and §4.2, 5.
"""

import time
from collections.abc import Iterable

from django.db.models import Exists, OuterRef, QuerySet

from modules.models import HookSubscription, ModuleRun
from modules.services.preload import BUDGET_SECONDS, synchronous_hooks
from soar.core.actor import Actor
from soar.core.models import AuditLog, OutboxEvent

LOOK_SECONDS = 0.02
LATEST = 50


def wait_for_hooks(actor: Actor, hook_name: str) -> bool:
    """Wait until the synchronous runs of a hook that this request fired have ended, at most two seconds.

    Return whether anything was waited for.
    """
    if hook_name not in synchronous_hooks() or not actor.request_id:
        return False
    latest = AuditLog.objects.filter(actor_id=actor.user_id).order_by("-pk")
    events = [
        pk
        for pk, request_id in latest.values_list("pk", "request_id")[:LATEST]
        if request_id == actor.request_id
    ]
    deadline = time.monotonic() + BUDGET_SECONDS
    while _is_open(events, hook_name) and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
    return bool(events)


def wait_for_runs(runs: Iterable[ModuleRun]) -> None:
    """Wait until those of the runs that are synchronous have ended, at most two seconds."""
    rows = ModuleRun.objects.filter(pk__in=[run.pk for run in runs], status__in=ModuleRun.OPEN)
    waited_for = rows.filter(Exists(_synchronous()), module__may_run_synchronously=True)
    deadline = time.monotonic() + BUDGET_SECONDS
    while time.monotonic() < deadline and waited_for.exists():
        time.sleep(LOOK_SECONDS)


def _is_open(event_ids: list[int], hook_name: str) -> bool:
    if OutboxEvent.objects.filter(pk__in=event_ids, delivered_at=None).exists():
        return True
    runs = ModuleRun.objects.filter(
        event_id__in=event_ids, hook_name=hook_name, status__in=ModuleRun.OPEN
    )
    return runs.filter(Exists(_synchronous()), module__may_run_synchronously=True).exists()


def _synchronous() -> QuerySet[HookSubscription]:
    return HookSubscription.objects.filter(
        module=OuterRef("module"),
        hook_name=OuterRef("hook_name"),
        ui_name=OuterRef("ui_name"),
        is_asynchronous=False,
    )
