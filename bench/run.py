"""Measure the doors beside the floor and the plain program, interleaved, and print the ratios as JSON.

DATABASE_URL=... SOAR_DATA_DIR=... python -m bench.run --key KEY --token TOKEN [--rounds 5] [--door iris] [--endpoints ping,ioc]
"""

import argparse
import os
import platform
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import django
import orjson
import psycopg
from django.conf import settings

from bench.calls import Endpoint, Place
from bench.client import Connection, Target, Timings, drive
from bench.endpoints import DOORS, ENDPOINTS, NotLoaded, find_place
from bench.memory import measure_memory
from bench.processes import Cpu, Meter, Program, Server, require_visible_backends, running
from bench.report import Rounds, missed, print_table, summarise

WORKERS = 2
MANY_CONNECTIONS = 8
TURN_SECONDS = 0.7
FEWEST_ROUNDS = 3
WARM_UP_SECONDS = 0.2
WARM_UP_SHARE = 20
OURS, FLOOR, PLAIN = "ours", "floor", "plain"


@dataclass(frozen=True)
class Turn:
    """What one program did with one endpoint in one round: alone on a connection, then in a crowd."""

    alone: Timings
    crowd: Timings
    alone_cpu: Cpu
    crowd_cpu: Cpu

    def figures(self) -> dict[str, float]:
        """Return the numbers of the turn; processor time is per request, over both parts."""
        count = self.alone.count + self.crowd.count
        python = (self.alone_cpu.python + self.crowd_cpu.python) / count
        postgres = (self.alone_cpu.postgres + self.crowd_cpu.postgres) / count
        return {
            "cpu_ms": python + postgres,
            "cpu_python_ms": python,
            "cpu_postgres_ms": postgres,
            "cpu_ms_1": (self.alone_cpu.python + self.alone_cpu.postgres) / self.alone.count,
            "cpu_ms_8": (self.crowd_cpu.python + self.crowd_cpu.postgres) / self.crowd.count,
            "p50_ms": self.alone.percentile(0.50),
            "p95_ms": self.alone.percentile(0.95),
            "per_second_1": self.alone.count / self.alone.seconds,
            "per_second_8": self.crowd.count / self.crowd.seconds,
            "requests": count,
        }


