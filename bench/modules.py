"""Measure module runs under `manage.py up` on PostgreSQL and Redis: delays, a burst, the API meanwhile, memory.

DATABASE_URL=... REDIS_URL=... SOAR_DATA_DIR=... python -m bench.modules --key KEY

Three modules that only tag the new IOC (`bench.tagger`) are installed, each into an environment of its own.
Delays are counted from the moment before the commit of the IOC, on the clock of this host.
"""

import argparse
import itertools
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
import orjson

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "soar.settings")
django.setup()

# All of these import models, which needs Django to be set up: so E402.
from bench import rows  # noqa: E402
from bench.client import Call, Connection, Target, Timings, data_of, drive  # noqa: E402
from bench.installation import Installation, descendants, running, wait_for  # noqa: E402
from bench.rows import Postgres, last_event  # noqa: E402
from bench.tally import delays, quantiles, take_tally  # noqa: E402
from bench.wheels import tagger_wheel  # noqa: E402
from modules.models import Module  # noqa: E402
from modules.services import registry  # noqa: E402
from modules.services.installing import install_module, uninstall_module  # noqa: E402
from soar.core.actor import Actor, system_actor  # noqa: E402
from soar.core.selectors import first_administrator  # noqa: E402

PACKAGES = ("bench_one", "bench_two", "bench_three")
TARGETS = {
    "started_p50_ms": 100.0,
    "started_p99_ms": 1000.0,
    "effect_p50_ms": 300.0,
    "effect_fresh_p50_ms": 1000.0,
    "busy_over_idle": 1.5,
}
PARTS = ("one_module", "three_modules", "fresh_interpreter", "burst", "api")
START_SECONDS, QUIET_SECONDS = 180.0, 300.0
LOOK_SECONDS = 0.005
WARM_UP = 5
BURST_CONNECTIONS = 4
PAUSE_SEEN_SECONDS = 60.0
Calls = dict[str, Callable[[], Call]]


