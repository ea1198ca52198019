"""Files on incidents: kept once, counted, gone with the last that names them."""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from cases.models import Case
from cases.services.cases import delete_case
from cases.services.iocs import add_ioc
from incidents.models import Attachment, CustomField, StoredFile
from incidents.services.attachments import (
    delete_attachment,
    open_attachment,
    update_attachment,
)
from incidents.services.entities import catalogue_entity
from incidents.services.incidents import open_incident
from iocs.models import Ioc
from modules.tasks import sweep_files
from soar.core.actor import Actor
from soar.core.errors import Conflict, Forbidden, Invalid, NotFound
from soar.core.models import AuditLog
from tests.incidents.stored import attach, store, stored_files
from tests.racing import at_once, errors

__all__ = ["store"]
Committed = Callable[..., AbstractContextManager[Any]]
BYTES = b"some bytes"


@pytest.fixture(autouse=True)
def _empty_store(store: Path) -> None:
    """Start with nothing stored."""


def test_a_file_is_kept_with_its_digests_and_recorded(as_analyst: Actor) -> None:
    made = attach(as_analyst, BYTES, "notes.txt", reference="00")
    assert made.file.sha256 == hashlib.sha256(BYTES).hexdigest()
    assert made.file.md5 == hashlib.md5(BYTES, usedforsecurity=False).hexdigest()
    assert (made.file.size_bytes, made.file.media_type) == (10, "text/plain")
    assert [path.name for path in stored_files()] == [made.file.sha256]
    line = AuditLog.objects.get(action="attachment.created")
    assert (line.case_id, line.details["after"]["sha256"]) == (1, made.file.sha256)


def test_the_same_bytes_are_stored_once(as_analyst: Actor) -> None:
    first, second = attach(as_analyst, name="a"), attach(as_analyst, name="b")
    assert first.file_id == second.file_id
    assert len(stored_files()) == 1


def test_bytes_go_with_the_last_attachment(
    as_analyst: Actor, django_capture_on_commit_callbacks: Committed
) -> None:
    first, second = attach(as_analyst), attach(as_analyst)
    for one, left in ((first, 1), (second, 0)):
        with django_capture_on_commit_callbacks(execute=True):
            delete_attachment(as_analyst, one.pk)
        assert (StoredFile.objects.count(), len(stored_files())) == (left, left)


def test_bytes_stay_until_the_deletion_is_committed(as_analyst: Actor) -> None:
    made = attach(as_analyst)
    with pytest.raises(RuntimeError), transaction.atomic():
        delete_attachment(as_analyst, made.pk)
        raise RuntimeError
    opened, file = open_attachment(as_analyst, made.pk)
    with file:
        assert (opened, file.read()) == (made, BYTES)


def test_bytes_that_came_back_before_they_were_removed_stay(
    as_analyst: Actor, django_capture_on_commit_callbacks: Committed
) -> None:
    made = attach(as_analyst)
    with django_capture_on_commit_callbacks(execute=True):
        delete_attachment(as_analyst, made.pk)
        again = attach(as_analyst)
    assert [path.name for path in stored_files()] == [again.file.sha256]


def test_bytes_lost_from_the_store_come_back_with_the_next_upload(as_analyst: Actor) -> None:
    made = attach(as_analyst)
    stored_files()[0].unlink()
    with pytest.raises(Conflict):
        open_attachment(as_analyst, made.pk)
    attach(as_analyst)
    assert len(stored_files()) == 1


def test_bytes_of_a_deleted_case_are_swept(
    as_analyst: Actor, django_capture_on_commit_callbacks: Committed
) -> None:
    case = open_incident(as_analyst, name="Gone soon", customer_id=1)
    attach(as_analyst, incident_id=case.pk)
    kept = attach(as_analyst, b"other bytes")
    delete_case(as_analyst, case.pk)
    with django_capture_on_commit_callbacks(execute=True):
        sweep_files()
    assert [path.name for path in stored_files()] == [kept.file.sha256]


