"""Whether everything is right after many module runs, and how fast they were.

All is right when every new IOC has a run of every module, each run is the only one of its event and module
and has ended, and what a run wrote stands once in the audit trail and once on the IOC.
"""

import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from bench import rows
from bench.rows import Database, Run

FIELD = "Run"  # of the attribute the tagging module writes
SUCCESS = "success"


@dataclass
class Tally:
    """What became of the runs since a moment. All but the numbers should be empty."""

    iocs: int
    runs: int
    ended: dict[str, int]
    missing: int
    stuck: list[int] = field(default_factory=list)
    doubled: list[int] = field(default_factory=list)
    unwritten: list[int] = field(default_factory=list)
    written_twice: list[int] = field(default_factory=list)
    written_without_success: list[int] = field(default_factory=list)
    wrong_on_ioc: list[int] = field(default_factory=list)

    def problems(self) -> list[str]:
        """Return the names of what is not as it should be."""
        return [name for name in vars(self) if name in LISTS and getattr(self, name)]

    def report(self) -> dict[str, Any]:
        """Return the tally for a reader; of the lists their lengths and first members."""
        short = {name: _short(getattr(self, name)) for name in LISTS if name != "missing"}
        numbers = {name: value for name, value in vars(self).items() if name not in short}
        return numbers | short | {"is_right": not self.problems()}


LISTS = (
    "missing",
    "stuck",
    "doubled",
    "unwritten",
    "written_twice",
    "written_without_success",
    "wrong_on_ioc",
)


def take_tally(database: Database, since: int, modules: Iterable[str]) -> Tally:
    """Return the tally of the runs of some tagging modules since an entry in the audit trail."""
    names = set(modules)
    found = [run for run in rows.runs(database, since) if run.module in names]
    iocs = rows.created_iocs(database, since)
    tally = Tally(
        iocs=iocs,
        runs=len(found),
        ended=dict(Counter(run.status for run in found)),
        missing=iocs * len(names) - len({(run.event, run.module) for run in found}),
        stuck=[run.id for run in found if run.is_open],
    )
    causes = Counter((run.event, run.module) for run in found)
    tally.doubled = [run.id for run in found if causes[run.event, run.module] > 1]
    written = Counter(rows.enrichments(database, since))
    there = rows.attributes(database)
    for run in found:
        _judge(tally, run, written[f"module_{run.module}", run.ioc], there.get(run.ioc, {}))
    return tally


def _judge(tally: Tally, run: Run, times_written: int, attributes: dict[str, Any]) -> None:
    """Note what is wrong with what a run wrote."""
    shown = attributes.get(run.module, {}).get(FIELD, {}).get("value")
    if run.status == SUCCESS and times_written == 0:
        tally.unwritten.append(run.id)
    if times_written > 1:
        tally.written_twice.append(run.id)
    if run.status != SUCCESS and (times_written or run.has_written):
        tally.written_without_success.append(run.id)
    if shown != (str(run.id) if run.status == SUCCESS else None):
        tally.wrong_on_ioc.append(run.id)


def delays(found: list[Run]) -> dict[str, Any]:
    """Return the milliseconds from the change to the start and to the end of runs."""
    ended = [run for run in found if run.started is not None and run.done is not None]
    return {
        "runs": len(ended),
        "started_ms": quantiles([run.until_started() for run in ended]),
        "effect_ms": quantiles([run.until_done() for run in ended]),
    }


def quantiles(values: list[float]) -> dict[str, float]:
    """Return median, 99th percentile and largest of some values."""
    ordered = sorted(values)
    return {
        "p50": round(statistics.median(ordered), 1),
        "p99": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], 1),
        "longest": round(ordered[-1], 1),
    }


def _short(found: list[int]) -> dict[str, Any] | int:
    return {"number": len(found), "first": found[:10]} if found else 0
