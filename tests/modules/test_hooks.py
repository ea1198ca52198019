"""The catalogue of hooks, and what our audit actions fire (contract iris-modules §1)."""

from collections import Counter
from typing import Any

import pytest

from modules import hooks
from modules.hooks import (
    ALIASES,
    HOOKS,
    PRELOADS,
    Fired,
    hooks_of_event,
    last_known,
    payload_of,
    resolve,
    wire_id,
)

RECORDS = ("asset", "ioc", "note", "event", "evidence", "task", "global_task")
COMMENTED = ("asset", "evidence", "task", "ioc", "event", "note", "alert")


def names(phase: str) -> set[str]:
    """Return the names of the hooks of a phase."""
    return {hook.name for hook in HOOKS.values() if hook.phase == phase}


def expected(phase: str) -> set[str]:
    """Return the names of contract §1.2."""
    found = {
        f"on_{phase}_{kind}_{deed}" for kind in RECORDS for deed in ("create", "update", "delete")
    }
    found |= {f"on_{phase}_{name}" for name in ("case_create", "case_delete", "report_create")}
    found.add(f"on_{phase}_activities_report_create")
    if phase == "preload":
        return found | {"on_preload_event_duplicate"}
    alert = "create update delete resolution_update status_update escalate merge unmerge"
    found |= {"on_postload_case_update", *(f"on_postload_alert_{one}" for one in alert.split())}
    deeds = ("commented", "comment_update", "comment_delete")
    return found | {f"on_postload_{kind}_{deed}" for kind in COMMENTED for deed in deeds}


def test_there_are_90_hooks_in_three_phases() -> None:
    phases = Counter(hook.phase for hook in HOOKS.values())
    assert phases == {"preload": 26, "postload": 55, "manual": 9}
    assert [hook.id for hook in HOOKS.values()] == list(range(1, 91))


@pytest.mark.parametrize("phase", ["preload", "postload"])
def test_the_names_are_those_of_iris(phase: str) -> None:
    assert names(phase) == expected(phase)


def test_manual_hooks_are_named_after_what_they_are_called_on() -> None:
    kinds = {*RECORDS, "case", "alert"}
    assert names("manual") == {f"on_manual_trigger_{kind}" for kind in kinds}
    assert all(
        HOOKS[name].kind == name.removeprefix("on_manual_trigger_") for name in names("manual")
    )


def test_ids_stay_what_they_were() -> None:
    pinned = {
        "on_preload_case_create": 1,
        "on_preload_event_duplicate": 24,
        "on_postload_ioc_create": 41,
        "on_postload_alert_comment_delete": 81,
        "on_manual_trigger_global_task": 90,
    }
    assert {name: HOOKS[name].id for name in pinned} == pinned


def test_every_hook_says_what_it_is_for() -> None:
    texts = [hook.description for hook in HOOKS.values()]
    assert len(set(texts)) == len(HOOKS)
    assert all(len(text) > 15 for text in texts)


def test_an_earlier_name_leads_to_the_hook() -> None:
    assert ALIASES == {"on_postload_case_info_update": "on_postload_case_update"}
    assert resolve("on_postload_case_info_update") is HOOKS["on_postload_case_update"]
    assert resolve("on_postload_ioc_create") is HOOKS["on_postload_ioc_create"]
    assert resolve("on_postload_ioc_invented") is None


def test_every_preload_hook_has_its_routes() -> None:
    assert set(PRELOADS.values()) == names("preload")


def test_every_postload_hook_has_an_action_and_every_action_a_hook() -> None:
    assert {fired.hook for fired in hooks._EVENTS.values()} == names("postload")


@pytest.mark.parametrize(
    "action",
    [
        "case.summary_updated",
        "case.outcome_set",
        "case.access_changed",
        "case.activity_logged",
        "case.enriched",
        "ioc.enriched",
        "note_directory.created",
        "note_directory.deleted",
        "customer.updated",
        "hook.requested",
        "user.created",
        "",
    ],
)
def test_other_actions_fire_nothing(action: str) -> None:
    assert hooks_of_event(action, {"before": {}, "after": {}}) == []


@pytest.mark.parametrize("deed", ["approved", "declined", "closed", "reassigned", "updated"])
def test_a_decision_on_a_task_changes_it(deed: str) -> None:
    fired = [Fired("on_postload_task_update", "task", "object")]
    assert hooks_of_event(f"task.{deed}", {"before": {}, "after": {}}) == fired


@pytest.mark.parametrize(
    ("details", "fires"),
    [({"after": {"is_gone": True}}, True), ({"after": {"is_gone": False}}, False), ({}, True)],
)
def test_an_unlinked_ioc_is_not_deleted(details: dict[str, Any], fires: bool) -> None:
    fired = [Fired("on_postload_ioc_delete", "ioc", "id")] if fires else []
    assert hooks_of_event("ioc.deleted", details) == fired


def test_an_ioc_is_known_by_the_id_of_the_observable() -> None:
    assert wire_id("ioc.created", 7, {"after": {"ioc_id": 3}}) == 3
    assert wire_id("ioc.deleted", 7, {"before": {"ioc_id": 4}, "after": {"is_gone": True}}) == 4
    assert wire_id("ioc.created", 7, {}) is None
    assert wire_id("asset.deleted", 7, {"before": {"ioc_id": 4}}) == 7


@pytest.mark.parametrize(
    ("action", "before", "known"),
    [
        (
            "asset.deleted",
            {"name": "a", "type_id": 1},
            {"asset_id": 7, "asset_name": "a", "asset_type_id": 1},
        ),
        ("ioc.deleted", {"ioc_id": 3, "value": "x"}, {"ioc_id": 3, "ioc_value": "x"}),
        ("note.deleted", {"title": "n"}, {"note_id": 7, "note_title": "n"}),
        ("event.deleted", {"title": "e", "date": "x"}, {"event_id": 7, "event_title": "e"}),
        ("evidence.deleted", {"filename": "f"}, {"id": 7, "filename": "f"}),
        ("task.deleted", {"title": "t"}, {"id": 7, "task_title": "t"}),
        (
            "case.deleted",
            {"name": "c", "customer_id": 1},
            {"case_id": 7, "name": "#7 - c", "client_id": 1},
        ),
    ],
)
def test_what_was_known_of_a_deleted_object_has_the_names_of_the_wire(
    action: str, before: dict[str, Any], known: dict[str, Any]
) -> None:
    assert last_known(action, 7, {"before": before}) == known


def test_hooks_that_get_a_dict_get_what_the_audit_row_tells() -> None:
    gone = {"before": {"title": "Rotate"}}
    assert payload_of("global_task.deleted", 7, gone) == {"task_id": 7, "task_title": "Rotate"}
    comment = {"after": {"comment": {"comment_text": "x"}, "ioc": {"ioc_id": 3}}}
    assert payload_of("ioc.commented", 9, comment) == comment["after"]
    assert payload_of("alert.batch_deleted", None, {"after": {"alert_ids": [1]}}) == {
        "alert_ids": [1]
    }
