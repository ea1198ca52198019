"""Ending a run: result, log, changes, breaker, in one transaction that only the lease's holder gets."""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from modules.models import Module, ModuleRun, ModuleRunLog
from modules.services import breaker, gates
from modules.services.configuration import secrets_of
from modules.services.masking import redacted
from modules.services.sealing import CannotOpen
from modules.services.writeback import apply_result
from soar.core.errors import Conflict, DomainError
from soar.core.recording import BUSY

logger = logging.getLogger(__name__)
Status = ModuleRun.Status
TRIES = 5
MAXIMUM_LINES = 2000
MAXIMUM_TEXT = 8000
MAXIMUM_TRACEBACK = 20_000
ERROR_LEVELS = frozenset({"ERROR", "CRITICAL"})
# What a result can raise that holds whatever a module put into it. A database that is away is none of these.
UNUSABLE = (
    ArithmeticError,
    AttributeError,
    DataError,
    DomainError,
    IntegrityError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
NOT_APPLIED = "Its result could not be applied: "
CUT = "more lines were left out"


@dataclass
class Finding:
    """What came of a run. `result` is the runner's, None when there is none.

    A failure that is not the module's fault is none for the circuit breaker. `secrets` are those the run
    was given, which may have been changed since. Of a run that is lost only one whose lease is over is ended.
    """

    status: str
    message: str
    result: dict[str, Any] | None = None
    output: str = ""
    snapshot: Any = None
    is_modules_fault: bool = True
    secrets: Sequence[str] = ()
    is_lost: bool = False


def end_run(run_id: int, token: uuid.UUID, finding: Finding) -> bool:
    """Write how a run ended, with everything it changed; return whether the lease was still good.

    A result that cannot be applied ends the run as a failure that says so; nothing of it is written.
    """
    try:
        return _repeatedly(run_id, token, finding)
    except UNUSABLE as error:
        logger.exception("run %s: the result cannot be applied", run_id)
        reason = f"{NOT_APPLIED}{type(error).__name__}: {error}"
        failure = Finding(Status.FAILURE, reason, output=finding.output, secrets=finding.secrets)
        return _end(run_id, token, failure)


def _repeatedly(run_id: int, token: uuid.UUID, finding: Finding) -> bool:
    """End the run, again when the database ends a mutual wait with somebody else's write."""
    for _ in range(TRIES - 1):
        try:
            return _end(run_id, token, finding)
        except Conflict as error:
            if error.message != BUSY:
                raise
    return _end(run_id, token, finding)


def _end(run_id: int, token: uuid.UUID, finding: Finding) -> bool:
    with transaction.atomic():
        module_id = ModuleRun.objects.filter(pk=run_id).values_list("module_id", flat=True).first()
        modules = Module.objects.select_related("service_user").filter(pk=module_id or 0)
        module = modules.select_for_update(of=("self",), no_key=True).first()
        rows = ModuleRun.objects.select_for_update().filter(
            pk=run_id, lease_token=token, status=Status.RUNNING
        )
        run = (rows.filter(lease_until__lt=timezone.now()) if finding.is_lost else rows).first()
        if run is None:
            return False
        secrets = [*finding.secrets, *_secrets(module)]
        result = finding.result or {}
        is_removed = module is None and finding.status == Status.SUCCESS
        run.status = Status.CANCELLED if is_removed else finding.status
        run.message = _clean(redacted(finding.message, secrets))[:MAXIMUM_TEXT]
        traceback = _clean(redacted(str(result.get("traceback") or ""), secrets))
        run.traceback = traceback[-MAXIMUM_TRACEBACK:]
        run.result_code = _code(result.get("code"))
        run.snapshot = finding.snapshot
        has_errors = _write_log(run, result.get("logs"), finding.output, secrets)
        if module is not None:
            gates.let_next_start(module.pk)
        # As late as possible: until the commit, analysts who write to the case wait for this.
        if module is not None and not run.traceback and finding.result is not None:
            _apply(run, module, result)
        run.has_errors = has_errors and run.status == Status.SUCCESS
        run.done_at, run.lease_until, run.lease_token = timezone.now(), None, None
        run.save()
        if module is not None:
            _tell_breaker(run, module, is_fault=finding.is_modules_fault)
    return True


def _secrets(module: Module | None) -> list[str]:
    try:
        return secrets_of(module) if module is not None else []
    except CannotOpen:
        return []


def _code(value: Any) -> int | None:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 <= value < 2**31 else None


def _apply(run: ModuleRun, module: Module, result: dict[str, Any]) -> None:
    gone = apply_result(run, module, result)
    ids = {target["id"] for target in run.targets}
    if gone and run.payload is None and {pk for _, pk in gone} >= ids:
        run.status, run.message = Status.SKIPPED, "Its objects were deleted meanwhile"


def _write_log(run: ModuleRun, lines: Any, output: str, secrets: list[str]) -> bool:
    """Store what was logged and printed; return whether there were errors in it."""
    now = timezone.now()
    rows: list[ModuleRunLog] = []
    has_errors = False
    given = lines if isinstance(lines, list) else []
    for line in given[:MAXIMUM_LINES]:
        part = line if isinstance(line, dict) else {"text": str(line)}
        level = str(part.get("level") or "INFO").upper()[:10]
        has_errors = has_errors or level in ERROR_LEVELS
        at = parse_datetime(str(part.get("time") or "")) or now
        rows.append(_line(run, len(rows), level, at, redacted(str(part.get("text")), secrets)))
    if len(given) > MAXIMUM_LINES:
        rows.append(_line(run, len(rows), "INFO", now, f"{len(given) - MAXIMUM_LINES} {CUT}"))
    for text in redacted(output, secrets).splitlines()[:MAXIMUM_LINES]:
        if text.strip():
            rows.append(_line(run, len(rows), "OUTPUT", now, text))
    ModuleRunLog.objects.bulk_create(rows, batch_size=500)
    return has_errors


def _line(run: ModuleRun, position: int, level: str, at: Any, text: str) -> ModuleRunLog:
    aware = at if timezone.is_aware(at) else timezone.make_aware(at)
    clean = _clean(text)[:MAXIMUM_TEXT]
    return ModuleRunLog(run=run, position=position, level=level, logged_at=aware, text=clean)


def _clean(text: str) -> str:
    """Return a text every database takes: without NUL and lone surrogates."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _tell_breaker(run: ModuleRun, module: Module, *, is_fault: bool) -> None:
    if run.status == Status.SUCCESS:
        if breaker.note_success(module):
            gates.let_all_start(module.pk)
    elif run.status in ModuleRun.FAILED and is_fault:
        breaker.note_failure(module, run.message or run.status)
