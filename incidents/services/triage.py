"""Deciding about triage events: grabbed, given to another, discarded, taken back. Source: contract §4.5."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from incidents.models import Alert, AlertStatus
from incidents.selectors import visible_alerts
from incidents.services.alert_mail import tell_new_owner
from incidents.services.alerts import locked_alert, require_open
from soar.core.actor import Actor
from soar.core.errors import Conflict, DomainError, Forbidden, Invalid
from soar.core.history import apply_changes, is_possible_id
from soar.core.models import User
from soar.core.permissions import Permission
from soar.core.recording import Record, recording

DECIDED = frozenset(
    {"state", "status_id", "owner_id", "grabbed_at", "decided_at", "reason", "incident_id"}
)
NO_OWNER = "There is no user of this name who may work on this event."


def grab_alert(
    actor: Actor, alert_id: int, *, owner_id: int | None = None, is_forced: bool = False
) -> Alert:
    """Make an event the actor's, or with `owner_id` that user's, which is reassigning.

    An event of another's is taken by force only, and only by who administers the server. Raise Forbidden,
    NotFound, Invalid, or Conflict for an event of another's and for one that is decided.
    """
    if owner_id not in (None, actor.user_id):
        return reassign_alert(actor, alert_id, owner_id=owner_id)
    actor.require(Permission.ALERTS_WRITE)
    with recording(actor) as record:
        alert = locked_alert(actor, alert_id)
        require_open(alert)
        if alert.owner_id == actor.user_id and alert.state == Alert.State.GRABBED:
            return alert
        if alert.owner_id not in (None, actor.user_id):
            if not is_forced:
                text = f"Triage event {alert_id} is with {alert.owner}."
                raise Conflict("Already grabbed", details=[text])
            actor.require(Permission.SERVER_ADMINISTRATOR)
        _give(record, alert, actor.user_id, "alert.grabbed", "grabbed")
    return alert


def reassign_alert(actor: Actor, alert_id: int, *, owner_id: int | None, note: str = "") -> Alert:
    """Give an event to another user, who is told by mail where mail is set up.

    Anybody may give away what nobody has and what is his own; what is another's only who administers the
    server. Raise Forbidden, NotFound, Conflict, or Invalid for a user who may not work on it.
    """
    actor.require(Permission.ALERTS_WRITE)
    with recording(actor) as record:
        alert = locked_alert(actor, alert_id)
        require_open(alert)
        if alert.owner_id not in (None, actor.user_id) and not actor.is_administrator:
            raise Forbidden()
        owner = possible_owner(actor, alert, owner_id)
        _give(record, alert, owner.pk, "alert.reassigned", f"gave to {owner.login}", note=note)
        tell_new_owner(actor, alert, owner, note=note)
    return alert


def discard_alert(actor: Actor, alert_id: int, *, reason: str = "") -> Alert:
    """Drop an event, for a reason. Raise Forbidden, NotFound, or Conflict when it is decided already."""
    actor.require(Permission.ALERTS_WRITE)
    with recording(actor) as record:
        alert = locked_alert(actor, alert_id)
        require_open(alert)
        changes = {
            "state": Alert.State.DISCARDED,
            "status_id": AlertStatus.CLOSED,
            "decided_at": timezone.now(),
            "reason": reason,
        }
        decide(record, alert, changes, "alert.discarded", "discarded")
    return alert


def restore_alert(actor: Actor, alert_id: int) -> Alert:
    """Take a discarded event back to where it was. Raise Forbidden, NotFound or Conflict."""
    actor.require(Permission.ALERTS_WRITE)
    with recording(actor) as record:
        alert = locked_alert(actor, alert_id)
        if alert.state != Alert.State.DISCARDED:
            raise Conflict("Not discarded", details=[f"Triage event {alert_id} is {alert.state}."])
        is_owned = alert.owner_id is not None
        changes = {
            "state": Alert.State.GRABBED if is_owned else Alert.State.PENDING,
            "status_id": AlertStatus.ASSIGNED if is_owned else AlertStatus.NEW,
            "decided_at": None,
            "reason": "",
        }
        decide(record, alert, changes, "alert.restored", "restored")
    return alert


def possible_owner(actor: Actor, alert: Alert, owner_id: int | None) -> User:
    """Return the active user of an id who may write alerts and see this one. Raise Invalid."""
    users = User.objects.filter(is_active=True)
    user = users.filter(pk=owner_id or 0).first() if is_possible_id(owner_id) else None
    if user is not None:
        his = Actor.of(user, actor.channel)
        if his.may(Permission.ALERTS_WRITE) and visible_alerts(his).filter(pk=alert.pk).exists():
            return user
    raise Invalid.field("owner_id", NO_OWNER)


def decide(
    record: Record,
    alert: Alert,
    changes: dict[str, Any],
    action: str,
    deed: str,
    *,
    note: str = "",
) -> None:
    """Save and record what was decided about an event, with what was said about it."""
    before, after = apply_changes(alert, changes, DECIDED)
    alert.save(update_fields=sorted(DECIDED))
    if note:
        after["note"] = note
    summary = f"{deed} event {alert}"
    record(action, alert, case_id=alert.incident_id, summary=summary, before=before, after=after)


def _give(
    record: Record, alert: Alert, owner_id: int, action: str, deed: str, *, note: str = ""
) -> None:
    changes: dict[str, Any] = {
        "state": Alert.State.GRABBED,
        "status_id": AlertStatus.ASSIGNED,
        "owner_id": owner_id,
        "grabbed_at": timezone.now(),
    }
    decide(record, alert, changes, action, deed, note=note)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of several objects: the ids done, and those that failed with why."""

    done: list[int] = field(default_factory=list)
    failed: list[tuple[int, str]] = field(default_factory=list)


def act_on_each(actor: Actor, ids: Iterable[int], service: Callable[[Actor, int], Any]) -> Outcome:
    """Call a service for each id by itself, so that one that is refused holds up no other."""
    outcome = Outcome()
    for pk in dict.fromkeys(ids):
        try:
            service(actor, pk)
        except DomainError as error:
            outcome.failed.append((pk, reason_of(error)))
        else:
            outcome.done.append(pk)
    return outcome


def reason_of(error: DomainError) -> str:
    """Return a refusal in one line."""
    texts = [f"{name}: {texts[0]}" for name, texts in error.fields.items() if texts]
    return " ".join(error.details or texts) or error.message