class Bench:
    """A running installation, its database, and the three modules in it."""

    def __init__(self, installation: Installation, key: str) -> None:
        self.installation = installation
        self.database = Postgres(os.environ["DATABASE_URL"])
        self.target = Target("127.0.0.1", installation.port, key)
        self.connection = Connection(self.target)
        self.actor: Actor = system_actor(first_administrator())
        self.modules: dict[str, Module] = {}
        self.add_ioc = self._ioc_maker()

    def install(self) -> None:
        """Install the modules, the first time they are missing, and keep them from running."""
        with tempfile.TemporaryDirectory() as folder:
            for package in PACKAGES:
                wheel = tagger_wheel(package, Path(folder))
                self.modules[package] = install_module(self.actor, str(wheel), also=())
        self.only()

    def uninstall(self) -> None:
        """Take the modules away again."""
        for module in self.modules.values():
            uninstall_module(self.actor, module.pk)

    def only(self, *packages: str, is_preimported: bool = True) -> None:
        """Let these modules run and no other."""
        for module in Module.objects.exclude(package__in=packages).filter(is_active=True):
            registry.disable_module(self.actor, module.pk)
        for package in packages:
            pk = self.modules[package].pk
            registry.update_limits(self.actor, pk, is_preimported=is_preimported)
            registry.enable_module(self.actor, pk)

    # --- what is measured

    def one_at_a_time(
        self, packages: tuple[str, ...], *, count: int, is_preimported: bool = True
    ) -> dict[str, Any]:
        """Create IOCs one after the other, each when the runs of the last have ended."""
        self.only(*packages, is_preimported=is_preimported)
        for _ in range(WARM_UP):
            self._create_and_wait()
        since = last_event(self.database)
        seen = [self._create_and_wait() for _ in range(count)]
        found = delays(rows.runs(self.database, since))
        return found | {"request_to_effect_seen_ms": quantiles(seen)}

    def burst(self, count: int) -> dict[str, Any]:
        """Create IOCs as fast as the API allows, wait until every run has ended, and tally."""
        self.only(*PACKAGES)
        self._create_and_wait()
        since = last_event(self.database)
        with self._highest_memory() as memory:
            written = drive(
                self.target,
                self.add_ioc,
                connections=BURST_CONNECTIONS,
                count=count,
                seconds=QUIET_SECONDS,
            )
            self._wait_until_quiet()
        found = rows.runs(self.database, since)
        last = max(run.done or 0.0 for run in found) - min(run.queued for run in found)
        return {
            "iocs": written.count,
            "iocs_per_second": round(written.count / written.seconds, 1),
            "runs_per_second": round(len(found) / last, 1),
            "seconds_until_all_had_ended": round(last, 1),
            "tally": take_tally(self.database, since, PACKAGES).report(),
            "memory": memory,
        }

    def api_beside_modules(self, rounds: int, count: int) -> dict[str, Any]:
        """Time requests in turns with the modules paused and with them busy, over one connection."""
        self.only(*PACKAGES)
        ioc_id = data_of(self.connection.send(self.add_ioc()))["ioc_id"]
        one = Call(f"/case/ioc/{ioc_id}?cid=1")
        calls: Calls = {"read an ioc": lambda: one, "add an ioc": self.add_ioc}
        ratios: dict[str, list[dict[str, float]]] = {name: [] for name in calls}
        for _ in range(rounds):
            with self._paused():
                self._fill(count)
                idle = {name: self._time(make, count) for name, make in calls.items()}
            self._wait_until_busy()
            busy = {name: self._time(make, count) for name, make in calls.items()}
            self._require_busy()
            for name in calls:
                ratios[name].append(_compared(idle[name], busy[name]))
            self._wait_until_quiet()
        return {
            name: {key: round(statistics.median(one[key] for one in found), 2) for key in found[0]}
            for name, found in ratios.items()
        }

    # --- steps

    def _create_and_wait(self) -> float:
        """Create an IOC, wait until its runs have ended, and return the milliseconds both took."""
        started = time.perf_counter()
        self.connection.send(self.add_ioc())
        deadline = started + QUIET_SECONDS
        while not rows.is_quiet(self.database) and time.perf_counter() < deadline:
            time.sleep(LOOK_SECONDS)
        return (time.perf_counter() - started) * 1000

    def _time(self, make: Callable[[], Call], count: int) -> Timings:
        return drive(self.target, make, connections=1, count=count, seconds=QUIET_SECONDS)

    def _fill(self, count: int) -> None:
        """Queue more runs than the busy half of a round can see the end of."""
        drive(self.target, self.add_ioc, connections=4, count=2 * count, seconds=QUIET_SECONDS)

    @contextmanager
    def _paused(self) -> Iterator[None]:
        """Keep runs from starting meanwhile."""
        registry.set_paused(self.actor, is_paused=True, reason="measuring")
        try:
            wait_for(lambda: not self._running(), PAUSE_SEEN_SECONDS, "no module runs")
            yield
        finally:
            registry.set_paused(self.actor, is_paused=False)

    def _running(self) -> int:
        query = "SELECT count(*) FROM modules_modulerun WHERE status = 'running'"
        return int(self.database.read(query)[0][0])

    def _wait_until_busy(self) -> None:
        wait_for(self._running, PAUSE_SEEN_SECONDS, "modules run")

    def _require_busy(self) -> None:
        if rows.is_quiet(self.database):
            raise RuntimeError("the modules had nothing to do any more: too few runs were queued")

    def _wait_until_quiet(self) -> None:
        wait_for(lambda: rows.is_quiet(self.database), QUIET_SECONDS, "every run ended")

    @contextmanager
    def _highest_memory(self) -> Iterator[dict[str, Any]]:
        """Fill in, in the end, what the modules worker and its interpreters take up."""
        found: dict[str, Any] = {}
        yield found
        worker = self.installation.part("modules")
        if worker is not None:
            servers = self.installation.fork_servers()
            found["worker_mb"] = _megabytes([worker])
            found["fork_servers"] = len(servers)
            found["fork_servers_mb"] = _megabytes(servers)
            found["together_mb"] = _megabytes([worker, *descendants(worker)])

    def _ioc_maker(self) -> Callable[[], Call]:
        types = data_of(self.connection.send(Call("/manage/ioc-types/list")))
        names = {row["type_name"]: row["type_id"] for row in types}
        body = {"cid": 1, "ioc_type_id": names["domain"], "ioc_tlp_id": 2, "ioc_tags": "bench"}
        prefix, numbers = secrets.token_hex(8), itertools.count()

        def make() -> Call:
            value = f"{prefix}-{next(numbers):06d}.example.com"
            text = {**body, "ioc_value": value, "ioc_description": "Seen by sensor 3"}
            return Call("/case/ioc/add", orjson.dumps(text))

        return make


