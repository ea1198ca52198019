"""Module runs and what they wrote, read from the database of an installation, PostgreSQL or SQLite."""

import datetime as dt
import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psycopg

OPEN = ("pending", "running")
_RUNS = """
SELECT id, module_name, event_id, status, message, targets, applied, case_id, queued_at, started_at, done_at
FROM modules_modulerun WHERE event_id > {since} ORDER BY id
"""
_ENRICHMENTS = """
SELECT actor_login, case_id, details FROM core_auditlog WHERE action = 'ioc.enriched' AND id > {since}
"""
_WAITING = """
SELECT (SELECT count(*) FROM core_outboxevent WHERE delivered_at IS NULL)
    + (SELECT count(*) FROM modules_modulerun WHERE status IN ('pending', 'running'))
"""
Row = tuple[Any, ...]
Place = tuple[int, int]  # of an IOC: its case and its id


class Database(Protocol):
    """Where rows are read from, each time as they are now."""

    def read(self, query: str) -> list[Row]:
        """Return the rows of a query."""


class Postgres:
    """The database named by DATABASE_URL."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)

    def read(self, query: str) -> list[Row]:
        """Return the rows of a query."""
        return self.connection.execute(query).fetchall()


class Sqlite:
    """The embedded database."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, query: str) -> list[Row]:
        """Return the rows of a query."""
        connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=20)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()


@dataclass(frozen=True)
class Run:
    """A run as it is in the database; times in seconds since the epoch."""

    id: int
    module: str
    event: int
    status: str
    message: str
    ioc: Place
    has_written: bool
    queued: float
    started: float | None
    done: float | None

    @property
    def is_open(self) -> bool:
        """Tell whether it has still to end."""
        return self.status in OPEN

    def until_started(self) -> float:
        """Return the milliseconds from the change that caused it to its start."""
        return ((self.started or 0.0) - self.queued) * 1000

    def until_done(self) -> float:
        """Return the milliseconds from the change that caused it to its end."""
        return ((self.done or 0.0) - self.queued) * 1000


def last_event(database: Database) -> int:
    """Return the number of the latest entry in the audit trail."""
    return int(database.read("SELECT coalesce(max(id), 0) FROM core_auditlog")[0][0])


def is_quiet(database: Database) -> bool:
    """Tell whether every event is delivered and every run has ended."""
    return database.read(_WAITING)[0][0] == 0


def created_iocs(database: Database, since: int) -> int:
    """Return how many IOCs were created after an entry in the audit trail."""
    query = f"SELECT count(*) FROM core_auditlog WHERE action = 'ioc.created' AND id > {since}"
    return int(database.read(query)[0][0])


def runs(database: Database, since: int) -> list[Run]:
    """Return the runs caused after an entry in the audit trail."""
    return [_run(row) for row in database.read(_RUNS.format(since=since))]


def enrichments(database: Database, since: int) -> list[tuple[str, Place]]:
    """Return what modules wrote of IOCs according to the audit trail: who, and where."""
    return [
        (login, (case_id, _json(details)["after"]["ioc_id"]))
        for login, case_id, details in database.read(_ENRICHMENTS.format(since=since))
    ]


def attributes(database: Database) -> dict[Place, dict[str, Any]]:
    """Return the attributes of all IOCs."""
    rows = database.read("SELECT case_id, ioc_id, custom_attributes FROM cases_caseioc")
    return {(case_id, ioc_id): _json(given) or {} for case_id, ioc_id, given in rows}


def _run(row: Row) -> Run:
    number, module, event, status, message, targets, applied, case_id, *times = row
    queued, started, done = (_seconds(value) for value in times)
    ioc = (case_id, _json(targets)[0]["id"])
    written = bool(_json(applied))
    return Run(number, module, event, status, message, ioc, written, queued or 0.0, started, done)


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _seconds(value: Any) -> float | None:
    """Return a time of either database, SQLite's being UTC without saying so."""
    if isinstance(value, str):
        value = dt.datetime.fromisoformat(value).replace(tzinfo=dt.UTC)
    return None if value is None else value.timestamp()
