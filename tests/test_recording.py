"""recording(): change, audit row, outbox event and counter together or not at all, both ways alike."""

import datetime as dt
import decimal
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.utils import DatabaseError

from cases.models import Case
from soar.core import recording as module
from soar.core.actor import Actor
from soar.core.models import AuditLog, ChangeCounter, OutboxEvent
from soar.core.permissions import AccessLevel
from soar.core.recording import MASK, masked, recording

VALUES = {
    "name": 'Ünï "x" \\ \u2028 🔎',
    "none": None,
    "list": [1, "a"],
    "level": AccessLevel.READ_ONLY,
}
WAYS = ["portable", "native"]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Write portably, or as the database at hand is written."""
    if request.param == "portable":
        monkeypatch.setattr(module, "_write_in_one_statement", module._write_portably)
    return str(request.param)


def counted(family: str = "notes") -> int:
    """Return a counter of case 1, 0 when it has none."""
    row = ChangeCounter.objects.filter(case_id=1, family=family).first()
    return row.value if row else 0


def written(actor: Actor, case: Case) -> list[dict[str, Any]]:
    """Record two facts and return their audit rows without ids."""
    last = AuditLog.objects.order_by("id").values_list("id", flat=True).last() or 0
    with recording(actor) as record:
        record(
            "case.updated", case, case_id=1, counter="notes", before={"name": "old"}, after=VALUES
        )
        record("case.logged", case, case_id=1, counter="notes", summary="Ü 🔎", is_user_input=True)
    return list(AuditLog.objects.filter(pk__gt=last).order_by("pk").values())


def test_a_fact_becomes_a_row_an_event_and_a_count(
    way: str, as_administrator: Actor, case: Case
) -> None:
    before = counted()
    first, second = written(as_administrator, case)
    assert (first["details"]["after"]["name"], second["summary"]) == (VALUES["name"], "Ü 🔎")
    events = OutboxEvent.objects.filter(pk__in=[first["id"], second["id"]])
    assert (
        list(events.values_list("attempts", "delivered_at", "sealed_at")) == [(0, None, None)] * 2
    )
    assert counted() == before + 2


def test_a_row_tells_who_did_what_to_which(way: str, administrator: Any, case: Case) -> None:
    actor = Actor.of(administrator, "iris", request_id="r-1", address="192.0.2.1")
    row = written(actor, case)[0]
    expected = {
        "actor_id": 1,
        "actor_login": "administrator",
        "channel": "iris",
        "request_id": "r-1",
        "address": "192.0.2.1",
        "action": "case.updated",
        "object_type": "cases.case",
        "object_id": 1,
        "case_id": 1,
        "is_user_input": False,
    }
    assert row.items() >= expected.items()
    assert abs(row["recorded_at"] - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


def test_both_ways_write_the_same_rows(
    as_administrator: Actor, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    native = written(as_administrator, case)
    monkeypatch.setattr(module, "_write_in_one_statement", module._write_portably)
    portable = written(as_administrator, case)
    for rows in (native, portable):
        for row in rows:
            del row["id"], row["recorded_at"]
    assert native == portable


def test_a_missing_counter_is_made(way: str, as_administrator: Actor, case: Case) -> None:
    with recording(as_administrator) as record:
        record("case.updated", case, case_id=1, counter="brand_new")
    assert counted("brand_new") == 1


def test_counters_of_several_families_move_together(
    way: str, as_administrator: Actor, case: Case
) -> None:
    before = (counted("notes"), counted("tasks"))
    with recording(as_administrator) as record:
        for family in ("notes", "tasks", "notes"):
            record("case.updated", case, case_id=1, counter=family)
    assert (counted("notes"), counted("tasks")) == (before[0] + 2, before[1] + 1)


def test_an_error_takes_everything_back(way: str, as_administrator: Actor, case: Case) -> None:
    before = (AuditLog.objects.count(), OutboxEvent.objects.count(), counted())
    with pytest.raises(RuntimeError), recording(as_administrator) as record:
        record("case.updated", case, case_id=1, counter="notes")
        Case.objects.filter(pk=1).update(name="changed")
        raise RuntimeError
    assert (AuditLog.objects.count(), OutboxEvent.objects.count(), counted()) == before
    assert Case.objects.get(pk=1).name == "Initial Demo"


def test_a_change_that_cannot_be_audited_is_not_made(
    as_administrator: Actor, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(entries: object) -> None:
        raise DatabaseError("no room")

    monkeypatch.setattr(module, "_write", fail)
    with pytest.raises(DatabaseError), recording(as_administrator) as record:
        Case.objects.filter(pk=1).update(name="changed")
        record("case.updated", case)
    assert Case.objects.get(pk=1).name == "Initial Demo"


def test_without_a_fact_nothing_is_written(
    as_administrator: Actor, django_assert_num_queries: Callable[[int], Any]
) -> None:
    with django_assert_num_queries(2), recording(as_administrator):  # savepoint and its release
        pass
    assert not AuditLog.objects.filter(action="").exists()


def test_on_postgresql_facts_cost_one_statement(
    as_administrator: Actor, case: Case, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    most = 3 if connection.vendor == "postgresql" else 6
    with django_assert_max_num_queries(most), recording(as_administrator) as record:
        record("case.updated", case, case_id=1, counter="notes")
        record("case.updated", case, case_id=1, counter="notes")


@pytest.mark.parametrize(
    "name",
    ["password", "user_password", "API_KEY", "client_secret", "token", "nonce", "Authorization"],
)
def test_secrets_are_masked_however_deep(name: str) -> None:
    assert masked({name: "open sesame"}) == {name: MASK}
    assert masked({"outer": {name: ["x"], "kept": 1}}) == {"outer": {name: MASK, "kept": 1}}


def test_values_are_made_ready_for_json(case: Case) -> None:
    moment, pk = dt.datetime(2022, 1, 2, tzinfo=dt.UTC), uuid.UUID(int=1)
    given = {"at": moment, "on": moment.date(), "id": pk, "case": case, "n": decimal.Decimal("1.5")}
    expected = {"at": str(moment), "on": "2022-01-02", "id": str(pk), "case": 1, "n": "1.5"}
    assert masked(given) == expected
    assert masked({"set": {1}, "tuple": (1,), "level": AccessLevel.READ_ONLY}) == {
        "set": [1],
        "tuple": [1],
        "level": 2,
    }