def _compared(idle: Timings, busy: Timings) -> dict[str, float]:
    figures = {}
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        figures[f"idle_{name}_ms"] = idle.percentile(share)
        figures[f"busy_{name}_ms"] = busy.percentile(share)
        figures[f"{name}_ratio"] = busy.percentile(share) / idle.percentile(share)
    return figures


def _megabytes(pids: list[int]) -> float:
    """Return the memory of some processes, what they share divided among all who share it."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            total += int(line.split()[1]) if line.startswith("Pss:") else 0
    return round(total / 1024, 1)


def measure(bench: Bench, options: argparse.Namespace) -> dict[str, Any]:
    """Return the report of the parts asked for."""
    one, three = PACKAGES[:1], PACKAGES
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "one_module": lambda: bench.one_at_a_time(one, count=options.events),
        "three_modules": lambda: bench.one_at_a_time(three, count=options.events // 2),
        "fresh_interpreter": lambda: bench.one_at_a_time(
            one, count=options.events // 4, is_preimported=False
        ),
        "burst": lambda: bench.burst(options.burst),
        "api": lambda: bench.api_beside_modules(options.rounds, options.requests),
    }
    report: dict[str, Any] = {"load_average": os.getloadavg()}
    for name in options.parts:
        report[name] = parts[name]()
        sys.stderr.write(f"{name} done\n")
    return report | {"targets": TARGETS, "missed": missed(report)}


def missed(report: dict[str, Any]) -> list[str]:
    """Return which targets were not met, of those that were measured."""
    figures: dict[str, float] = {}
    if one := report.get("one_module"):
        figures["started_p50_ms"] = one["started_ms"]["p50"]
        figures["started_p99_ms"] = one["started_ms"]["p99"]
        figures["effect_p50_ms"] = one["effect_ms"]["p50"]
    if fresh := report.get("fresh_interpreter"):
        figures["effect_fresh_p50_ms"] = fresh["effect_ms"]["p50"]
    if api := report.get("api"):
        figures["busy_over_idle"] = max(call["p50_ratio"] for call in api.values())
    late = [name for name, figure in figures.items() if figure > TARGETS[name]]
    is_right = report.get("burst", {}).get("tally", {}).get("is_right", True)
    return late if is_right else [*late, "tally"]


def _parts(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = set(names) - set(PARTS)
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown: {sorted(unknown)}, known: {list(PARTS)}")
    return names


def main() -> None:
    """Read the command line, measure, print JSON."""
    parser = argparse.ArgumentParser(description="Measure module runs.")
    parser.add_argument("--key", default=os.environ.get("SOAR_ADMIN_API_KEY", ""))
    parser.add_argument("--events", type=int, default=200, help="IOCs created one at a time")
    parser.add_argument("--burst", type=int, default=500, help="IOCs created at once")
    parser.add_argument("--rounds", type=int, default=3, help="of the API beside busy modules")
    parser.add_argument("--requests", type=int, default=100, help="of each kind in such a round")
    parser.add_argument("--parts", type=_parts, default=list(PARTS), help=",".join(PARTS))
    options = parser.parse_args()
    names = ("DATABASE_URL", "REDIS_URL", "SOAR_DATA_DIR")
    for name in names:
        if not os.environ.get(name):
            parser.error(f"set {name}: the targets are for PostgreSQL and Redis")
    kept = {name: os.environ[name] for name in names}
    with tempfile.TemporaryDirectory(prefix="bench-modules-") as folder:
        installation = Installation(Path(folder), SOAR_ADMIN_API_KEY=options.key, **kept)
        with running(installation, START_SECONDS):
            bench = Bench(installation, options.key)
            bench.install()
            try:
                report = measure(bench, options)
            finally:
                bench.uninstall()
    sys.stdout.write(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode() + "\n")


if __name__ == "__main__":
    main()
