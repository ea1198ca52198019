"""Folders: a tree without circles, whose folders go only when they are empty."""

from functools import partial

import pytest

from incidents.models import Folder
from incidents.services.folders import add_folder, delete_folder, update_folder
from incidents.services.incidents import open_incident
from incidents.services.templates import add_template
from soar.core.actor import Actor
from soar.core.errors import Conflict, Forbidden, Invalid, NotFound
from soar.core.models import AuditLog
from tests.racing import at_once, errors

pytestmark = pytest.mark.django_db


def last_audit() -> tuple[str, dict[str, object]]:
    """Return the newest fact."""
    line = AuditLog.objects.latest("id")
    return line.action, line.details


def test_a_folder_is_added_in_another(as_administrator: Actor) -> None:
    folder = add_folder(as_administrator, name=" Phishing ", parent_id=1)
    assert (folder.name, folder.parent_id) == ("Phishing", 1)
    after = {"name": "Phishing", "parent_id": 1}
    assert last_audit() == ("folder.created", {"after": after})


def test_a_folder_is_renamed_and_moved(as_administrator: Actor) -> None:
    folder = add_folder(as_administrator, name="A", parent_id=1)
    update_folder(as_administrator, folder.pk, name="B", parent_id=None)
    folder.refresh_from_db()
    assert (folder.name, folder.parent_id) == ("B", None)
    before, after = {"name": "A", "parent_id": 1}, {"name": "B", "parent_id": None}
    assert last_audit() == ("folder.updated", {"before": before, "after": after})


def test_a_change_that_changes_nothing_is_not_recorded(as_administrator: Actor) -> None:
    folder, count = add_folder(as_administrator, name="A"), AuditLog.objects.count()
    update_folder(as_administrator, folder.pk, name="A")
    assert AuditLog.objects.count() == count


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "incidents", "INCIDENTS "])
def test_a_name_must_be_one_that_is_free(as_administrator: Actor, name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        add_folder(as_administrator, name=name)
    assert set(refusal.value.fields) == {"name"}


def test_names_repeat_in_other_folders(as_administrator: Actor) -> None:
    assert add_folder(as_administrator, name="Incidents", parent_id=1).parent_id == 1
    with pytest.raises(Invalid):
        add_folder(as_administrator, name="incidents", parent_id=1)


@pytest.mark.parametrize("parent_id", [999_999, 2**70, -1])
def test_the_parent_must_exist(as_administrator: Actor, parent_id: int) -> None:
    with pytest.raises(Invalid) as refusal:
        add_folder(as_administrator, name="A", parent_id=parent_id)
    assert set(refusal.value.fields) == {"parent_id"}


def test_a_folder_cannot_lie_in_itself_or_below(as_administrator: Actor) -> None:
    below = add_folder(as_administrator, name="B", parent_id=1)
    deep = add_folder(as_administrator, name="C", parent_id=below.pk)
    for parent_id in (1, below.pk, deep.pk):
        with pytest.raises(Invalid) as refusal:
            update_folder(as_administrator, 1, parent_id=parent_id)
        assert set(refusal.value.fields) == {"parent_id"}


def test_an_empty_folder_is_deleted(as_administrator: Actor) -> None:
    folder = add_folder(as_administrator, name="A")
    delete_folder(as_administrator, folder.pk)
    assert not Folder.objects.filter(pk=folder.pk).exists()
    assert last_audit()[0] == "folder.deleted"


def test_a_folder_with_anything_in_it_stays(as_administrator: Actor) -> None:
    parent, full, named = (add_folder(as_administrator, name=name) for name in "ABC")
    add_folder(as_administrator, name="D", parent_id=parent.pk)
    open_incident(as_administrator, name="x", customer_id=1, folder_id=full.pk)
    add_template(as_administrator, name="x", folder_id=named.pk)
    for folder in (parent, full, named):
        with pytest.raises(Conflict, match="not empty"):
            delete_folder(as_administrator, folder.pk)
        assert Folder.objects.filter(pk=folder.pk).exists()


def test_only_administrators_write_folders(as_analyst: Actor) -> None:
    for write in (
        partial(add_folder, as_analyst, name="A"),
        partial(update_folder, as_analyst, 1, name="A"),
        partial(delete_folder, as_analyst, 1),
    ):
        with pytest.raises(Forbidden):
            write()
    assert Folder.objects.get().name == "Incidents"


def test_a_missing_folder_is_not_found(as_administrator: Actor) -> None:
    with pytest.raises(NotFound):
        update_folder(as_administrator, 2**70, name="A")
    with pytest.raises(NotFound):
        delete_folder(as_administrator, 999_999)


@pytest.mark.django_db(transaction=True)
def test_two_moves_at_once_close_no_circle(as_administrator: Actor) -> None:
    one, two = (add_folder(as_administrator, name=name).pk for name in "AB")
    results = at_once(
        partial(update_folder, as_administrator, one, parent_id=two),
        partial(update_folder, as_administrator, two, parent_id=one),
    )
    assert len(errors(results)) == 1
    assert Folder.objects.filter(parent=None, pk__in=(one, two)).count() == 1
