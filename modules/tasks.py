"""Background work: an id in, one service call, safe to run twice."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import redis
from celery import Task
from django.conf import settings
from kombu.exceptions import OperationalError

from incidents.services.attachments import drop_unreferenced_files
from modules.selectors import queues
from modules.services.delivery import FIRST_RETRY_SECONDS, deliver_due
from modules.services.execution import execute, recover_lost
from modules.services.reading import read_text
from modules.services.sending import (
    BATCH,
    RESEND_AFTER,
    Message,
    claim_runs,
    release_runs,
)
from soar.celery import app
from soar.core.broker import note_consumer
from soar.core.services.sealing import seal_pending

HEARTBEAT_SECONDS = 10
LONGEST_RUN_SECONDS = 3600 + 120
RESEND_SECONDS = RESEND_AFTER.total_seconds()


class BrokerUnavailable(Exception):
    """The broker took nothing; the runs are due again."""


# The row, not the message, is the run: a message that is lost is sent again, one too many starts nothing.
@app.task(acks_late=False, time_limit=LONGEST_RUN_SECONDS)
def execute_run(run_id: int, queue: str) -> None:
    """Run one run, then send what waits for its place."""
    with suppress(redis.RedisError):
        note_consumer(queue)
    execute(run_id)
    with suppress(BrokerUnavailable):  # the relay sends them once it is back
        send_runs()


@app.task(time_limit=120, soft_time_limit=60)
def read_event(event_id: int) -> None:
    """Read the text an event tells of; one that is not read is due again."""
    read_text(event_id)


@app.task(time_limit=300, soft_time_limit=240)
def sweep() -> None:
    """Repair: end runs of lost workers, deliver events the relay left, send runs again."""
    recover_lost()
    send_due()


@app.task(time_limit=300, soft_time_limit=240)
def sweep_files() -> None:
    """Remove stored bytes whose last attachment went with the case it was on."""
    drop_unreferenced_files()


@app.task(time_limit=300, soft_time_limit=240)
def seal_audit() -> None:
    """Seal what was written since the last time."""
    seal_pending()


@app.task(time_limit=30, acks_late=False)
def note_heartbeat(queue: str) -> None:
    """Tell the other processes that somebody works on a queue."""
    note_consumer(queue)


@app.task(time_limit=30)
def ask_for_heartbeats() -> None:
    """Ask whoever works on each queue to say so."""
    announce()


def announce() -> None:
    """Ask for a heartbeat of every queue now. Raise BrokerUnavailable."""
    names = [settings.CELERY_TASK_DEFAULT_QUEUE, settings.SOAR_MODULES_QUEUE, *queues()]
    for name in dict.fromkeys(names):
        _send(note_heartbeat, (name,), name, expires=3 * HEARTBEAT_SECONDS)


def send_due() -> int:
    """Turn due events into runs, send the workers the runs that are due, and return how many of both.

    Texts to be read are sent last: somebody may wait for a run. Raise BrokerUnavailable when the broker
    does not answer; nothing is lost then.
    """
    unread: list[int] = []
    total = deliver_due(unread.extend) + send_runs()
    for event_id in unread:
        _send(
            read_event,
            (event_id,),
            settings.CELERY_TASK_DEFAULT_QUEUE,
            expires=FIRST_RETRY_SECONDS,
        )
    return total


def send_runs() -> int:
    """Send the workers every run that is due and return how many. Raise BrokerUnavailable."""
    sent = 0
    while messages := claim_runs():
        _send_all(messages)
        sent += len(messages)
        if len(messages) < BATCH:
            break
    return sent


def _send_all(messages: Iterable[Message]) -> None:
    waiting = list(messages)
    for place, message in enumerate(waiting):
        try:
            _send(
                execute_run, (message.run_id, message.queue), message.queue, expires=RESEND_SECONDS
            )
        except BrokerUnavailable:
            release_runs(one.run_id for one in waiting[place:])
            raise


def _send(task: Task[Any, Any], arguments: tuple[Any, ...], queue: str, **options: Any) -> None:
    try:
        task.apply_async(arguments, queue=queue, retry=False, **options)
    except OperationalError as error:
        raise BrokerUnavailable from error
