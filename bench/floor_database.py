"""The database as the floor program reaches it: one connection per thread, every statement prepared."""

import os
import threading
from typing import Any

import psycopg

_threads = threading.local()


def connection() -> psycopg.Connection[Any]:
    """Return the connection of this thread."""
    found: psycopg.Connection[Any] | None = getattr(_threads, "connection", None)
    if found is None:
        url = os.environ["DATABASE_URL"]
        found = _threads.connection = psycopg.connect(url, autocommit=True, prepare_threshold=0)
    return found


def text(statement: str, parameters: Any) -> bytes | None:
    """Return the first column of the first row as the server sent it, or None."""
    result = connection().execute(statement, parameters).pgresult
    return result.get_value(0, 0) if result is not None and result.ntuples else None
