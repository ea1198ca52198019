"""The limits of a module, its circuit breaker and the switch for all of them."""

from typing import Any

import pytest

from iocs.models import Tlp
from modules.models import Module, ModuleSwitch
from modules.services.registry import reset_breaker, set_paused, update_limits
from soar.core.actor import Actor
from soar.core.errors import Forbidden, Invalid, NotFound
from soar.core.models import AuditLog
from tests.modules.rows import PLAYED, add_row


@pytest.fixture
def row(db: None) -> Module:
    """A module without limits of its own."""
    return add_row()


def test_limits_are_changed_and_audited(row: Module, as_administrator: Actor) -> None:
    green = Tlp.objects.get(name="green")
    changes: dict[str, Any] = {
        "wall_seconds": 900,
        "memory_mb": 2048,
        "concurrency": 4,
        "per_minute": 30,
        "maximum_retries": 2,
        "breaker_failures": 0,
        "cool_down_seconds": 60,
        "may_run_synchronously": True,
        "is_preimported": False,
        "queue": f"mod.{PLAYED}",
        "maximum_tlp_id": green.pk,
        "writable_fields": ["*_tags", "ioc_description"],
    }
    update_limits(as_administrator, row.pk, **changes)
    row.refresh_from_db()
    assert {name: getattr(row, name) for name in changes} == changes
    line = AuditLog.objects.get(action="module.limits_changed")
    assert (line.details["before"]["wall_seconds"], line.details["after"]["wall_seconds"]) == (
        300,
        900,
    )
    update_limits(as_administrator, row.pk, **changes)
    assert AuditLog.objects.filter(action="module.limits_changed").count() == 1
    update_limits(as_administrator, row.pk, queue="", maximum_tlp_id=None, writable_fields=None)
    row.refresh_from_db()
    assert (row.queue, row.maximum_tlp, row.writable_fields) == ("", None, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("wall_seconds", 0),
        ("wall_seconds", 3601),
        ("wall_seconds", "60"),
        ("wall_seconds", True),
        ("memory_mb", 1),
        ("concurrency", 0),
        ("per_minute", -1),
        ("maximum_retries", 11),
        ("may_run_synchronously", "yes"),
        ("queue", "mod.other"),
        ("queue", None),
        ("maximum_tlp_id", 987),
        ("maximum_tlp_id", "green"),
        ("writable_fields", "ioc_value"),
        ("writable_fields", ["ioc_value; DROP TABLE"]),
        ("writable_fields", [1]),
        ("package", "another"),
        ("is_active", True),
        ("stamp", "x"),
    ],
)
def test_a_limit_out_of_bounds_is_refused_by_name(
    row: Module, as_administrator: Actor, name: str, value: Any
) -> None:
    with pytest.raises(Invalid) as caught:
        update_limits(as_administrator, row.pk, **{"concurrency": 3, name: value})
    assert list(caught.value.fields) == [name]
    row.refresh_from_db()
    assert row.concurrency == 2


def test_the_breaker_is_reset_by_hand(row: Module, as_administrator: Actor) -> None:
    Module.objects.update(state="broken", failures_in_a_row=5, broken_until="2026-01-01T00:00:00Z")
    reset = reset_breaker(as_administrator, row.pk)
    assert (reset.state, reset.failures_in_a_row, reset.broken_until) == ("ready", 0, None)
    reset_breaker(as_administrator, row.pk)
    assert AuditLog.objects.filter(action="module.breaker_reset").count() == 1


def test_all_modules_are_paused_and_resumed(as_administrator: Actor) -> None:
    switch = set_paused(as_administrator, is_paused=True, reason="upgrade of the proxy")
    assert (switch.is_paused, switch.reason, switch.changed_by) == (
        True,
        "upgrade of the proxy",
        "administrator",
    )
    switch = set_paused(as_administrator, is_paused=False, reason="ignored")
    assert (switch.is_paused, switch.reason) == (False, "")
    assert ModuleSwitch.objects.count() == 1
    actions = AuditLog.objects.filter(object_type="modules.moduleswitch").order_by("id")
    assert list(actions.values_list("action", flat=True)) == ["modules.paused", "modules.resumed"]


def test_only_administrators_set_limits(row: Module, as_analyst: Actor) -> None:
    for act in (
        lambda: update_limits(as_analyst, row.pk, concurrency=3),
        lambda: reset_breaker(as_analyst, row.pk),
        lambda: set_paused(as_analyst, is_paused=True),
    ):
        with pytest.raises(Forbidden):
            act()


def test_what_is_not_there_has_no_limits(as_administrator: Actor) -> None:
    with pytest.raises(NotFound):
        update_limits(as_administrator, 987, concurrency=3)
