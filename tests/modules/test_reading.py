"""What is written becomes entities: through every door, by a worker, in the name of who wrote it."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError

from cases.models import Case, CaseIoc
from cases.services.access import set_user_access
from cases.services.iocs import add_ioc, remove_ioc, update_ioc
from incidents.models import IncidentSettings
from incidents.services import found_entities
from incidents.services.custom_fields import add_custom_field
from incidents.services.deleting import delete_incident
from incidents.services.entities import delete_entity, lock_entity
from incidents.services.entity_types import find_ioc_type
from incidents.services.incident_notes import write_note
from modules import tasks
from modules.services.delivery import deliver_due
from modules.services.reading import LONGEST_TEXT, read_text
from modules.tasks import BrokerUnavailable, read_event, send_due
from soar.core.actor import Actor
from soar.core.models import AuditLog, OutboxEvent, User
from soar.core.permissions import AccessLevel
from tests.api.cloudsoar.asking import Asking
from tests.http import ApiClient, key_of

TEXT = "Mail of bad[at]evil[.]com led to hxxps://login.evil[.]com/a from 10.0.0.7, 203.0.113[.]7"
FOUND = ["10.0.0.7", "203.0.113.7", "bad@evil.com", "login.evil.com"]
NOTES, TASKS = "incidents/1/notes/", "incidents/1/tasks/"


@pytest.fixture(autouse=True)
def _nothing_due(db: None) -> None:
    """Start with nothing to deliver."""
    OutboxEvent.objects.update(delivered_at=timezone.now())


@pytest.fixture
def ask(analyst: User) -> Asking:
    """The analyst asking."""
    return Asking(analyst)


def read_all() -> int:
    """Do what relay and worker do, and return how many texts were read."""
    unread: list[int] = []
    deliver_due(unread.extend)
    for event_id in unread:
        read_event(event_id)
    return len(unread)


def values(case_id: int = 1) -> list[str]:
    """Return what of a case is not seeded."""
    rows = CaseIoc.objects.filter(case=case_id).exclude(user_id=1)
    return sorted(rows.values_list("ioc__value", flat=True))


def note_event() -> AuditLog:
    """Return the line of the trail about the newest note."""
    return AuditLog.objects.filter(action="note.created").latest("id")


def note(ask: Asking, text: str, title: str = "A note") -> Any:
    """Write a note and let it be read."""
    made = ask("POST", NOTES, {"title": title, "additional_info": text}).json()
    read_all()
    return made


def set_up(**settings: bool) -> None:
    """Choose what is read."""
    IncidentSettings.objects.update(**settings)


def test_a_note_makes_entities_of_the_incident(ask: Asking) -> None:
    made = note(ask, f"<table><tr><td>{TEXT}</td></tr></table>")
    rows = ask("GET", "incidents/1/entities/").json()
    told = {row["value"]: row for row in rows if row["value"] in FOUND}
    assert {value: row["type"] for value, row in told.items()} == {
        "10.0.0.7": "ipaddress",
        "203.0.113.7": "ipaddress",
        "bad@evil.com": "email",
        "login.evil.com": "domain",
    }
    assert {row["additional_info"] for row in told.values()} == {f"Found in note #{made['id']}"}
    assert {row["added_by"] for row in told.values()} == {"analyst"}


def test_the_trail_says_whose_text_it_was_and_which(ask: Asking) -> None:
    made = note(ask, "10.0.0.7")
    line = AuditLog.objects.filter(action="ioc.created").latest("id")
    assert (line.actor_login, line.channel, line.case_id) == ("analyst", "cloudsoar", 1)
    assert line.summary == f'added ioc "10.0.0.7", found in note #{made["id"]}'
    assert line.request_id == note_event().request_id


def test_incidents_and_tasks_are_read_with_their_titles_and_custom_fields(
    ask: Asking, administrator: User
) -> None:
    field = {"section": "incidents", "label": "Site", "type": "Text"}
    Asking(administrator)("POST", "custom_fields/", field)
    fields = {"description": "Seen a.com", "additional_info": "<p>b.com</p>", "opt_1": "c.com"}
    made = ask("POST", "incidents/", {"fields": fields}).json()["id"]
    ask("POST", f"incidents/{made}/tasks/", {"title": "Block d.com", "description": "e.com"})
    ask("POST", f"incidents/{made}/close/", {"closing_note": "It was f.com"})
    read_all()
    assert values(made) == ["a.com", "b.com", "c.com", "d.com", "e.com", "f.com"]


def test_a_change_is_read_and_what_did_not_change_is_not(ask: Asking) -> None:
    made = note(ask, "a.com")
    ask("PATCH", f"{NOTES}{made['id']}/", {"title": "Another title"})
    ask("PATCH", f"{NOTES}{made['id']}/", {"additional_info": "a.com b.com"})
    assert read_all() == 2
    assert values() == ["a.com", "b.com"]


@pytest.mark.parametrize("kind", ["notes", "tasks", "incidents"])
def test_each_kind_of_text_can_be_left_out(ask: Asking, kind: str) -> None:
    set_up(**{f"extracts_from_{kind}": False})
    ask("POST", NOTES, {"title": "a.com"})
    ask("POST", TASKS, {"title": "b.com"})
    ask("PATCH", "incidents/1/", {"additional_info": "c.com"})
    read_all()
    left_out = {"notes": "a.com", "tasks": "b.com", "incidents": "c.com"}[kind]
    assert values() == sorted({"a.com", "b.com", "c.com"} - {left_out})
    assert not OutboxEvent.objects.filter(
        delivered_at=None, audit__action__startswith="note."
    ).exists()


@pytest.mark.parametrize("is_on", [False, True])
def test_texts_of_iris_clients_are_read_where_that_is_wanted(analyst: User, is_on: bool) -> None:
    set_up(extracts_from_iris=is_on)
    client = ApiClient(key_of(analyst))
    group = client.post("/case/notes/groups/add", {"group_title": "G"}).json()["data"]["group_id"]
    text = {"note_title": "x", "note_content": TEXT, "group_id": group, "custom_attributes": {}}
    assert client.post("/case/notes/add", text).status_code == 200
    read_all()
    assert values() == (FOUND if is_on else [])


@pytest.mark.parametrize(
    ("channel", "expected"),
    [("cloudsoar", ["a.com"]), ("admin", ["a.com"]), ("module", []), ("system", [])],
)
def test_what_people_write_is_read_and_what_programs_write_is_not(
    analyst: User, channel: str, expected: list[str]
) -> None:
    write_note(Actor.of(analyst, channel), 1, title="Seen a.com")
    assert read_all() == len(expected)
    assert values() == expected


def test_what_was_taken_out_or_corrected_by_hand_stays_away(ask: Asking, as_analyst: Actor) -> None:
    note(ask, "a.com b.com c.com")
    pk = dict(CaseIoc.objects.filter(case=1).values_list("ioc__value", "ioc_id"))
    remove_ioc(as_analyst, 1, pk["a.com"])
    update_ioc(as_analyst, 1, pk["b.com"], value="b.org")
    note(ask, "Again a.com b.com c.com, and d.com", "Another note")
    assert values() == ["b.org", "c.com", "d.com"]
    other = ask("POST", "incidents/", {"fields": {"description": "a.com"}}).json()["id"]
    read_all()
    assert values(other) == ["a.com"]


def test_locked_and_deleted_entities_are_left_alone(ask: Asking, as_analyst: Actor) -> None:
    note(ask, "locked.com gone.com")
    pk = dict(CaseIoc.objects.filter(case=1).values_list("ioc__value", "ioc_id"))
    lock_entity(as_analyst, pk["locked.com"])
    delete_entity(as_analyst, pk["gone.com"])
    body = {"fields": {"description": "locked.com gone.com new.com"}}
    other = ask("POST", "incidents/", body).json()["id"]
    read_all()
    assert values(other) == ["new.com"]


def test_what_the_incident_has_under_another_type_is_not_added_twice(
    ask: Asking, as_analyst: Actor
) -> None:
    type_id = getattr(find_ioc_type("ip-dst"), "pk", 0)
    add_ioc(as_analyst, 1, type_id=type_id, tlp_id=1, value="10.0.0.7", description="Mine")
    note(ask, "10.0.0.7")
    assert CaseIoc.objects.get(case=1, ioc__value="10.0.0.7").description == "Mine"


def test_who_may_not_write_there_any_more_adds_nothing(
    ask: Asking, analyst: User, as_administrator: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    ask("POST", NOTES, {"title": "a.com"})
    level = AccessLevel.READ_ONLY
    set_user_access(as_administrator, 1, user_id=analyst.pk, level=level)
    assert read_all() == 1
    assert values() == []
    assert "may not write there any more" in caplog.text
    assert not OutboxEvent.objects.filter(delivered_at=None, audit__action="note.created").exists()


def test_a_deleted_incident_takes_nothing(ask: Asking, as_analyst: Actor) -> None:
    made = ask("POST", "incidents/", {"fields": {"description": "a.com"}}).json()["id"]
    delete_incident(as_analyst, made)
    read_all()
    assert values(made) == []


def test_a_long_text_is_cut_and_too_many_entities_too(
    ask: Asking, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(found_entities, "MOST_OF_ONE_TEXT", 2)
    note(ask, "a.com b.com c.com " + "x" * LONGEST_TEXT + " d.com")
    assert values() == ["a.com", "b.com"]
    assert f"only the first {LONGEST_TEXT} letters are read" in caplog.text
    assert "1 more entities in note #" in caplog.text
    note(ask, "a.com b.com c.com", "The rest")
    assert values() == ["a.com", "b.com", "c.com"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://evil.com/a and mail@other.com", ["evil.com", "mail@other.com"]),
        ("http://198.51.100.7:8080/x", ["198.51.100.7"]),
        ("192.168.1.1 fe80::1 ::ffff:198.51.100.9", ["192.168.1.1", "198.51.100.9", "fe80::1"]),
        ("127.0.0.1 0.0.0.0 255.255.255.0 224.0.0.1 ::1 0.1.2.3", []),
        ("version 1.2.3.4, report.pdf, setup.exe, seen.It was, 10.0.0.0/8", []),
        ("44d88612fea8a8f36de82e1278abb02f", []),
        ("under_score.evil.com and evil\\.org", ["evil.org", "under_score.evil.com"]),
    ],
)
def test_what_is_taken_for_an_entity(ask: Asking, text: str, expected: list[str]) -> None:
    note(ask, f"Seen: {text}")
    assert values() == expected


def test_a_text_is_read_once(ask: Asking) -> None:
    ask("POST", NOTES, {"title": "a.com"})
    event_id = note_event().pk
    assert (read_text(event_id), read_text(event_id), read_text(0)) == (1, 0, 0)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, str]]:
    """The events that were sent to be read, with their queues."""
    sent: list[tuple[Any, str]] = []
    keep: Callable[..., None] = lambda args, *, queue, **_: sent.append((*args, queue))  # noqa: E731
    monkeypatch.setattr(tasks.read_event, "apply_async", keep)
    return sent


def test_the_relay_sends_a_worker_the_id_of_the_event(
    ask: Asking, broker: list[Any], settings: Any
) -> None:
    ask("POST", NOTES, {"title": "a.com"})
    ask("POST", TASKS, {"title": "No text that is to be read", "description": ""})
    set_up(extracts_from_tasks=False)
    send_due()
    event_id = note_event().pk
    assert broker == [(event_id, settings.CELERY_TASK_DEFAULT_QUEUE)]
    waiting: Iterable[int] = OutboxEvent.objects.filter(delivered_at=None).values_list(
        "pk", flat=True
    )
    assert list(waiting) == [event_id]


def test_a_text_waits_for_the_broker_and_is_sent_again(
    ask: Asking, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(tasks.read_event, "apply_async", refuse)
    ask("POST", NOTES, {"title": "a.com"})
    with pytest.raises(BrokerUnavailable):
        send_due()
    OutboxEvent.objects.filter(delivered_at=None).update(next_attempt_at=timezone.now())
    assert read_all() == 1
    assert values() == ["a.com"]


def test_custom_fields_of_notes_are_read(ask: Asking, as_administrator: Actor) -> None:
    field = add_custom_field(as_administrator, section="notes", label="Seen", type="Text")
    ask("POST", NOTES, {"title": "Call", "additional_info": "x", field.name: "evil[.]com"})
    read_all()
    assert values() == ["evil.com"]
