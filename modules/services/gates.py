"""What keeps a pending run from starting: now, or for good."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils import timezone

from cases.models import CaseIoc
from iocs.models import Tlp
from modules.models import Module, ModuleRun
from modules.services.sending import is_paused
from soar.core.history import is_possible_id

Status = ModuleRun.Status
Shape = dict[str, Any]
PAUSED_SECONDS = 5
BUSY_SECONDS = 2
MINUTE = dt.timedelta(minutes=1)
# From free to disclose to for the named recipients only. Source: FIRST, TLP 2.0; amber+strict is its.
TLP_ORDER = ("clear", "white", "green", "amber", "amber+strict", "red")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a run does not start: `ends_as` for good, else it waits until `available_at`.

    `holds_all` says that no other run of the module can start earlier.
    """

    reason: str
    ends_as: str = ""
    available_at: dt.datetime | None = None
    holds_all: bool = False


def why_not(run: ModuleRun, module: Module | None) -> Verdict | None:
    """Return what keeps a run from starting, None for nothing; the module's row is locked by the caller."""
    now = timezone.now()
    if run.is_cancel_requested:
        return Verdict("Cancelled before it started", Status.CANCELLED)
    if module is None:
        return Verdict("The module was removed", Status.CANCELLED)
    if not module.is_active:
        return Verdict("The module was disabled", Status.CANCELLED)
    if is_paused():
        later = now + dt.timedelta(seconds=PAUSED_SECONDS)
        return Verdict("Modules are paused", available_at=later)
    if module.broken_until is not None and module.broken_until > now:
        reason = "The module failed too often"
        return Verdict(reason, available_at=module.broken_until, holds_all=True)
    if module.state == Module.State.UNCONFIGURED:
        reason = "The module is not configured"
        return Verdict(reason, available_at=now + MINUTE, holds_all=True)
    if module.state == Module.State.BROKEN and module.broken_until is None:
        reason = "The module failed its check"
        return Verdict(reason, available_at=now + MINUTE, holds_all=True)
    return _too_secret(run, module) or _over_quota(run, module, now) or _too_many(module, now)


def _too_secret(run: ModuleRun, module: Module) -> Verdict | None:
    """Refuse IOCs whose TLP the module may not be told (the operator's limit)."""
    if module.maximum_tlp is None or run.object_kind != "ioc":
        return None
    if run.payload is not None:
        known = run.payload.get("stand_in") or run.payload.get("details")
        reason = why_too_secret(module, _tlp_of(known))
    else:
        ids = [target["id"] for target in run.targets]
        rows = CaseIoc.objects.filter(case_id=run.case_id or 0, ioc_id__in=ids)
        reasons = [why_too_secret(module, tlp) for tlp in Tlp.objects.filter(case_iocs__in=rows)]
        reason = next(filter(None, reasons), "")
    return Verdict(reason, Status.REJECTED) if reason else None


def why_too_secret(module: Module, tlp: Tlp | None) -> str:
    """Return why a module may not be told what has this TLP, or ""; None is one nobody knows."""
    if module.maximum_tlp is None:
        return ""
    limit = f"TLP:{module.maximum_tlp.name}, the limit of the module"
    if tlp is None:
        return f"Its TLP is not known to be within {limit}"
    return f"TLP:{tlp.name} is above {limit}" if rank(tlp) > rank(module.maximum_tlp) else ""


def _tlp_of(known: Any) -> Tlp | None:
    given = known.get("ioc_tlp_id") if isinstance(known, dict) else None
    is_number = isinstance(given, int) and is_possible_id(given)
    return Tlp.objects.filter(pk=given or 0).first() if is_number else None


def fit_to_tell(module: Module, shapes: list[Shape]) -> list[Shape]:
    """Return snapshots without the linked IOCs that a module may not be told."""
    if module.maximum_tlp is None or not any(shape.get("iocs") for shape in shapes):
        return shapes
    levels = {tlp.pk: tlp for tlp in Tlp.objects.all()}
    return [
        shape
        | {
            "iocs": [
                one
                for one in shape.get("iocs") or []
                if not why_too_secret(module, levels.get(one.get("ioc_tlp_id")))
            ]
        }
        for shape in shapes
    ]


def rank(tlp: Tlp) -> int:
    """Return how restricted a TLP is; an unknown one is the most restricted of all."""
    name = tlp.name.lower().strip()
    return TLP_ORDER.index(name) if name in TLP_ORDER else len(TLP_ORDER)


def _over_quota(run: ModuleRun, module: Module, now: dt.datetime) -> Verdict | None:
    if not module.per_minute:
        return None
    started = ModuleRun.objects.filter(module=module, started_at__gt=now - MINUTE)
    starts = list(started.order_by("-started_at").values_list("started_at", flat=True))
    if len(starts) < module.per_minute:
        return None
    free_at = (starts[module.per_minute - 1] or now) + MINUTE
    reason = f"{module.per_minute} runs a minute are allowed"
    return Verdict(reason, available_at=free_at, holds_all=True)


def _too_many(module: Module, now: dt.datetime) -> Verdict | None:
    running = ModuleRun.objects.filter(module=module, status=Status.RUNNING)
    if running.count() < module.concurrency:
        return None
    later = now + dt.timedelta(seconds=BUSY_SECONDS)
    return Verdict(f"{module.concurrency} runs at once are allowed", available_at=later)


def let_next_start(module_id: int | None) -> None:
    """Make the oldest run that waits for its module's turn due now; part of ending a run."""
    now = timezone.now()
    waiting = ModuleRun.objects.filter(
        Q(available_at__gt=now) & Q(available_at__lte=now + dt.timedelta(seconds=BUSY_SECONDS)),
        module_id=module_id or 0,
        status=Status.PENDING,
    )
    first = waiting.order_by("queued_at", "pk").values_list("pk", flat=True).first()
    if first is not None:
        ModuleRun.objects.filter(pk=first, status=Status.PENDING).update(available_at=now)


def let_all_start(module_id: int) -> None:
    """Make the runs due that were held, because what held them is over; part of ending that."""
    now = timezone.now()
    held = ModuleRun.objects.filter(module_id=module_id, status=Status.PENDING, sends=0)
    held.filter(available_at__gt=now).update(available_at=now)


def hold_all(module_id: int | None, verdict: Verdict) -> None:
    """Let all runs of a module wait as long as one of them, so that they are not looked at one by one."""
    due = ModuleRun.objects.filter(module_id=module_id or 0, status=Status.PENDING)
    due = due.filter(available_at__lt=verdict.available_at)
    due.update(message=verdict.reason, available_at=verdict.available_at, sends=0)
