"""The chain of seals: every kind of tampering with the audit trail is found."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from cases.services.cases import update_summary
from soar.core import audit_triggers
from soar.core.actor import Actor
from soar.core.models import AuditLog, AuditSeal, OutboxEvent
from soar.core.services import sealing
from soar.core.services.sealing import Head, canonical, get_head, seal_pending, verify


@pytest.fixture
def sealed(as_administrator: Actor) -> list[AuditLog]:
    """The whole trail, sealed, with a few more rows than the first start made."""
    for number in range(5):
        update_summary(as_administrator, 1, description=f"version {number}")
    seal_pending()
    return list(AuditLog.objects.order_by("pk"))


@pytest.fixture
def unlocked(sealed: list[AuditLog]) -> Iterator[list[AuditLog]]:
    """The sealed trail without the triggers that refuse changes."""
    audit_triggers.remove(connection)
    yield sealed
    audit_triggers.install(connection)


def kinds() -> set[str]:
    return {finding.kind for finding in verify().findings}


def test_a_sealed_trail_is_clean(sealed: list[AuditLog]) -> None:
    verdict = verify()
    assert (verdict.findings, verdict.sealed, verdict.unsealed) == ([], len(sealed), 0)
    positions = list(AuditSeal.objects.values_list("position", flat=True))
    assert positions == list(range(1, len(sealed) + 1))
    assert not OutboxEvent.objects.filter(sealed_at=None).exists()


def test_sealing_again_changes_nothing(sealed: list[AuditLog]) -> None:
    head = get_head()
    assert seal_pending() == 0
    assert get_head() == head


def test_sealing_goes_on_in_batches(
    as_administrator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "BATCH", 2)
    assert seal_pending() == AuditLog.objects.count()
    assert verify().findings == []


@pytest.mark.parametrize("table", ["core_auditlog", "core_auditseal"])
def test_the_database_refuses_to_change_the_trail(sealed: list[AuditLog], table: str) -> None:
    model = AuditLog if table == "core_auditlog" else AuditSeal
    column = {"summary": "x"} if model is AuditLog else {"seal": "x"}
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        model.objects.update(**column)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        model.objects.all()._raw_delete("default")


@pytest.mark.parametrize(
    "change",
    [
        {"summary": "nothing happened"},
        {"actor_id": 2},
        {"details": {"after": {"description": "other"}}},
        {"recorded_at": timezone.now() - dt.timedelta(days=1)},
        {"is_user_input": True},
    ],
)
def test_an_edited_row_is_found(unlocked: list[AuditLog], change: dict[str, object]) -> None:
    AuditLog.objects.filter(pk=unlocked[2].pk).update(**change)
    findings = verify().findings
    assert [finding.kind for finding in findings] == ["row edited"]
    assert f"row {unlocked[2].pk} " in findings[0].text


def test_a_removed_row_is_found(unlocked: list[AuditLog]) -> None:
    OutboxEvent.objects.filter(pk=unlocked[2].pk)._raw_delete("default")
    AuditLog.objects.filter(pk=unlocked[2].pk)._raw_delete("default")
    assert kinds() == {"row removed"}


def test_a_removed_seal_is_found(unlocked: list[AuditLog]) -> None:
    AuditSeal.objects.filter(position=3)._raw_delete("default")
    assert "seal removed" in kinds()


def test_a_removed_row_with_its_seal_is_found(unlocked: list[AuditLog]) -> None:
    OutboxEvent.objects.filter(pk=unlocked[2].pk)._raw_delete("default")
    AuditSeal.objects.filter(position=3)._raw_delete("default")
    AuditLog.objects.filter(pk=unlocked[2].pk)._raw_delete("default")
    assert kinds() == {"seal removed"}


def test_closing_the_gap_of_a_removed_row_is_found(unlocked: list[AuditLog]) -> None:
    AuditSeal.objects.filter(position=3)._raw_delete("default")
    OutboxEvent.objects.filter(pk=unlocked[2].pk)._raw_delete("default")
    AuditLog.objects.filter(pk=unlocked[2].pk)._raw_delete("default")
    for position in range(4, len(unlocked) + 1):
        AuditSeal.objects.filter(position=position).update(position=position - 1)
    assert kinds() == {"row edited"}


def test_swapped_seals_are_found(unlocked: list[AuditLog]) -> None:
    for old, new in ((2, 0), (3, 2), (0, 3)):
        AuditSeal.objects.filter(position=old).update(position=new)
    assert "reordered" in kinds()


def test_a_seal_made_without_the_key_is_found(unlocked: list[AuditLog]) -> None:
    AuditSeal.objects.filter(position=len(unlocked)).update(seal="a" * 64)
    assert kinds() == {"row edited"}


def test_a_cut_off_end_is_found_with_a_noted_head(unlocked: list[AuditLog]) -> None:
    noted = get_head()
    last = unlocked[-1].pk
    OutboxEvent.objects.filter(pk=last)._raw_delete("default")
    AuditSeal.objects.filter(audit=last)._raw_delete("default")
    AuditLog.objects.filter(pk=last)._raw_delete("default")
    assert verify().findings == []
    assert [finding.kind for finding in verify(noted).findings] == ["head"]


def test_a_row_that_stays_unsealed_is_found(as_administrator: Actor) -> None:
    seal_pending()
    AuditLog.objects.create(
        recorded_at=timezone.now() - dt.timedelta(minutes=11), actor_login="x", action="forged"
    )
    verdict = verify()
    assert ([finding.kind for finding in verdict.findings], verdict.unsealed) == (["unsealed"], 1)


def test_a_fresh_unsealed_row_is_no_finding(as_administrator: Actor) -> None:
    seal_pending()
    update_summary(as_administrator, 1, description="just now")
    assert (verify().findings, verify().unsealed) == ([], 1)


def test_an_event_opened_again_does_not_stop_sealing(
    sealed: list[AuditLog], as_administrator: Actor
) -> None:
    OutboxEvent.objects.filter(pk=sealed[0].pk).update(sealed_at=None)
    update_summary(as_administrator, 1, description="later")
    assert seal_pending() == 2
    assert (verify().findings, verify().unsealed) == ([], 0)


def test_numbers_read_back_differently_have_one_canonical_form() -> None:
    moment = dt.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    given = AuditLog(pk=1, recorded_at=moment, details={"b": 1e300, "a": [2.0, -0.0, 1e16]})
    stored = AuditLog(
        pk=1, recorded_at=moment.astimezone(dt.UTC), details={"a": [2, 0, 10**16], "b": 10**300}
    )
    assert canonical(given) == canonical(stored)


def test_the_command_prints_the_head_and_fails_on_findings(unlocked: list[AuditLog]) -> None:
    call_command("verify_audit", head=get_head())
    with pytest.raises(CommandError, match="1 findings"):
        call_command("verify_audit", head=Head(1, "0" * 64))