def test_a_refused_attachment_leaves_no_bytes(
    as_analyst: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise Conflict("Not now")

    monkeypatch.setattr(Attachment, "save", fail)
    with pytest.raises(Conflict):
        attach(as_analyst)
    assert stored_files() == []


@pytest.mark.parametrize("name", ["", "  ", "x" * 256])
def test_names_that_are_none_are_refused(as_analyst: Actor, name: str) -> None:
    with pytest.raises(Invalid):
        attach(as_analyst, name=name)
    assert (stored_files(), Attachment.objects.count()) == ([], 0)


def test_a_file_over_the_limit_is_refused(as_analyst: Actor, settings: Any) -> None:
    settings.SOAR_MAXIMUM_UPLOAD_MB = 1
    attach(as_analyst, b"x" * 2**20)
    with pytest.raises(Invalid):
        attach(as_analyst, b"x" * (2**20 + 1))
    assert len(stored_files()) == 1


def test_a_file_is_on_exactly_one_thing(as_analyst: Actor) -> None:
    for targets in ({"incident_id": None}, {"incident_id": 1, "ioc_id": 1}):
        with pytest.raises(Invalid):
            attach(as_analyst, **targets)
    assert not Attachment.objects.exists()


def test_a_file_on_an_indicator_respects_its_lock(as_analyst: Actor) -> None:
    row, _ = add_ioc(as_analyst, 1, type_id=20, tlp_id=2, value="evil.example")
    assert attach(as_analyst, ioc_id=row.ioc_id).ioc_id == row.ioc_id
    Ioc.objects.update(locked_at="2026-01-01T00:00:00Z")
    with pytest.raises(Conflict):
        attach(as_analyst, ioc_id=row.ioc_id)


def test_only_those_who_may_write_the_incident_write_its_files(
    as_analyst: Actor, as_reader: Actor, as_outsider: Actor
) -> None:
    made = attach(as_analyst)
    for actor, error in ((as_reader, Forbidden), (as_outsider, NotFound)):
        with pytest.raises(Forbidden):
            attach(actor)
        with pytest.raises(error):
            update_attachment(actor, made.pk, file_name="mine")
        with pytest.raises(error):
            delete_attachment(actor, made.pk)
    assert Attachment.objects.get() == made


def test_details_change_and_are_recorded(as_analyst: Actor) -> None:
    made = attach(as_analyst)
    changed = update_attachment(as_analyst, made.pk, file_name="b.png", description="A page")
    assert (changed.file_name, changed.description) == ("b.png", "A page")
    before = AuditLog.objects.get(action="attachment.updated").details["before"]
    assert before == {"file_name": "page.png", "description": ""}


def test_custom_values_are_checked(as_analyst: Actor) -> None:
    CustomField.objects.create(
        section="attachments", number=1, label="Pages", type="Numeric Textbox"
    )
    assert attach(as_analyst, custom={"opt_1": "3"}).custom == {"opt_1": 3}
    with pytest.raises(Invalid):
        attach(as_analyst, custom={"opt_1": "many"})


@pytest.mark.django_db(transaction=True)
def test_adding_and_deleting_the_same_bytes_at_once_never_loses_them(
    case: Case, administrator: Any
) -> None:
    actor = Actor.of(administrator, "iris")
    old = [attach(actor) for _ in range(2)]
    results = at_once(
        lambda: delete_attachment(actor, old[0].pk),
        lambda: attach(actor),
        lambda: delete_attachment(actor, old[1].pk),
    )
    assert errors(results) == []
    _, file = open_attachment(actor, Attachment.objects.get().pk)
    with file:
        assert file.read() == BYTES


def test_what_is_kept_with_an_entity_has_no_custom_values(as_analyst: Actor) -> None:
    CustomField.objects.create(
        section="attachments", number=1, label="Site", type="Text", is_required=True
    )
    ioc, _ = catalogue_entity(as_analyst, type_id=37, value="a.bin")
    assert attach(as_analyst, ioc_id=ioc.pk).custom == {}
