"""Slowing down those who guess: log-in by account and address, keys by address (SEC-27)."""

import math
import time
from collections import OrderedDict
from threading import Lock
from typing import Any

from django.http import HttpRequest, HttpResponse

WINDOW_SECONDS = 60
MAXIMUM_ADDRESSES = 10_000

_failures: OrderedDict[str, list[float]] = OrderedDict()
_lock = Lock()


def note_bad_key(address: str, limit: int) -> int:
    """Count a wrong key from an address; return the seconds to wait when it tried too often, else 0.

    Kept in the process: keys and tokens cannot be guessed, the limit only keeps the guessing cheap
    for us. A right key is never refused, so nobody behind the same address is locked out.
    """
    now = time.monotonic()
    with _lock:
        recent = [moment for moment in _failures.pop(address, []) if now - moment < WINDOW_SECONDS]
        recent = [*recent[-limit:], now]
        _failures[address] = recent
        while len(_failures) > MAXIMUM_ADDRESSES:
            _failures.popitem(last=False)
    if len(recent) <= limit:
        return 0
    return max(1, math.ceil(WINDOW_SECONDS - (now - recent[0])))


def forget_failures() -> None:
    """Forget every count; for tests."""
    with _lock:
        _failures.clear()


def login_lockout(
    request: HttpRequest, credentials: Any, *args: Any, **options: Any
) -> HttpResponse:
    """Answer a locked-out log-in: 429, alike for known and unknown logins."""
    response = HttpResponse(
        "Too many failed log-ins. Try again later.", status=429, content_type="text/plain"
    )
    response["Retry-After"] = str(15 * 60)
    return response
