"""What is decided about triage events through the door, and what is on them (contract §4.5, §5)."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.models import Alert, Incident
from incidents.services.alert_parts import add_alert_ioc, add_alert_note
from soar.api.cloudsoar.mounts import CURRENT
from soar.core.actor import Actor
from soar.core.models import AuditLog, User
from tests.api.cloudsoar.answers import assert_shape
from tests.incidents.stored import store
from tests.triage_cast import Caller

__all__ = ["store"]

pytestmark = pytest.mark.django_db
Make = Callable[..., Alert]


# --- deciding


def test_an_event_is_grabbed_as_documented(caller: Caller, alert: Alert) -> None:
    answer = caller.post(f"triage/{alert.pk}/grab/")
    assert answer.status_code == 200
    assert answer.json() == {"id": alert.pk, "state": "grabbed", "owner": "analyst"}


def test_a_second_grab_is_a_conflict_but_for_the_owner_and_by_force(
    caller: Caller, boss: Caller, alert: Alert, colleague: User
) -> None:
    grab = f"triage/{alert.pk}/grab/"
    assert [caller.post(grab).status_code for _ in range(2)] == [200, 200]
    refusal = assert_shape(Caller(colleague).post(grab), 409, "Already grabbed")
    assert refusal["description"] == f"Triage event {alert.pk} is with analyst."
    assert Caller(colleague).post(grab, force=True).status_code == 403
    assert boss.post(grab, force=True).json()["owner"] == "administrator"


@pytest.mark.parametrize("name", ["login", "pk"])
def test_an_event_is_given_to_another(
    caller: Caller, alert: Alert, colleague: User, name: str
) -> None:
    owner = getattr(colleague, name)
    answer = caller.post(f"triage/{alert.pk}/reassign/", owner=owner, note="Yours")
    assert answer.json() == {"id": alert.pk, "state": "grabbed", "owner": "colleague"}
    assert AuditLog.objects.get(action="alert.reassigned").channel == "cloudsoar"


@pytest.mark.parametrize("owner", ["nobody", 10**6, "guest", "outsider"])
def test_nobody_gets_what_he_may_not_see(
    caller: Caller, alert: Alert, guest: User, outsider: User, owner: Any
) -> None:
    answer = caller.post(f"triage/{alert.pk}/reassign/", owner=owner)
    refusal = assert_shape(answer, 400, "Invalid request")
    assert list(refusal["fields"]) == ["owner"]


def test_discarding_and_restoring(caller: Caller, alert: Alert) -> None:
    answer = caller.post(f"triage/{alert.pk}/discard/", reason="Newsletter")
    assert (answer.json()["state"], answer.json()["status"]) == ("discarded", "Closed")
    assert caller.post(f"triage/{alert.pk}/restore/").json()["state"] == "pending"
    assert_shape(caller.post(f"triage/{alert.pk}/restore/"), 409, "Not discarded")


def test_an_event_is_converted_as_documented(caller: Caller, alert: Alert, analyst: User) -> None:
    path = f"triage/{alert.pk}/convert/"
    answer = caller.post(path, owner=analyst.pk, label_id=1)
    incident = Incident.objects.latest("pk")
    link = {"id": incident.pk, "incidentid": incident.reference}
    assert answer.status_code == 201
    assert answer.json() == {"triage_id": alert.pk, "incident": link}
    refusal = caller.post(path)
    assert refusal.status_code == 409
    text = (
        f"Triage event {alert.pk} was converted to incident {incident.pk} ({incident.reference})."
    )
    assert refusal.json() == {"error": "Already converted", "description": text}


def test_an_event_joins_an_incident(caller: Caller, alert: Alert) -> None:
    answer = caller.post(f"triage/{alert.pk}/convert/", incident_id=1)
    assert (answer.status_code, answer.json()["incident"]["id"]) == (200, 1)


@pytest.mark.parametrize("name", ["template_id", "label_id", "folder_id", "incident_id", "owner"])
def test_what_converting_refers_to_must_exist(caller: Caller, alert: Alert, name: str) -> None:
    refusal = assert_shape(
        caller.post(f"triage/{alert.pk}/convert/", **{name: 10**6}), 400, "Invalid request"
    )
    assert list(refusal["fields"]) == [name]


def test_an_incident_moves_back_to_triage(caller: Caller) -> None:
    answer = caller.post("incidents/1/to_triage/", reason="Nothing")
    alert = Alert.objects.get()
    assert answer.status_code == 201
    assert (answer.json()["id"], answer.json()["state"]) == (alert.pk, "pending")
    assert answer.json()["incident"] == {"id": 1, "incidentid": alert.incident.reference}  # type: ignore[union-attr]
    assert_shape(caller.post("incidents/1/to_triage/"), 409, "Conflict")


# --- many at once


def test_many_are_done_each_by_itself(caller: Caller, make_alert: Make) -> None:
    first, second = make_alert().pk, make_alert().pk
    caller.post(f"triage/{first}/discard/")
    answer = caller.post("triage/bulk/", ids=[first, second, 10**6], action="grab")
    failed = [
        {"id": first, "error": f"Triage event {first} was discarded."},
        {"id": 10**6, "error": "There is no such event."},
    ]
    assert (answer.status_code, answer.json()) == (200, {"done": [second], "failed": failed})


@pytest.mark.parametrize(
    ("action", "params", "state"),
    [
        ("grab", {}, "grabbed"),
        ("reassign", {"owner": "colleague"}, "grabbed"),
        ("discard", {"reason": "x"}, "discarded"),
        ("convert", {"label_id": 1}, "converted"),
        ("convert", {"incident_id": 1}, "converted"),
    ],
)
def test_every_action_works_on_many(
    caller: Caller, make_alert: Make, colleague: User, action: str, params: Any, state: str
) -> None:
    pks = [make_alert().pk for _ in range(3)]
    answer = caller.post("triage/bulk/", ids=pks, action=action, params=params)
    assert answer.json() == {"done": pks, "failed": []}
    assert {one.state for one in Alert.objects.all()} == {state}


def test_deleting_many_asks_each_time(caller: Caller, boss: Caller, alert: Alert) -> None:
    body = {"ids": [alert.pk], "action": "delete"}
    failed = [{"id": alert.pk, "error": "Permission denied"}]
    assert caller.post("triage/bulk/", **body).json() == {"done": [], "failed": failed}
    assert boss.post("triage/bulk/", **body).json() == {"done": [alert.pk], "failed": []}


@pytest.mark.parametrize(
    ("body", "culprit"),
    [
        ({"ids": [], "action": "grab"}, "ids"),
        ({"ids": [1] * 501, "action": "grab"}, "ids"),
        ({"ids": [1], "action": "odd"}, "action"),
        ({"ids": [1], "action": "reassign"}, "owner"),
        ({"ids": [1], "action": "reassign", "params": {"owner": "nobody"}}, "owner"),
    ],
)
def test_a_bad_order_for_many_does_nothing(
    caller: Caller, body: dict[str, Any], culprit: str
) -> None:
    refusal = assert_shape(caller.post("triage/bulk/", **body), 400, "Invalid request")
    assert list(refusal["fields"]) == [culprit]


# --- parts


def test_notes_are_written_and_listed(caller: Caller, alert: Alert) -> None:
    body = {"title": "Seen", "additional_info": "<b>x</b><script>y</script>"}
    when = "2025-03-04T09:31:00.123456Z"
    answer = caller.post(
        f"triage/{alert.pk}/notes/", created_on=when, created_by="administrator", **body
    )
    assert answer.status_code == 201
    assert answer.json() == {
        "id": alert.notes.get().pk,
        "title": "Seen",
        "additional_info": "<b>x</b>",
        "created_on": when,
        "created_by": "analyst",
        "updated_on": None,
        "is_deleted": False,
    }
    assert caller.get(f"triage/{alert.pk}/notes/").json() == [answer.json()]


def test_entities_are_put_on_and_listed(caller: Caller, alert: Alert) -> None:
    body = {
        "type": "ipaddress",
        "value": "203.0.113.7",
        "tag": "c2,mail",
        "additional_info": "Sender",
    }
    first, again = (caller.post(f"triage/{alert.pk}/entities/", **body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == {
        "id": alert.iocs.get().pk,
        "value": "203.0.113.7",
        "type": "ipaddress",
        "tag": [{"value": "c2"}, {"value": "mail"}],
        "additional_info": "Sender",
    }
    assert caller.get(f"triage/{alert.pk}/entities/").json() == [first.json()]


def test_a_known_entity_is_put_on_by_its_id(
    caller: Caller, make_alert: Make, as_analyst: Actor, outsider: User
) -> None:
    first, second = make_alert(), make_alert()
    row, _ = add_alert_ioc(as_analyst, first.pk, type_id=1, value="a.example")
    answer = caller.post(f"triage/{second.pk}/entities/", entity_id=row.ioc_id)
    assert (answer.status_code, answer.json()["value"]) == (201, "a.example")
    theirs = Caller(outsider).post("triage/", type="Phishing").json()["id"]
    refusal = Caller(outsider).post(f"triage/{theirs}/entities/", entity_id=row.ioc_id)
    assert list(assert_shape(refusal, 400, "Invalid request")["fields"]) == ["entity_id"]


@pytest.mark.parametrize(
    ("body", "culprit"),
    [
        ({"value": "x"}, "type"),
        ({"type": "domain"}, "value"),
        ({"type": "odd", "value": "x"}, "type"),
    ],
)
def test_a_bad_entity_is_refused(
    caller: Caller, alert: Alert, body: dict[str, Any], culprit: str
) -> None:
    refusal = caller.post(f"triage/{alert.pk}/entities/", **body)
    assert list(assert_shape(refusal, 400, "Invalid request")["fields"]) == [culprit]


def test_parts_take_a_constant_number_of_queries(
    caller: Caller, alert: Alert, as_analyst: Actor
) -> None:
    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert caller.get(f"triage/{alert.pk}/{path}/").status_code == 200
        return len(seen)

    def grow(name: str) -> None:
        add_alert_ioc(as_analyst, alert.pk, type_id=1, value=name)
        add_alert_note(as_analyst, alert.pk, title=name)

    grow("0")
    queries("notes")
    few = [queries(path) for path in ("notes", "entities")]
    for name in "1234":
        grow(name)
    assert [queries(path) for path in ("notes", "entities")] == few


# --- files


def test_files_come_with_a_new_event(caller: Caller, store: Path) -> None:
    file = {"file_name": "mail.eml", "content_base64": "TWFpbA==", "additional_info": "The mail"}
    body = {"type": "Phishing", "source": "gate", "external_id": "1", "attachments": [file]}
    pk = caller.post("triage/", **body).json()["id"]
    assert caller.post("triage/", **body).json()["id"] == pk
    (shown,) = caller.get(f"triage/{pk}/attachments/").json()
    assert (shown["file_name"], shown["description"], shown["file_size"]) == (
        "mail.eml",
        "The mail",
        4,
    )


def test_a_bad_file_takes_nothing_in(caller: Caller, store: Path) -> None:
    file = {"file_name": "mail.eml", "content_base64": "?"}
    answer = caller.post("triage/", type="Phishing", attachments=[file])
    assert_shape(answer, 400, "Invalid request")
    assert not Alert.objects.exists()


def test_a_file_of_a_form_comes_with_a_new_event(caller: Caller, store: Path) -> None:
    body = {"type": "Phishing", "attachment": BytesIO(b"Mail")}
    answer = caller.client.post(f"{CURRENT}triage/", body)
    assert answer.status_code == 201
    assert Alert.objects.get().attachments.get().file.size_bytes == 4


def test_a_file_is_attached_listed_and_fetched(caller: Caller, alert: Alert, store: Path) -> None:
    path = f"triage/{alert.pk}/attachments/"
    made = caller.post(path, file_name="mail.eml", content_base64="TWFpbA==")
    assert made.status_code == 201
    assert caller.get(path).json() == [made.json()]
    pk = made.json()["id"]
    body = {"id": pk, "file_name": "mail.eml", "base64": "TWFpbA=="}
    assert caller.get(f"{path}{pk}/data/").json() == body


def test_a_file_is_read_by_who_sees_its_event_only(
    caller: Caller, alert: Alert, outsider: User, make_alert: Make, store: Path
) -> None:
    path = f"triage/{alert.pk}/attachments/"
    pk = caller.post(path, file_name="mail.eml", content_base64="TWFpbA==").json()["id"]
    assert Caller(outsider).get(path).status_code == 404
    assert Caller(outsider).get(f"{path}{pk}/data/").status_code == 404
    assert Caller(outsider).post(path, file_name="a", content_base64="YQ==").status_code == 404
    assert caller.get(f"triage/{make_alert().pk}/attachments/{pk}/data/").status_code == 404


def test_converting_takes_the_files_along(caller: Caller, alert: Alert, store: Path) -> None:
    caller.post(f"triage/{alert.pk}/attachments/", file_name="a.txt", content_base64="YQ==")
    pk = caller.post(f"triage/{alert.pk}/convert/").json()["incident"]["id"]
    (shown,) = caller.get(f"incidents/{pk}/attachments/").json()
    assert (shown["file_name"], shown["uploader"]) == ("a.txt", "analyst")
