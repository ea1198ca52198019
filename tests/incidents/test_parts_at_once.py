"""Parts of an incident written by several at the same moment."""

import pytest

from cases.models import Case, Event, NoteDirectory, Task
from incidents.models import TimelineMark
from incidents.services.attachments import drop_unreferenced_files
from incidents.services.incident_notes import write_note
from incidents.services.task_details import add_incident_task, approve_task, decline_task
from incidents.services.war_room import add_timeline_entry, mark_step
from soar.core.actor import Actor
from soar.core.errors import Conflict
from soar.core.models import AuditLog, User
from tests.incidents.stored import attach, store, stored_files
from tests.racing import at_once, errors

__all__ = ["store"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def actor(case: Case, administrator: User) -> Actor:
    """The administrator acting."""
    return Actor.of(administrator, "cloudsoar")


def test_the_directory_of_notes_is_made_once(actor: Actor) -> None:
    results = at_once(*(lambda: write_note(actor, 1, title="x") for _ in range(3)))
    assert errors(results) == []
    assert NoteDirectory.objects.get(case=1, name="Notes").notes.count() == 3


def test_one_of_two_decisions_counts(actor: Actor) -> None:
    task = add_incident_task(actor, 1, title="x")
    results = at_once(
        lambda: approve_task(actor, 1, task.pk, closes=True),
        lambda: decline_task(actor, 1, task.pk),
    )
    assert [type(error) for error in errors(results)] == [Conflict]
    lines = AuditLog.objects.filter(object_type="cases.task", object_id=task.pk)
    assert lines.count() == 2
    assert Task.objects.get(pk=task.pk).closed_at is not None


def test_a_step_printed_twice_at_once_is_one_event(actor: Actor) -> None:
    step = add_timeline_entry(actor, 1, title="Seen at once")
    results = at_once(*(lambda: mark_step(actor, 1, step.pk, is_printed=True) for _ in range(2)))
    assert errors(results) == []
    assert TimelineMark.objects.get().event == Event.objects.get(title="Seen at once")


def test_a_sweep_never_takes_bytes_that_are_being_attached(actor: Actor, store: object) -> None:
    results = at_once(
        lambda: attach(actor, b"x"), lambda: attach(actor, b"x"), drop_unreferenced_files
    )
    assert errors(results) == []
    assert len(stored_files()) == 1
