"""Module runs in a real installation: every part a process, broker and worker killed on the way."""

import base64
import json
import os
import random
import secrets
import shutil
import signal
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.installation import Installation, is_alive, running, wait_for
from bench.killing import EXPECTED, Killer, Load, wait_until_all_ended
from bench.rows import Run, Sqlite, last_event, runs
from bench.tally import take_tally
from bench.wheels import tagger_wheel

pytestmark = [pytest.mark.slow]
START_SECONDS, LONGEST_SECONDS = 240, 180
TAGGER, CHECK = "end_to_end_tagger", "watchfloor_check"
INSTALL = """
from modules.services.installing import install_module
from modules.services.registry import update_limits
from soar.core.actor import system_actor
from soar.core.selectors import first_administrator
actor = system_actor(first_administrator())
module = install_module(actor, "{wheel}", also=())
update_limits(actor, module.pk, maximum_retries=1)
"""


class Place:
    """An installation with a shipped module and one of our own, seen from outside."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.key = installation.key()
        self.path = Path(installation.variables["SOAR_DATA_DIR"]) / "soar.sqlite3"
        self.database = Sqlite(self.path)

    def install(self) -> None:
        """Install our module, which may be tried again, and enable the shipped one."""
        with tempfile.TemporaryDirectory() as folder:
            wheel = tagger_wheel(TAGGER, Path(folder))
            self.installation.manage("shell", "-c", INSTALL.format(wheel=wheel))
        self.call(f"manage/modules/enable/{self.module(CHECK)}", {})

    def call(self, path: str, body: Any = None) -> Any:
        """Send a request that must succeed and return the data of the answer."""
        status, text = self.installation.call(path, self.key, body)
        assert status == 200, text
        return json.loads(text)["data"]

    def module(self, package: str) -> int:
        """Return the id of a module."""
        listed = self.call("manage/modules/list")
        return next(one["id"] for one in listed if one["module_name"] == package)

    def take_so_long(self, seconds: float) -> None:
        """Let the runs of our module take some time."""
        name = base64.b64encode(f"{self.module(TAGGER)}##seconds".encode()).decode()
        self.call(f"manage/modules/set-parameter/{name}", {"parameter_value": seconds})

    def add_ioc(self) -> int:
        """Create an IOC and return its id."""
        types = self.call("manage/ioc-types/list")
        domain = next(one["type_id"] for one in types if one["type_name"] == "domain")
        body = {"cid": 1, "ioc_type_id": domain, "ioc_tlp_id": 2, "ioc_description": "Seen"}
        value = f"{secrets.token_hex(8)}.example.com"
        added = self.call("case/ioc/add", body | {"ioc_value": value, "ioc_tags": "first"})
        return int(added["ioc_id"])

    def runs_on(self, ioc_id: int) -> dict[str, Run]:
        """Return the runs about an IOC by the packages of their modules."""
        return {run.module: run for run in runs(self.database, 0) if run.ioc == (1, ioc_id)}

    def wait_for(self, ioc_id: int, **statuses: str) -> None:
        """Wait until the runs about an IOC have come so far."""

        def are_there() -> bool:
            found = self.runs_on(ioc_id)
            return all(name in found and found[name].status == statuses[name] for name in statuses)

        wait_for(are_there, LONGEST_SECONDS, f"runs are {statuses}")

    def let_leases_run_out(self) -> None:
        """Let the time pass that a run without a worker is waited for."""
        connection = sqlite3.connect(self.path, timeout=20)
        with connection:
            connection.execute("UPDATE modules_modulerun SET lease_until = queued_at")
        connection.close()


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """One installation for all tests of this file."""
    directory = Path(tempfile.mkdtemp(prefix="soar-end-to-end-"))
    try:
        with running(Installation(directory, SOAR_WORKERS="1"), START_SECONDS) as installation:
            found = Place(installation)
            found.install()
            yield found
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def no_broker(installation: Installation) -> Iterator[None]:
    """Be without a broker: it is killed, and whoever would start it again is held."""
    broker = installation.part("broker") or 0
    os.kill(installation.pid, signal.SIGSTOP)
    try:
        os.kill(broker, signal.SIGKILL)
        wait_for(lambda: not is_alive(broker), LONGEST_SECONDS, "no broker")
        yield
    finally:
        os.kill(installation.pid, signal.SIGCONT)


def test_a_new_ioc_is_seen_by_every_module_that_listens(place: Place) -> None:
    ioc_id = place.add_ioc()
    place.wait_for(ioc_id, end_to_end_tagger="success", watchfloor_check="success")
    assert set(place.runs_on(ioc_id)) == {TAGGER, CHECK}
    ioc = place.call(f"case/ioc/{ioc_id}?cid=1")
    assert ioc["ioc_tags"] == f"first,{TAGGER}"
    assert ioc["custom_attributes"][TAGGER]["Run"]["value"]


def test_without_a_broker_analysts_work_on_and_runs_wait(place: Place) -> None:
    def states() -> list[str]:
        return [one["state"].partition(":")[0] for one in place.call("dim/tasks/list/2")]

    with no_broker(place.installation):
        ioc_id = place.add_ioc()
        place.wait_for(ioc_id, end_to_end_tagger="pending", watchfloor_check="pending")
        assert states() == ["pending", "pending"]
    place.wait_for(ioc_id, end_to_end_tagger="success", watchfloor_check="success")
    assert states() == ["success", "success"]


def test_a_run_whose_worker_is_killed_is_tried_again_and_written_once(
    place: Place, once_written: Callable[..., None]
) -> None:
    place.take_so_long(2)
    since = last_event(place.database)
    ioc_id = place.add_ioc()
    killer = Killer(place.installation, random.Random(1))
    place.wait_for(ioc_id, end_to_end_tagger="running")
    killer.strike("modules worker")
    place.let_leases_run_out()
    place.wait_for(ioc_id, end_to_end_tagger="success")
    once_written(since)
    attempts = "SELECT max(attempts) FROM modules_modulerun WHERE status = 'success'"
    assert place.database.read(attempts) == [(2,)]


def test_whatever_is_killed_every_run_ends_and_is_written_once(
    place: Place, once_written: Callable[..., None]
) -> None:
    place.take_so_long(0.2)
    since = last_event(place.database)
    killer = Killer(place.installation, random.Random(2))
    with Load(place.installation, place.key, per_second=2) as load:
        for victim in ("run", "broker", "modules worker"):
            killer.strike(victim)
        place.let_leases_run_out()
    assert load.refused == []
    once_written(since)


@pytest.fixture
def once_written(place: Place) -> Callable[..., None]:
    """Wait until all has ended, and check that each run of our module did what it had to, once."""

    def check(since: int) -> None:
        assert wait_until_all_ended(place.database, LONGEST_SECONDS) is not None
        tally = take_tally(place.database, since, [TAGGER])
        assert (tally.problems(), set(tally.ended) - EXPECTED) == ([], set())
        assert tally.runs > 0

    return check
