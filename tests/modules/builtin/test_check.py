"""The check module tells what reached it."""

from typing import Any

import pytest

from modules.hooks import HOOKS
from tests.modules.builtin.running import hooks_of, lines_of, run

CHECK = "watchfloor_check"
IOC = {"__kind__": "ioc", "ioc_id": 12, "ioc_value": "evil.com"}


def test_it_waits_for_every_hook_that_changes_nothing_before_it_is_saved() -> None:
    names = {name for name, _ in hooks_of(CHECK)}
    assert names == {name for name in HOOKS if not name.startswith("on_preload_")}


def test_it_waits_for_the_hooks_that_were_chosen() -> None:
    chosen = "on_postload_ioc_create, on_preload_ioc_*,on_manual_trigger_ioc"
    assert hooks_of(CHECK, check_hooks=chosen) == {
        ("on_postload_ioc_create", ""),
        ("on_preload_ioc_create", ""),
        ("on_preload_ioc_update", ""),
        ("on_preload_ioc_delete", ""),
        ("on_manual_trigger_ioc", "Watchfloor check"),
    }


@pytest.mark.parametrize(
    ("hook", "element", "line"),
    [
        ("on_postload_ioc_create", IOC, "on_postload_ioc_create: ioc 12"),
        ("on_postload_ioc_delete", 12, "on_postload_ioc_delete: ioc 12"),
        (
            "on_postload_ioc_delete",
            {**IOC, "__deleted__": True, "id": 12},
            "on_postload_ioc_delete: ioc 12",
        ),
        (
            "on_postload_ioc_commented",
            {"comment": {"comment_id": 1}, "ioc": {"ioc_id": 12}},
            "on_postload_ioc_commented: ioc 12",
        ),
        ("on_preload_ioc_create", {"ioc_value": "a"}, "on_preload_ioc_create: ioc without an id"),
        (
            "on_postload_task_update",
            {"__kind__": "task", "id": 5},
            "on_postload_task_update: task 5",
        ),
        (
            "on_postload_global_task_update",
            {"__kind__": "global_task", "id": 6},
            "on_postload_global_task_update: global_task 6",
        ),
    ],
)
def test_it_logs_hook_kind_and_id(hook: str, element: Any, line: str) -> None:
    result = run(CHECK, hook, [element])
    assert (result["status"], lines_of(result)) == ("success", [line])


def test_it_logs_each_object_of_a_manual_run_and_the_name_it_was_chosen_by() -> None:
    result = run(CHECK, "on_manual_trigger_ioc", [IOC, {**IOC, "ioc_id": 13}], ui_name="Look")
    assert lines_of(result) == [f"on_manual_trigger_ioc (Look): ioc {pk}" for pk in (12, 13)]


def test_it_changes_nothing() -> None:
    result = run(CHECK, "on_postload_ioc_create", [IOC])
    assert (result["diffs"], result["creations"]) == ([], [])
