"""Doing several things at the same moment, each in a thread with a database connection of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

from soar.core.errors import DomainError

LONGEST_SECONDS = 30


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Start all calls together; return what each returned, or the domain error it raised."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            start.wait(LONGEST_SECONDS)
            return call()
        except DomainError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [one.result(LONGEST_SECONDS) for one in [pool.submit(run, call) for call in calls]]


def errors(results: list[Any]) -> list[DomainError]:
    """Return the domain errors among results."""
    return [one for one in results if isinstance(one, DomainError)]
