"""Running runs: started by one worker, kept by a lease, ended in one transaction with what they changed."""

import datetime as dt
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import redis
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from modules.models import Module, ModuleRun
from modules.runner.host import Ending, Outcome, run_job
from modules.services import breaker, gates
from modules.services.configuration import secrets_of
from modules.services.ending import Finding, end_run
from modules.services.environments import environment_of
from modules.services.jobs import RUN, Job, job_of, limits_of
from modules.services.sealing import CannotOpen
from modules.snapshots import stand_in, surroundings, take_many
from soar.core.broker import note_consumer
from soar.core.models import User

LEASE = dt.timedelta(seconds=30)
RENEWAL_SECONDS = 5.0
PATIENCE_SECONDS = LEASE.total_seconds() - RENEWAL_SECONDS
RETRY_SECONDS = 1.0
DATABASE_AWAY = (OperationalError, InterfaceError)
LOST = "The worker that ran it was lost"
REPEAT = "repeat"  # how the key of a repeated run begins
NOTHING_LEFT = "Its objects were deleted meanwhile"
Status = ModuleRun.Status


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to end a run."""

    run_id: int
    token: uuid.UUID


def execute(run_id: int, *, at_most_seconds: float | None = None) -> bool:
    """Run a pending run to its end and return whether it was ours to run.

    False when it is somebody else's, has ended, or has to wait. Never raises for what a module does.
    """
    lease = start(run_id)
    if lease is None:
        return False
    run = ModuleRun.objects.select_related("module__maximum_tlp", "module__service_user").get(
        pk=run_id
    )
    module = run.module
    if module is None:  # removed between the start and here
        end_run(lease.run_id, lease.token, Finding(Status.CANCELLED, "The module was removed"))
        return True
    try:
        job, secrets = job_for(run, module), secrets_of(module)
    except CannotOpen as error:
        end_run(lease.run_id, lease.token, Finding(Status.FAILURE, str(error)))
        return True
    if not job["data"]:
        end_run(lease.run_id, lease.token, Finding(Status.SKIPPED, NOTHING_LEFT))
        return True
    outcome = run_job(
        environment_of(module),
        job,
        limits_of(module, at_most_seconds=at_most_seconds),
        is_preimported=module.is_preimported,
        keep_on=_renewing(lease, module.queue or settings.SOAR_MODULES_QUEUE),
    )
    _patiently(lambda: finish(lease, outcome, job, secrets))
    return True


def start(run_id: int) -> Lease | None:
    """Take a pending run, unless something keeps it from starting; return the right to end it.

    What waits says why in its message, what cannot run at all is ended.
    """
    with transaction.atomic():
        # The module first: all starts of a module take turns, so limits hold whoever starts.
        module_id = ModuleRun.objects.filter(pk=run_id).values_list("module_id", flat=True).first()
        modules = Module.objects.select_related("maximum_tlp").filter(pk=module_id or 0)
        module = modules.select_for_update(of=("self",), no_key=True).first()
        rows = ModuleRun.objects.select_for_update().filter(pk=run_id, status=Status.PENDING)
        run = rows.first()
        if run is None:
            return None
        verdict = gates.why_not(run, module)
        if verdict is not None:
            _hold(run, verdict)
            return None
        now = timezone.now()
        token = uuid.uuid4()
        run.status, run.message, run.attempts = Status.RUNNING, "", run.attempts + 1
        run.lease_token, run.lease_until = token, now + LEASE
        run.started_at = now
        run.save(
            update_fields=[
                "status",
                "message",
                "attempts",
                "lease_token",
                "lease_until",
                "started_at",
            ]
        )
        if module is not None:
            breaker.begin_trial(module)
    return Lease(run_id, token)


def _hold(run: ModuleRun, verdict: gates.Verdict) -> None:
    run.message = verdict.reason
    if verdict.ends_as:
        run.status, run.done_at = verdict.ends_as, timezone.now()
    if verdict.available_at is not None:
        run.available_at, run.sends = verdict.available_at, 0  # it is on no queue while it waits
    run.save(update_fields=["message", "status", "done_at", "available_at", "sends"])
    if verdict.holds_all:
        gates.hold_all(run.module_id, verdict)


def job_for(run: ModuleRun, module: Module) -> Job:
    """Return the job of a run, with snapshots of its objects as they are now; no data when all are gone.

    Raise CannotOpen when a secret of the configuration cannot be read.
    """
    user = User.objects.filter(pk=run.user_id or 0).first()
    shown = (
        {"id": user.pk, "name": user.name, "login": user.login, "email": user.email}
        if user
        else None
    )
    return job_of(module, RUN) | {
        "run_id": run.pk,
        "cause_id": cause_of(run),
        "hook": run.hook_name,
        "ui_name": run.ui_name or None,
        "case_id": run.case_id,
        "user": shown,
        "object_kind": run.object_kind,
        "data": _data(run, module),
        "surroundings": surroundings(run.case_id),
    }


def cause_of(run: ModuleRun) -> int:
    """Return the id of the run that this one repeats, over however many repetitions, else its own."""
    kind, _, rest = str(run.dedup_key).partition(":")
    first = rest.partition(":")[0]
    return int(first) if kind == REPEAT and first.isdigit() else run.pk


def _data(run: ModuleRun, module: Module) -> list[object]:
    ids = [target["id"] for target in run.targets if target["id"] is not None]
    if run.payload is None:
        found = take_many(run.object_kind, ids, run.case_id)
        return list(gates.fit_to_tell(module, [found[pk] for pk in ids if pk in found]))
    if "stand_in" in run.payload:
        known = run.payload["stand_in"]
        return [stand_in(run.object_kind, ids[0] if ids else 0, run.case_id, known)]
    return [run.payload["details"]]


def _renewing(lease: Lease, queue: str) -> Callable[[], bool]:
    """Return what the runner asks while it waits: renew the lease now and then, stop when told to.

    A database that is away for less than the lease stops nothing. Renewing also tells that somebody
    works on the queue: the heartbeat itself waits behind the runs.
    """
    renewed_at = time.monotonic()

    def keep_on() -> bool:
        nonlocal renewed_at
        try:
            mine = ModuleRun.objects.filter(
                pk=lease.run_id, lease_token=lease.token, status=Status.RUNNING
            )
            if time.monotonic() - renewed_at >= RENEWAL_SECONDS:
                mine.update(lease_until=timezone.now() + LEASE)
                renewed_at = time.monotonic()
                with suppress(redis.RedisError):
                    note_consumer(queue)
            return mine.filter(is_cancel_requested=False).exists()
        except DATABASE_AWAY:
            connection.close()
            return time.monotonic() - renewed_at < PATIENCE_SECONDS

    return keep_on


def _patiently(write: Callable[[], bool]) -> bool:
    """Write what came of a run, again and again while the database is away and the lease lasts."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return write()
        except DATABASE_AWAY:
            if time.monotonic() > deadline:
                raise
            connection.close()
            time.sleep(RETRY_SECONDS)


