"""Kill -9 at random moments under load: the modules worker, its runner processes, the broker. Then tally.

[DATABASE_URL=...] python -m bench.killing [--kills 30] [--seed NUMBER]

Everything runs under `manage.py up`, which starts again what was killed; the broker is always its own, and
without DATABASE_URL so is the database. Meanwhile IOCs are created through the API, and three modules tag
each. In the end every run must have ended, none may be doubled, and what each wrote must stand there once.
"""

import argparse
import os
import random
import secrets
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

import orjson

from bench import rows
from bench.client import Call, Connection, RequestFailed, Target, data_of
from bench.installation import Installation, descendants, kill, running, wait_for
from bench.rows import Database, Postgres, Sqlite, last_event
from bench.tally import Tally, take_tally
from bench.wheels import tagger_wheel

# Names of the modules and how many seconds their runs take.
MODULES = {"bench_instant": 0.0, "bench_short": 0.1, "bench_long": 0.3}
VICTIMS = ("modules worker", "fork server", "run", "broker")
EXPECTED = {"success", "failure", "timeout", "died"}
START_SECONDS, BACK_SECONDS, LIMIT_SECONDS = 180.0, 120.0, 90.0
LOOK_SECONDS = 0.01


class Load:
    """Creates IOCs at a steady pace until it is ended, whatever happens to the parts behind the API."""

    def __init__(self, installation: Installation, key: str, *, per_second: float) -> None:
        self.target = Target("127.0.0.1", installation.port, key)
        self.pause = 1 / per_second
        self.created = 0
        self.refused: list[str] = []
        self.longest = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        connection = Connection(self.target)
        types = data_of(connection.send(Call("/manage/ioc-types/list")))
        domain = next(row for row in types if row["type_name"] == "domain")
        body = {"cid": 1, "ioc_type_id": domain["type_id"], "ioc_tlp_id": 2, "ioc_tags": "bench"}
        body |= {"ioc_description": "Seen by sensor 3"}
        prefix = secrets.token_hex(8)
        while not self._stop.wait(self.pause):
            value = f"{prefix}-{self.created:06d}.example.com"
            begin = time.monotonic()
            try:
                connection.send(Call("/case/ioc/add", orjson.dumps({**body, "ioc_value": value})))
                self.created += 1
            except (RequestFailed, OSError, HTTPException) as error:
                self.refused.append(repr(error))
                connection.close()
            self.longest = max(self.longest, time.monotonic() - begin)
        connection.close()


@dataclass
class Killer:
    """Kills processes of an installation and remembers which."""

    installation: Installation
    chance: random.Random
    killed: Counter[str] = field(default_factory=Counter)

    def strike(self, victim: str, *, patience: float = BACK_SECONDS) -> None:
        """Kill one of the processes of a kind, as soon as there is one. Raise TimeoutError."""
        found: list[int] = []
        deadline = time.monotonic() + patience
        while not (found := self._processes(victim)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"no {victim} in {patience} s")
            time.sleep(LOOK_SECONDS)
        kill(self.chance.choice(found))
        self.killed[victim] += 1

    def strike_at_random(self, kills: int, *, pauses: tuple[float, float]) -> None:
        """Kill so many processes of random kinds, each after a random pause of so many seconds."""
        for _ in range(kills):
            time.sleep(self.chance.uniform(*pauses))
            self.strike(self.chance.choice(VICTIMS))

    def _processes(self, victim: str) -> list[int]:
        if victim == "run":
            return self.installation.run_processes()
        if victim == "fork server":
            return self.installation.fork_servers()
        pid = self.installation.part("broker" if victim == "broker" else "modules")
        return [] if pid is None else [pid]


def install_taggers(installation: Installation, modules: dict[str, float]) -> None:
    """Install tagging modules whose runs take so many seconds."""
    with tempfile.TemporaryDirectory() as folder:
        for package, seconds in modules.items():
            wheel = tagger_wheel(package, Path(folder))
            installation.manage("modules", "install", "--bare", str(wheel))
            installation.manage("modules", "configure", package, f"seconds={seconds}")


def wait_until_all_ended(database: Database, seconds: float) -> float | None:
    """Wait until nothing is left to run and return how long that took, None when it took too long."""
    began = time.monotonic()
    with suppress(TimeoutError):
        wait_for(lambda: rows.is_quiet(database), seconds, "every run ended")
        return round(time.monotonic() - began, 1)
    return None


def left_behind(installation: Installation, folder: Path) -> list[int]:
    """Return the processes at work below a folder that nobody of the installation has started."""
    known = {installation.pid, *descendants(installation.pid)}
    found = []
    for place in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            if place.readlink().is_relative_to(folder) and int(place.parent.name) not in known:
                found.append(int(place.parent.name))
    return found


def report_of(
    tally: Tally, killer: Killer, load: Load, seconds: float | None, orphans: Sequence[int]
) -> dict[str, Any]:
    """Return what a person or a program wants to know."""
    unexpected = sorted(set(tally.ended) - EXPECTED)
    is_right = not tally.problems() and not unexpected and not load.refused and not orphans
    return {
        "killed": dict(killer.killed),
        "iocs": load.created,
        "refused_by_the_api": load.refused[:10],
        "longest_request_seconds": round(load.longest, 2),
        "seconds_until_all_had_ended": seconds,
        "processes_left_behind": len(orphans),
        "tally": tally.report(),
        "unexpected_endings": unexpected,
        "is_right": is_right and seconds is not None,
    }


def measure(installation: Installation, options: argparse.Namespace, key: str) -> dict[str, Any]:
    """Install, load, kill, wait, and return the report."""
    url = os.environ.get("DATABASE_URL", "")
    data = Path(installation.variables["SOAR_DATA_DIR"])
    database: Database = Postgres(url) if url else Sqlite(data / "soar.sqlite3")
    install_taggers(installation, MODULES)
    since = last_event(database)
    killer = Killer(installation, random.Random(options.seed))
    began = time.monotonic()
    with Load(installation, key, per_second=options.rate) as load:
        killer.strike_at_random(options.kills, pauses=(0.5, options.pause))
    sys.stderr.write(f"{options.kills} kills in {time.monotonic() - began:.0f} s\n")
    seconds = wait_until_all_ended(database, LIMIT_SECONDS)
    tally = take_tally(database, since, MODULES)
    orphans = left_behind(installation, Path(installation.variables["TMPDIR"]))
    for package in MODULES:
        installation.manage("modules", "remove", package)
    return report_of(tally, killer, load, seconds, orphans) | {"seed": options.seed}


def main() -> None:
    """Read the command line, do it, print JSON; exit 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description="Kill parts under load and count what is lost.")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--rate", type=float, default=1.0, help="IOCs per second")
    parser.add_argument("--pause", type=float, default=5.0, help="seconds between kills, at most")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    options = parser.parse_args()
    key = secrets.token_urlsafe(64)
    with tempfile.TemporaryDirectory(prefix="bench-killing-") as folder:
        scratch = Path(folder) / "scratch"
        scratch.mkdir()
        variables = {"SOAR_ADMIN_API_KEY": key, "TMPDIR": str(scratch)}
        if url := os.environ.get("DATABASE_URL"):
            variables["DATABASE_URL"] = url
        installation = Installation(Path(folder), **variables)
        with running(installation, START_SECONDS):
            report = measure(installation, options, key)
    sys.stdout.write(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode() + "\n")
    sys.exit(0 if report["is_right"] else 1)


if __name__ == "__main__":
    main()
