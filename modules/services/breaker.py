"""The circuit breaker: a module that fails again and again gets a pause, and one try after it."""

import datetime as dt

from django.utils import timezone

from modules.models import Module

OPEN_AGAIN = "tries again at {:%Y-%m-%d %H:%M:%S} UTC"


def note_success(module: Module) -> bool:
    """Forget earlier failures and return whether that ended a pause. The caller holds the row's lock."""
    is_open = module.state == Module.State.BROKEN and module.broken_until is not None
    if module.failures_in_a_row or is_open:
        module.failures_in_a_row, module.broken_until = 0, None
        if is_open:  # what a failing check broke only another check mends
            module.state, module.state_reason = Module.State.READY, ""
        module.save(update_fields=["failures_in_a_row", "broken_until", "state", "state_reason"])
    return is_open


def note_failure(module: Module, reason: str) -> bool:
    """Count a failure and return whether it broke the module. The caller holds the row's lock.

    From the limit on each failure gives the module another pause; nothing of it starts before.
    """
    module.failures_in_a_row += 1
    is_broken = 0 < module.breaker_failures <= module.failures_in_a_row
    if is_broken:
        until = timezone.now() + dt.timedelta(seconds=module.cool_down_seconds)
        module.broken_until, module.state = until, Module.State.BROKEN
        first = f"{module.failures_in_a_row} failures in a row, the last: {reason[:500]}"
        module.state_reason = f"{first}; {OPEN_AGAIN.format(until)}"
    module.save(update_fields=["failures_in_a_row", "broken_until", "state", "state_reason"])
    return is_broken


def begin_trial(module: Module) -> None:
    """Let one run try whether a broken module works again, and keep the others waiting meanwhile."""
    if module.broken_until is not None:
        pause = dt.timedelta(seconds=module.cool_down_seconds)
        module.broken_until = timezone.now() + pause
        module.save(update_fields=["broken_until"])