def finish(lease: Lease, outcome: Outcome, job: Job, secrets: Sequence[str] = ()) -> bool:
    """End a run with what came of it and return whether it was still ours.

    What did not start at all is tried again as often as the module allows.
    """
    if outcome.ending is Ending.NOT_STARTED and _try_again(lease, outcome.detail):
        return False
    statuses = {
        Ending.TIMEOUT: Status.TIMEOUT,
        Ending.DIED: Status.DIED,
        Ending.NOT_STARTED: Status.FAILURE,
        Ending.CANCELLED: Status.CANCELLED,
    }
    if outcome.ending is Ending.FINISHED and outcome.result is not None:
        is_success = outcome.result.get("status") == "success"
        finding = Finding(
            Status.SUCCESS if is_success else Status.FAILURE,
            str(outcome.result.get("message") or ""),
            result=outcome.result,
        )
    else:
        finding = Finding(statuses.get(outcome.ending, Status.DIED), outcome.detail)
    finding.output, finding.snapshot, finding.secrets = outcome.output, job["data"], secrets
    return end_run(lease.run_id, lease.token, finding)


def _try_again(lease: Lease, reason: str, *, if_lost: bool = False) -> bool:
    with transaction.atomic():
        rows = ModuleRun.objects.select_for_update(of=("self",)).select_related("module")
        rows = rows.filter(pk=lease.run_id, lease_token=lease.token)
        run = (rows.filter(lease_until__lt=timezone.now()) if if_lost else rows).first()
        if run is None or run.module is None or run.attempts > run.module.maximum_retries:
            return False
        _put_back(run, reason)
    return True


def _put_back(run: ModuleRun, reason: str) -> None:
    run.status, run.message = Status.PENDING, f"Tried again: {reason}"
    run.lease_token = run.lease_until = None
    run.available_at = timezone.now()
    run.save(update_fields=["status", "message", "lease_token", "lease_until", "available_at"])


def recover_lost() -> int:
    """End or try again the runs whose worker is gone, and return how many there were.

    A run is tried again only as often as its module allows: part of its work may have been done.
    """
    expired = ModuleRun.objects.filter(status=Status.RUNNING, lease_until__lt=timezone.now())
    total = 0
    for pk, token in list(expired.values_list("pk", "lease_token")[:500]):
        if token is not None and _try_again(Lease(pk, token), LOST, if_lost=True):
            total += 1
        elif token is not None:
            lost = Finding(Status.DIED, LOST, is_modules_fault=False, is_lost=True)
            total += end_run(pk, token, lost)
    return total
