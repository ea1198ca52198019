"""Every route of the IRIS door is sent once, and fires the hook contract iris-modules §1.2 names, or none."""

import re
from typing import Any

import pytest

from modules.hooks import HOOKS, PRELOADS, Fired, hooks_of_event, last_known, payload_of, wire_id
from modules.snapshots import take
from soar.core.models import AuditLog
from tests.api.iris.calls import body_of, path_of, send
from tests.api.iris.conftest import world
from tests.api.iris.permission_table import TABLE, Line
from tests.api.iris.world import World
from tests.database import undone

pytestmark = pytest.mark.django_db
NOUNS = {
    "case/assets": "asset",
    "case/ioc": "ioc",
    "case/notes": "note",
    "case/timeline/events": "event",
    "case/evidences": "evidence",
    "case/tasks": "task",
}
WRITTEN = {"add": ("create", "object"), "update": ("update", "object"), "delete": ("delete", "id")}
# Which routes fire what, and in which form the module gets it; all others fire nothing.
FIRING: dict[str, tuple[str, str, str]] = {
    "manage/cases/add": ("case", "case_create", "object"),
    "manage/cases/update": ("case", "case_update", "object"),
    "manage/cases/close": ("case", "case_update", "object"),
    "manage/cases/reopen": ("case", "case_update", "object"),
    "manage/cases/delete": ("case", "case_delete", "id"),
    "global/tasks/add": ("global_task", "global_task_create", "object"),
    "global/tasks/update": ("global_task", "global_task_update", "object"),
    "global/tasks/delete": ("global_task", "global_task_delete", "details"),
    **{
        f"{path}/{verb}": (noun, f"{noun}_{deed}", data)
        for path, noun in NOUNS.items()
        for verb, (deed, data) in WRITTEN.items()
    },
}
# What is done with modules themselves has tests of its own and fires nothing.
ABOUT_MODULES = ("dim/", "manage/modules/")
LINES = [line for line in TABLE if not line.path.startswith(ABOUT_MODULES)]
CALLS = [(line, method) for line in LINES for method in line.methods.split()]
__all__ = ["world"]  # a fixture
OK = 200


def route_of(line: Line) -> str:
    """Return the path without the id at its end."""
    return re.sub(r"/\{\w+\}$", "", line.path)


def fired_by(line: Line) -> list[Fired]:
    """Return what the contract says a route fires."""
    if route_of(line) not in FIRING:
        return []
    kind, hook, data = FIRING[route_of(line)]
    return [Fired(f"on_postload_{hook}", kind, data)]


def name_of(value: Any) -> str:
    """Return the path of a line, and any other parameter as it is."""
    return value.path if isinstance(value, Line) else value


@pytest.mark.parametrize(("line", "method"), CALLS, ids=name_of)
def test_a_route_fires_what_the_contract_says(world: World, line: Line, method: str) -> None:
    with undone():
        last = AuditLog.objects.latest("id").pk
        client = world.callers["administrator"].client
        answer = send(
            client,
            method,
            path_of(world, line, "here", "here"),
            body_of(world, line, "here", "here"),
        )
        rows = list(AuditLog.objects.filter(pk__gt=last).order_by("id"))
        fired = [one for row in rows for one in hooks_of_event(row.action, row.details)]
        assert answer.status_code == OK
        assert fired == fired_by(line)
        for one in fired:
            check_data(world, line, one, rows[-1])


def check_data(world: World, line: Line, fired: Fired, row: AuditLog) -> None:
    """Check that the data the hook promises can be had from the audit row."""
    pk = wire_id(row.action, row.object_id, row.details)
    if fired.data == "object":
        assert pk is not None
        snapshot = take(fired.kind, pk, row.case_id)
        assert snapshot is not None
        assert snapshot["__kind__"] == fired.kind
        return
    assert pk == world.id_of("here", line.noun)
    assert pk in last_known(row.action, row.object_id, row.details).values()
    if fired.data == "details":
        assert payload_of(row.action, row.object_id, row.details)["task_title"] == "Global"


@pytest.mark.parametrize("line", LINES, ids=name_of)
def test_a_route_has_the_preload_hook_of_what_it_fires(line: Line) -> None:
    names = [one.hook.replace("on_postload_", "on_preload_") for one in fired_by(line)]
    preload = [name for name in names if name in HOOKS]
    assert [PRELOADS.get(route_of(line))] == (preload or [None])


def test_every_firing_route_is_one_of_the_door() -> None:
    assert set(FIRING) <= {route_of(line) for line in TABLE}
