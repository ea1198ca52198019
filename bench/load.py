"""Fill an installation with the benchmark's data, over its API or, with --fast, through its services.

    python -m bench.load --url http://127.0.0.1:8000 --key KEY --token TOKEN
    python -m bench.load --fast --key KEY          (with DATABASE_URL and SOAR_DATA_DIR of the installation)

Loading again adds only what is missing.
"""

import argparse
import itertools
import os
import sys
import time
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any, Protocol
from urllib.parse import urlsplit

import orjson

from bench import data
from bench.client import Call, Connection, Target, data_of, drive
from bench.data import Body, Reference, Sizes

WRITING_CONNECTIONS = 4
FOREVER = float("inf")
Write = tuple[str, int, Body]  # path, context case, body


class Door(Protocol):
    """A way into an installation."""

    def read(self, path: str) -> Any:
        """Return the data of a GET."""

    def write(self, writes: list[Write]) -> None:
        """Carry out the writes, in any order."""


class HttpDoor:
    """The API over HTTP."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.connection = Connection(target)

    def read(self, path: str) -> Any:
        """Return the data of a GET."""
        return data_of(self.connection.send(Call(path)))

    def write(self, writes: list[Write]) -> None:
        """Post the bodies over several connections."""
        calls = iter(writes)

        def next_call() -> Call:
            path, case_id, body = next(calls)
            return Call(f"/{path}", orjson.dumps({**body, "cid": case_id} if case_id else body))

        drive(
            self.target,
            next_call,
            connections=min(WRITING_CONNECTIONS, max(1, len(writes))),
            count=len(writes),
            seconds=FOREVER,
        )


class Loader:
    """Brings what is missing through a door."""

    def __init__(self, door: Door, sizes: Sizes) -> None:
        self.door = door
        self.sizes = sizes
        self.reference = _reference(door)

    def load(self) -> None:
        """Bring everything."""
        self.load_cases()
        cases = _case_ids(self.door)
        big = cases[data.BIG]
        others = [number for marker, number in sorted(cases.items()) if marker[-4:].isdigit()]
        self.load_iocs(big, others[: data.SHARING_CASES])
        iocs = self._ids(f"/case/ioc/list?cid={big}", "ioc", "ioc_value", "ioc_id")
        ioc_ids = _of(iocs, map(data.ioc_value, range(self.sizes.iocs)))
        self.load_assets(big, others[: data.SHARING_CASES], ioc_ids)
        assets = self._ids(f"/case/assets/list?cid={big}", "assets", "asset_name", "asset_id")
        asset_ids = _of(assets, map(data.asset_name, range(self.sizes.assets)))
        self.load_events(big, asset_ids, ioc_ids)
        self.load_tasks(big)
        self.load_notes(big)
        self.load_alerts()

    def load_cases(self) -> None:
        """Bring the cases."""
        present = _case_ids(self.door)
        markers = data.case_markers(self.sizes)
        self._write(
            "manage/cases/add",
            (
                (1, data.case_body(number, self.reference, soc_id=marker))
                for number, marker in enumerate(markers)
                if marker not in present
            ),
        )

    def load_iocs(self, big: int, others: list[int]) -> None:
        """Bring the indicators of the big case, and some of them to other cases as well."""
        for case_id, numbers in self._spread(big, others, self.sizes.iocs):
            present = self._ids(f"/case/ioc/list?cid={case_id}", "ioc", "ioc_value", "ioc_id")
            bodies = (data.ioc_body(number, self.reference) for number in numbers)
            missing = ((case_id, body) for body in bodies if body["ioc_value"] not in present)
            self._write("case/ioc/add", missing)

    def load_assets(self, big: int, others: list[int], ioc_ids: list[int]) -> None:
        """Bring the assets of the big case, and some of them to other cases as well."""
        for case_id, numbers in self._spread(big, others, self.sizes.assets):
            present = self._ids(
                f"/case/assets/list?cid={case_id}", "assets", "asset_name", "asset_id"
            )
            links = ioc_ids if case_id == big else []
            bodies = (data.asset_body(number, self.reference, links) for number in numbers)
            missing = ((case_id, body) for body in bodies if body["asset_name"] not in present)
            self._write("case/assets/add", missing)

    def load_events(self, big: int, asset_ids: list[int], ioc_ids: list[int]) -> None:
        """Bring the timeline of the big case."""
        path = f"/case/timeline/events/list?cid={big}"
        present = self._ids(path, "timeline", "event_title", "event_id")
        numbers = range(self.sizes.events)
        missing = (number for number in numbers if data.event_title(number) not in present)
        bodies = ((big, data.event_body(number, asset_ids, ioc_ids)) for number in missing)
        self._write("case/timeline/events/add", bodies)

    def load_tasks(self, big: int) -> None:
        """Bring the tasks of the big case."""
        present = self._ids(f"/case/tasks/list?cid={big}", "tasks", "task_title", "task_id")
        numbers = range(self.sizes.tasks)
        missing = (number for number in numbers if data.task_title(number) not in present)
        self._write("case/tasks/add", ((big, data.task_body(n, self.reference)) for n in missing))

    def load_notes(self, big: int) -> None:
        """Bring the notes of the big case, all in one group."""
        path = f"/case/notes/groups/list?cid={big}"
        if data.MARKER not in self._ids(path, "groups", "group_title", "group_id"):
            self._write("case/notes/groups/add", [(big, {"group_title": data.MARKER})])
        groups = self.door.read(path)["groups"]
        group = next(group for group in groups if group["group_title"] == data.MARKER)
        present = {note["note_title"] for note in group["notes"]}
        numbers = range(self.sizes.notes)
        missing = (number for number in numbers if data.note_title(number) not in present)
        self._write(
            "case/notes/add", ((big, data.note_body(n, group["group_id"])) for n in missing)
        )

    def load_alerts(self) -> None:
        """Bring the triage events; the door takes in only those it does not know."""
        bodies = ((0, data.alert_body(number)) for number in range(self.sizes.alerts))
        self._write("incmansuite_ng/api/v3/triage/", bodies)

    def _spread(
        self, big: int, others: list[int], count: int
    ) -> Iterator[tuple[int, Iterable[int]]]:
        yield big, range(count)
        places = sorted(data.shared(count), key=lambda pair: pair[1])
        for place, pairs in itertools.groupby(places, key=lambda pair: pair[1]):
            if place < len(others):
                yield others[place], [number for number, _ in pairs]

    def _ids(self, path: str, family: str, name: str, key: str) -> dict[str, int]:
        return {row[name]: row[key] for row in self.door.read(path)[family]}

    def _write(self, path: str, bodies: Iterable[tuple[int, Body]]) -> None:
        writes = [(path, case_id, body) for case_id, body in bodies]
        started = time.monotonic()
        if writes:
            self.door.write(writes)
            seconds = time.monotonic() - started
            sys.stderr.write(f"{path}: {len(writes)} in {seconds:.1f} s\n")


def _of(ids: dict[str, int], names: Iterable[str]) -> list[int]:
    return [ids[name] for name in names if name in ids]


def _case_ids(door: Door) -> dict[str, int]:
    rows = door.read("/manage/cases/list")
    return {row["case_soc_id"]: row["case_id"] for row in rows}


def _reference(door: Door) -> Reference:
    types = {row["type_name"]: row["type_id"] for row in door.read("/manage/ioc-types/list")}
    return Reference(
        ioc_types=tuple(types[name] for name in data.TYPE_NAMES),
        tlps=tuple(row["tlp_id"] for row in door.read("/manage/tlp/list")),
        asset_types=tuple(row["asset_id"] for row in door.read("/manage/asset-type/list")),
        analysis_status=door.read("/manage/analysis-status/list")[0]["id"],
        task_status=door.read("/manage/task-status/list")[0]["id"],
        customer=1,
        user=1,
    )


def target_of(url: str, key: str, token: str = "") -> Target:
    """Return the target that a URL names."""
    parts = urlsplit(url)
    return Target(parts.hostname or "127.0.0.1", parts.port or 80, key, token)


def main() -> None:
    """Read the command line and load."""
    parser = argparse.ArgumentParser(description="Fill an installation with the benchmark's data.")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--key", default=os.environ.get("SOAR_ADMIN_API_KEY", ""))
    parser.add_argument("--token", default=os.environ.get("SOAR_BENCH_TOKEN", ""))
    parser.add_argument("--fast", action="store_true", help="through the services, in this process")
    for name, default in vars(Sizes()).items():
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    sizes = Sizes(**{name: getattr(options, name) for name in vars(Sizes())})
    if options.fast:
        # Imported only here: it needs the installation's settings.
        door: Door = import_module("bench.services").ServiceDoor(options.key)
    else:
        door = HttpDoor(target_of(options.url, options.key, options.token))
    Loader(door, sizes).load()


if __name__ == "__main__":
    main()
