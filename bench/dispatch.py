"""Measure how long a committed event takes to reach a worker: web, relay and worker as in production.

DATABASE_URL=... REDIS_URL=... SOAR_DATA_DIR=... python -m bench.dispatch --key KEY

`created_at` is taken just before the commit and `delivered_at` inside the worker's transaction, both from
the clock of this host, so the figure includes the commit itself. What earlier writes left in the outbox
is delivered first; how fast is reported too.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import psycopg

from bench.calls import Place
from bench.client import Connection, Target, drive
from bench.endpoints import ENDPOINTS, NotLoaded, find_place
from bench.processes import Program, running, start, stop

TARGET_P50_MS = 15.0
BURST_CONNECTIONS = 4
DRAIN_SECONDS = 600.0
PROBE_SECONDS = 0.5
WARM_UP_EVENTS = 20
OPEN = "SELECT count(*) FROM core_outboxevent WHERE delivered_at IS NULL"
LAST = "SELECT coalesce(max(audit_id), 0) FROM core_outboxevent"
EVENTS = """
SELECT extract(epoch FROM created_at), extract(epoch FROM delivered_at), attempts
FROM core_outboxevent WHERE audit_id > %s ORDER BY audit_id
"""
Database = psycopg.Connection[Any]


class NotDelivered(Exception):
    """Events stayed in the outbox."""


class Dispatch:
    """A running installation and what is written to it."""

    def __init__(self, database: Database, target: Target) -> None:
        self.database = database
        self.target = target
        self.place: Place = find_place(Connection(target))

    def drain(self) -> dict[str, float]:
        """Wait until the outbox is empty and return how many events left it, and how fast."""
        first = self._number(OPEN)
        started = time.monotonic()
        while left := self._number(OPEN):
            if time.monotonic() - started > DRAIN_SECONDS:
                raise NotDelivered(f"{left} of {first} events are still in the outbox")
            time.sleep(PROBE_SECONDS)
        seconds = time.monotonic() - started
        rate = round(first / seconds) if first else 0
        return {"events": first, "seconds": round(seconds, 1), "per_second": rate}

    def idle(self, *, events: int, pause: float) -> dict[str, Any]:
        """Write events one at a time with pauses and return how long each took to be delivered."""
        last = self._number(LAST)
        make = ENDPOINTS["ioc add"].calls(self.place)
        connection = Connection(self.target)
        for _ in range(events):
            connection.send(make())
            time.sleep(pause)
        connection.close()
        self.drain()
        return self._delays(last)

    def burst(self, *, events: int) -> dict[str, Any]:
        """Write events as fast as several connections can and return the delays and the rates."""
        last = self._number(LAST)
        make = ENDPOINTS["ioc add"].calls(self.place)
        written = drive(
            self.target, make, connections=BURST_CONNECTIONS, count=events, seconds=DRAIN_SECONDS
        )
        self.drain()
        rate = {"written_per_second": round(written.count / written.seconds)}
        return self._delays(last) | rate

    def _delays(self, last: int) -> dict[str, Any]:
        rows = self.database.execute(EVENTS, (last,)).fetchall()
        delays = sorted(float(delivered - created) * 1000 for created, delivered, _ in rows)
        seconds = float(max(row[1] for row in rows) - min(row[0] for row in rows))
        return {
            "events": len(rows),
            "p50_ms": round(statistics.median(delays), 1),
            "p95_ms": round(delays[int(len(delays) * 0.95)], 1),
            "longest_ms": round(delays[-1], 1),
            "delivered_per_second": round(len(rows) / seconds),
            "sent_more_than_once": sum(attempts > 1 for *_, attempts in rows),
        }

    def _number(self, query: str) -> int:
        row = self.database.execute(query).fetchone()
        return int(row[0]) if row else 0


@contextmanager
def background() -> Iterator[None]:
    """Run the relay and a worker of two processes."""
    celery = [sys.executable, "-m", "celery", "--quiet", "-A", "soar", "worker"]
    options = ["--pool", "prefork", "--concurrency", "2", "--loglevel", "ERROR"]
    processes = [
        start([sys.executable, "manage.py", "relay"], {}),
        start([*celery, *options, "--without-gossip", "--without-mingle"], {}),
    ]
    try:
        yield
    finally:
        for process in processes:
            stop(process)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Start everything, write, and return the report."""
    ours = Program("ours", "soar.wsgi:application", {})
    with (
        psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database,
        running([ours], workers=2) as servers,
        background(),
    ):
        target = Target("127.0.0.1", servers["ours"].port, options.key)
        dispatch = Dispatch(database, target)
        backlog = dispatch.drain()
        dispatch.idle(events=WARM_UP_EVENTS, pause=options.pause)
        idle = dispatch.idle(events=options.events, pause=options.pause)
        return {
            "backlog": backlog,
            "idle": idle,
            "burst": dispatch.burst(events=options.burst),
            "target": f"idle p50 <= {TARGET_P50_MS} ms",
            "met": idle["p50_ms"] <= TARGET_P50_MS,
        }


def main() -> None:
    """Read the command line, measure, print JSON."""
    parser = argparse.ArgumentParser(description="Measure commit to worker.")
    parser.add_argument("--key", default=os.environ.get("SOAR_ADMIN_API_KEY", ""))
    parser.add_argument("--events", type=int, default=300, help="written one at a time")
    parser.add_argument("--pause", type=float, default=0.05, help="seconds between two of them")
    parser.add_argument("--burst", type=int, default=1000, help="written at once afterwards")
    options = parser.parse_args()
    for name in ("DATABASE_URL", "REDIS_URL"):
        if not os.environ.get(name):
            parser.error(f"set {name}: the target is for PostgreSQL and Redis")
    try:
        report = measure(options)
    except (NotLoaded, NotDelivered) as error:
        parser.error(str(error))
    sys.stdout.write(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode() + "\n")


if __name__ == "__main__":
    main()
