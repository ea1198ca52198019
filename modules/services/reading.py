"""Reading what people write: addresses, domains and e-mail addresses in it become entities. Source: §3.1, §6.

A text is read from the event of its writing, by a worker and in the name of who wrote it; so no writer waits,
and none is refused because of it. Texts of modules are not read: what a look-up writes is full of names, and
entities found there would call the same modules again.
"""

import ipaddress
import logging
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils import timezone

from incidents.models import IncidentSettings
from incidents.services.found_entities import Found, add_found_entities
from incidents.services.incidents import incident_settings
from modules.builtin.watchfloor_refang.extraction import indicators
from soar.core.actor import Actor
from soar.core.errors import Forbidden, NotFound
from soar.core.models import AuditLog, OutboxEvent, User

logger = logging.getLogger(__name__)
LONGEST_TEXT = 100_000
MOST_READ = (
    1000  # of these, those that are new to the incident are taken, up to a number of their own
)
WRITTEN = ("created", "updated", "summary_updated", "closed")
IRIS, DOORS = "iris", ("cloudsoar", "admin")
_ESCAPED = re.compile(
    r"\\([!-/:-@\[-`{-~])"
)  # markdown: a backslash before punctuation is not text
_SETTING = "extracts_from_"
_THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of texts: how one is called, the setting it is read by, and where in the event it is."""

    name: str
    setting: str
    fields: tuple[str, ...]


_INCIDENT = _Kind("incident", "incidents", ("name", "description", "closing_note", "custom"))
_KINDS: Mapping[str, _Kind] = {
    "case": _INCIDENT,
    "incident": _INCIDENT,
    "task": _Kind("task", "tasks", ("title", "description", "custom")),
    "note": _Kind("note", "notes", ("title", "content", "custom")),
}


def events_to_read(events: Collection[AuditLog]) -> set[int]:
    """Return the ids of those events that wrote a text which is to be read in this installation."""
    texts = [event for event in events if event.channel in (IRIS, *DOORS) and _text_of(event)]
    if not texts:
        return set()
    settings = incident_settings()
    return {event.pk for event in texts if _is_read(event, settings)}


def read_text(event_id: int) -> int:
    """Read the text of an event, once, and return how many entities its incident got by it.

    Raise Conflict when others are in the way; the event stays due then.
    """
    event = AuditLog.objects.filter(pk=event_id, event__delivered_at=None).first()
    if event is None:
        return 0
    found = list(islice(_entities(event), MOST_READ))
    with transaction.atomic():
        waiting = OutboxEvent.objects.select_for_update().filter(pk=event_id, delivered_at=None)
        if waiting.first() is None:
            return 0
        added = _add(event, found) if found else 0
        OutboxEvent.objects.filter(pk=event_id).update(delivered_at=timezone.now())
    return added


def _add(event: AuditLog, found: Collection[Found]) -> int:
    if event.actor_id is None or event.case_id is None:
        return 0
    writer = User.objects.filter(pk=event.actor_id, is_active=True).first()
    if writer is None:
        return 0
    actor = Actor.of(writer, event.channel, request_id=event.request_id, address=event.address)
    kind = _KINDS[_noun(event)]
    place = f"{kind.name} #{event.object_id}"
    try:
        return add_found_entities(actor, event.case_id, found, found_in=place)
    except (Forbidden, NotFound):
        logger.info("%s: its writer may not write there any more", place)
        return 0


def _entities(event: AuditLog) -> Iterator[Found]:
    """Yield type and value of each entity in a text, once; of a URL its host, of an e-mail address itself."""
    text = _text_of(event)
    if len(text) > LONGEST_TEXT:
        logger.info("event %s: only the first %s letters are read", event.pk, LONGEST_TEXT)
    seen: set[Found] = set()
    for one in indicators(_ESCAPED.sub(r"\1", text[:LONGEST_TEXT])):
        if one.kind not in ("url", "ip", "domain", "email"):
            continue
        found = ("email", one.value) if one.kind == "email" else _host(one.host)
        if found is not None and found not in seen:
            seen.add(found)
            yield found


def _host(host: str) -> Found | None:
    """Return an address or a domain, None for an address that names no host of anybody's."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ("domain", host.lower())
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    is_nobodys = (
        address.is_unspecified
        or address.is_loopback
        or address.is_multicast
        or address.is_reserved
        or address in _THIS_NETWORK
    )
    return None if is_nobodys else ("ipaddress", str(address))


def _is_read(event: AuditLog, settings: IncidentSettings) -> bool:
    if event.channel == IRIS and not settings.extracts_from_iris:
        return False
    return bool(getattr(settings, f"{_SETTING}{_KINDS[_noun(event)].setting}"))


def _noun(event: AuditLog) -> str:
    return event.action.partition(".")[0]


def _text_of(event: AuditLog) -> str:
    """Return what was written, one value a line; empty for an event that is about no text."""
    kind, deed = _KINDS.get(_noun(event)), event.action.partition(".")[2]
    after = event.details.get("after")
    if kind is None or deed not in WRITTEN or not isinstance(after, Mapping):
        return ""
    return "\n".join(text for name in kind.fields for text in _texts(after.get(name)))


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts of a value: its own, or those of the custom values in it."""
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, Mapping | list):
        parts = value.values() if isinstance(value, Mapping) else value
        yield from (part for one in parts for part in _texts(one))