class Bench:
    """The running programs and the calls to make of them."""

    def __init__(self, servers: dict[str, Server], database: Any, *, key: str, token: str) -> None:
        self.targets = {
            name: Target("127.0.0.1", server.port, key, token) for name, server in servers.items()
        }
        self.meters = {name: Meter(server, database) for name, server in servers.items()}
        self.place: Place = find_place(Connection(self.targets[OURS]))

    def require_equal_bodies(self, endpoint: Endpoint) -> None:
        """Raise RuntimeError when floor and ours do not say the same."""
        answers = []
        for name in (OURS, FLOOR):
            if name in self.targets:
                call = endpoint.calls(self.place)()
                answers.append(endpoint.stable(Connection(self.targets[name]).send(call)))
        if any(answer != answers[0] for answer in answers):
            raise RuntimeError(f"{endpoint.name}: floor and ours answer differently")

    def turn(self, name: str, endpoint: Endpoint) -> Turn:
        """Let one program serve one endpoint for a while."""
        target, meter = self.targets[name], self.meters[name]
        make, crowd_size = endpoint.calls(self.place), MANY_CONNECTIONS
        few = max(1, endpoint.most // WARM_UP_SHARE)
        drive(target, make, connections=crowd_size, count=few, seconds=WARM_UP_SECONDS)
        first = meter.read()
        alone = drive(target, make, connections=1, count=endpoint.most, seconds=TURN_SECONDS)
        second = meter.read()
        crowd = drive(
            target, make, connections=crowd_size, count=endpoint.most, seconds=TURN_SECONDS
        )
        return Turn(alone, crowd, second - first, meter.read() - second)

    def measure(self, endpoints: list[Endpoint], rounds: int, seconds: float) -> dict[str, Any]:
        """Return the results of the endpoints; each round gives every program its turn.

        Ends early rather than take longer than the seconds, but not before FEWEST_ROUNDS.
        """
        collected: dict[str, Rounds] = {
            endpoint.name: {name: [] for name in self.targets} for endpoint in endpoints
        }
        started = time.monotonic()
        for number in range(rounds):
            per_round = (time.monotonic() - started) / max(number, 1)
            if number >= FEWEST_ROUNDS and per_round * (number + 1) > seconds:
                break
            names = list(self.targets)
            order = names[number % len(names) :] + names[: number % len(names)]
            for endpoint in endpoints:
                for name in order:
                    figures = self.turn(name, endpoint).figures()
                    collected[endpoint.name][name].append(figures)
            sys.stderr.write(f"round {number + 1} of {rounds} done\n")
        return {
            endpoint.name: summarise(endpoint, collected[endpoint.name]) for endpoint in endpoints
        }


def programs(*, with_floor: bool) -> list[Program]:
    """Return the programs under test; the floor speaks only to PostgreSQL."""
    plain = {"DJANGO_SETTINGS_MODULE": "bench.plain_settings"}
    listed = [
        Program(OURS, "soar.wsgi:application", {}),
        Program(PLAIN, "django.core.wsgi:get_wsgi_application", plain, is_factory=True),
    ]
    if with_floor:
        capabilities = {str(int(bit)): names for bit, names in _capabilities().items()}
        floor = {
            "SOAR_TOKEN_KEY": settings.SOAR_TOKEN_KEY,
            "SOAR_JWT_KEY": settings.SOAR_JWT_KEYS[0],
            "BENCH_CAPABILITIES": orjson.dumps(capabilities).decode(),
        }
        listed.insert(1, Program(FLOOR, "bench.floor:application", floor))
    return listed


def _capabilities() -> Any:
    django.setup()  # only now: the module has models
    return import_module("soar.core.permissions").CAPABILITIES


def measure_all(options: argparse.Namespace) -> dict[str, Any]:
    """Run everything asked for and return the report."""
    started = time.monotonic()
    url = os.environ.get("DATABASE_URL", "")
    database = psycopg.connect(url, autocommit=True) if url else None
    if database is not None:
        require_visible_backends(database)
    names = options.endpoints or DOORS.get(options.door) or list(ENDPOINTS)
    chosen = [ENDPOINTS[name] for name in names]
    with running(programs(with_floor=bool(url)), workers=WORKERS) as servers:
        bench = Bench(servers, database, key=options.key, token=options.token)
        for endpoint in chosen:
            bench.require_equal_bodies(endpoint)
        results = bench.measure(chosen, options.rounds, options.seconds)
        place = bench.place
    report: dict[str, Any] = {"conditions": _conditions(database), "endpoints": results}
    if not options.no_memory:
        report["memory"] = measure_memory(programs(with_floor=False)[0], place, options.key)
    report["missed"] = missed(results)
    report["seconds"] = round(time.monotonic() - started)
    return report


def _conditions(database: "psycopg.Connection[Any] | None") -> dict[str, Any]:
    found: dict[str, Any] = {"cpus": os.cpu_count(), "python": platform.python_version()}
    if database is not None:
        found["postgresql"] = database.info.parameter_status("server_version")
        for name in ("shared_buffers", "synchronous_commit", "fsync", "jit"):
            row = database.execute("SELECT current_setting(%s)", (name,)).fetchone()
            found[name] = row[0] if row else None
    return found


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = set(names) - set(ENDPOINTS)
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown: {sorted(unknown)}, known: {list(ENDPOINTS)}")
    return names


def main() -> None:
    """Read the command line, measure, print JSON to stdout and a table to stderr."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "soar.settings")
    parser = argparse.ArgumentParser(description="Measure the doors beside floor and plain.")
    parser.add_argument("--key", default=os.environ.get("SOAR_ADMIN_API_KEY", ""))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--seconds", type=float, default=340, help="end the rounds early after these"
    )
    parser.add_argument("--token", default=os.environ.get("SOAR_BENCH_TOKEN", ""))
    parser.add_argument("--door", choices=DOORS, help="only the calls of this one")
    parser.add_argument("--endpoints", type=_names, default=[])
    parser.add_argument("--no-memory", action="store_true")
    parser.add_argument(
        "--allow-sqlite", action="store_true", help="without floor and database time"
    )
    options = parser.parse_args()
    if not os.environ.get("DATABASE_URL") and not options.allow_sqlite:
        parser.error("set DATABASE_URL: the targets are for PostgreSQL (--allow-sqlite to go on)")
    try:
        report = measure_all(options)
    except NotLoaded as error:
        parser.error(str(error))
    print_table(report["endpoints"], sys.stderr)
    sys.stdout.write(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode() + "\n")


if __name__ == "__main__":
    main()
