"""Sealing the audit trail: every row is chained to the one before, so that no change goes unseen.

A seal is an HMAC under a key derived from SOAR_TOKEN_KEY, so whoever can write to the database but does
not know the key cannot make one. Cutting off the end of the chain is seen by comparing its head with
one noted elsewhere: each batch logs it.
"""

import datetime as dt
import hashlib
import hmac
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, Min, OuterRef, QuerySet
from django.utils import timezone

from soar.core.locking import lock_for_transaction
from soar.core.models import AuditLog, AuditSeal, OutboxEvent

logger = logging.getLogger(__name__)
BATCH = 1000
GENESIS = "0" * 64
UNSEALED_TOO_LONG = dt.timedelta(minutes=10)
MAXIMUM_FINDINGS = 100
COLUMNS = tuple(field.attname for field in AuditLog._meta.concrete_fields)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with the trail: its kind, where, and a sentence for the operator."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain."""

    position: int
    seal: str

    def __str__(self) -> str:
        return f"{self.position}:{self.seal}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found, and how much it looked at."""

    sealed: int
    unsealed: int
    head: Head
    findings: list[Finding]


def canonical(row: AuditLog) -> bytes:
    """Return the one text of a row, the same whichever database it was read from."""
    values = {name: _plain(getattr(row, name)) for name in COLUMNS}
    return json.dumps(values, sort_keys=True, separators=(",", ":")).encode()


def seal_of(previous: str, row: AuditLog) -> str:
    """Return the seal of a row that follows the seal `previous`."""
    key = hashlib.sha256(f"audit-seal:{settings.SOAR_TOKEN_KEY}".encode()).digest()
    return hmac.new(key, previous.encode() + b"\n" + canonical(row), hashlib.sha256).hexdigest()


def seal_pending() -> int:
    """Seal every committed row that has no seal yet, in order of their ids, and return how many.

    Safe to run in several places at once; each batch is a transaction of its own.
    """
    total = 0
    while batch := _seal_batch():
        total += batch
        if batch < BATCH:
            break
    return total


def get_head() -> Head:
    """Return the end of the chain."""
    last = AuditSeal.objects.order_by("-position").first()
    return Head(last.position, last.seal) if last else Head(0, GENESIS)


def unsealed() -> QuerySet[AuditLog]:
    """Return the rows that no seal covers."""
    return AuditLog.objects.filter(~Exists(AuditSeal.objects.filter(audit=OuterRef("pk"))))


def verify(noted: Head | None = None) -> Verdict:
    """Read the whole trail and return what does not fit, `noted` being a head written down earlier."""
    check = _ChainCheck()
    for seals, rows in _sealed_batches():
        for seal in seals:
            check.look_at(seal, rows.get(seal.audit_id))
        if len(check.findings) >= MAXIMUM_FINDINGS:
            check.add("stopped", f"stopped looking after {MAXIMUM_FINDINGS} findings")
            break
    open_rows = unsealed().aggregate(count=Count("pk"), oldest=Min("recorded_at"))
    oldest = open_rows["oldest"]
    if oldest is not None and timezone.now() - oldest > UNSEALED_TOO_LONG:
        check.add("unsealed", f"{open_rows['count']} rows have no seal, the oldest of {oldest}")
    if (
        noted is not None
        and not AuditSeal.objects.filter(position=noted.position, seal=noted.seal).exists()
    ):
        check.add("head", f"the chain does not hold the noted seal at position {noted.position}")
    return Verdict(check.seen, open_rows["count"], check.head, check.findings)


def _seal_batch() -> int:
    with transaction.atomic():
        lock_for_transaction("audit-seal")
        waiting = (
            AuditLog.objects.filter(event__sealed_at=None)
            .annotate(is_sealed=Exists(AuditSeal.objects.filter(audit=OuterRef("pk"))))
            .order_by("pk")[:BATCH]
        )
        rows = list(waiting)
        if not rows:
            return 0
        head = get_head()
        position, previous = head.position, head.seal
        seals = []
        for row in rows:
            if row.is_sealed:  # somebody opened its event again; the seal it has still counts
                continue
            position, previous = position + 1, seal_of(previous, row)
            seals.append(AuditSeal(position=position, audit_id=row.pk, seal=previous))
        AuditSeal.objects.bulk_create(seals)
        events = OutboxEvent.objects.filter(pk__in=[row.pk for row in rows])
        events.update(sealed_at=timezone.now())
    logger.info("audit sealed up to %s:%s", position, previous)
    return len(rows)


class _ChainCheck:
    """Walks the seals in order of position and collects what does not fit."""

    def __init__(self) -> None:
        self.seen = 0
        self.head = Head(0, GENESIS)
        self.findings: list[Finding] = []

    def add(self, kind: str, text: str) -> None:
        self.findings.append(Finding(kind, text))

    def look_at(self, seal: AuditSeal, row: AuditLog | None) -> None:
        """Compare one seal with its row and with the seal before it."""
        expected = self.head.position + 1
        has_gap = seal.position != expected
        if has_gap:
            gap = (
                f"position {expected}"
                if seal.position == expected + 1
                else (f"positions {expected} to {seal.position - 1}")
            )
            self.add("seal removed", f"no seal at {gap}")
        if row is None:
            text = f"row {seal.audit_id}, sealed at position {seal.position}, is gone"
            self.add("row removed", text)
        elif not has_gap and not hmac.compare_digest(seal.seal, seal_of(self.head.seal, row)):
            self.add(*self._reason(seal, row))
        self.seen += 1
        self.head = Head(seal.position, seal.seal)

    def _reason(self, seal: AuditSeal, row: AuditLog) -> tuple[str, str]:
        """Tell a moved seal, which fits behind another one, from a row that fits nowhere."""
        near = AuditSeal.objects.filter(
            position__range=(seal.position - BATCH, seal.position + BATCH)
        )
        others = [GENESIS, *near.values_list("seal", flat=True)]
        if any(hmac.compare_digest(seal.seal, seal_of(other, row)) for other in others):
            return "reordered", f"the seal of row {row.pk} was moved to position {seal.position}"
        return "row edited", f"row {row.pk} at position {seal.position} is not what was sealed"


def _sealed_batches() -> Iterator[tuple[list[AuditSeal], dict[int, AuditLog]]]:
    position = -1  # also finds a seal somebody put before the first
    while seals := list(
        AuditSeal.objects.filter(position__gt=position).order_by("position")[:BATCH]
    ):
        yield seals, AuditLog.objects.in_bulk([seal.audit_id for seal in seals])
        position = seals[-1].position


def _plain(value: Any) -> Any:
    """Return a value in the form both databases give back: whole numbers as integers, times as UTC."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="microseconds")
    if isinstance(value, float) and value.is_integer():
        return int(Decimal(repr(value)))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
