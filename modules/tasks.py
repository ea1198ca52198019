"""Background work: an id in, one service call, safe to run twice."""

from kombu.exceptions import OperationalError

from modules.services.delivery import BATCH, claim_due, deliver, release
from soar.celery import app
from soar.core.broker import note_worker_heartbeat
from soar.core.services.sealing import seal_pending


class BrokerUnavailable(Exception):
    """The broker took nothing; the events are due again."""


@app.task(time_limit=300, soft_time_limit=240)
def deliver_event(event_id: int) -> None:
    """Deliver one outbox event; one that fails is sent again by the sweep."""
    deliver(event_id)


@app.task(time_limit=300, soft_time_limit=240)
def sweep_outbox() -> None:
    """Send again what was sent and not delivered, and what the relay left."""
    send_due()


@app.task(time_limit=300, soft_time_limit=240)
def seal_audit() -> None:
    """Seal what was written since the last time."""
    seal_pending()


@app.task(time_limit=30)
def note_heartbeat() -> None:
    """Tell the other processes that a worker is at work."""
    note_worker_heartbeat()


def announce() -> None:
    """Ask for a heartbeat now. Raise BrokerUnavailable."""
    try:
        note_heartbeat.apply_async(expires=30, retry=False)
    except OperationalError as error:
        raise BrokerUnavailable from error


def send_due() -> int:
    """Send the workers everything that is due and return how much it was.

    Raise BrokerUnavailable when the broker does not answer; nothing is lost then.
    """
    sent = 0
    while ids := claim_due():
        _send(ids)
        sent += len(ids)
        if len(ids) < BATCH:
            break
    return sent


def _send(ids: list[int]) -> None:
    for place, event_id in enumerate(ids):
        try:
            deliver_event.apply_async((event_id,), retry=False)
        except OperationalError as error:
            release(ids[place:])
            raise BrokerUnavailable from error
