"""Notes of an incident at the door (contract §4.3, §5 example 7)."""

from typing import Any

import pytest

from cases.models import Note, NoteDirectory
from cases.services.notes import add_note, add_note_directory
from incidents.models import CustomField
from soar.core.actor import Actor
from soar.core.models import AuditLog, User
from tests.api.cloudsoar.answers import assert_shape
from tests.api.cloudsoar.asking import Asking
from tests.http import ApiClient

NOTES = "incidents/1/notes/"
BODY = {
    "title": "Investigation",
    "additional_info": "<table><tr><td>src</td><td>203.0.113.7</td></tr></table>",
    "created_on": "2025-03-04T09:31:00.123456Z",
    "created_by": "analyst",
}


@pytest.fixture
def ask(analyst: User) -> Asking:
    """The analyst asking."""
    return Asking(analyst)


def test_the_documented_body_gets_the_documented_answer(ask: Asking) -> None:
    answer = ask("POST", NOTES, BODY)
    told = answer.json()
    shown = "<table><tbody><tr><td>src</td><td>203.0.113.7</td></tr></tbody></table>"
    assert answer.status_code == 201
    assert told == BODY | {
        "id": told["id"],
        "additional_info": shown,
        "updated_on": None,
        "is_deleted": False,
    }
    assert ask("GET", f"{NOTES}{told['id']}/").json() == told


def test_notes_lie_in_one_directory_of_the_incident(ask: Asking) -> None:
    for title in ("a", "b"):
        ask("POST", NOTES, {"title": title})
    directory = NoteDirectory.objects.get(case_id=1, name="Notes")
    assert sorted(directory.notes.values_list("title", flat=True)) == ["a", "b"]


def test_a_note_in_markdown_shows_as_html(ask: Asking, as_analyst: Actor) -> None:
    directory = add_note_directory(as_analyst, 1, name="IRIS")
    add_note(as_analyst, 1, title="x", directory_id=directory.pk, content="**bold** <script>x")
    told = ask("GET", NOTES).json()[-1]
    assert "<strong>bold</strong>" in told["additional_info"]
    assert "script" not in told["additional_info"]


def test_only_an_administrator_writes_in_the_name_of_others(
    ask: Asking, administrator: User, colleague: User
) -> None:
    body = {"title": "x", "created_by": colleague.login}
    assert ask("POST", NOTES, body).json()["created_by"] == "analyst"
    told = Asking(administrator)("POST", NOTES, body).json()
    assert told["created_by"] == colleague.login
    line = AuditLog.objects.filter(action="note.created").latest("pk")
    assert (line.actor_login, line.object_id) == (administrator.login, told["id"])


def test_an_unknown_author_is_the_caller(administrator: User) -> None:
    told = Asking(administrator)("POST", NOTES, {"title": "x", "created_by": "nobody"}).json()
    assert told["created_by"] == administrator.login


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_change_is_partial_and_dated(ask: Asking, method: str) -> None:
    made = ask("POST", NOTES, BODY).json()
    told = ask(method, f"{NOTES}{made['id']}/", {"title": "New", "created_by": "x"}).json()
    assert told == made | {"title": "New", "updated_on": told["updated_on"]}
    assert told["updated_on"] is not None
    cleared = ask(method, f"{NOTES}{made['id']}/", {"additional_info": ""}).json()
    assert cleared["additional_info"] == ""


def test_a_deleted_note_is_gone(ask: Asking) -> None:
    made = ask("POST", NOTES, BODY).json()
    assert ask("DELETE", f"{NOTES}{made['id']}/").status_code == 204
    assert ask("GET", f"{NOTES}{made['id']}/").status_code == 404
    assert ask("DELETE", f"{NOTES}{made['id']}/").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": ""}, "title"),
        ({"title": "x" * 155}, "title"),
        ({"title": "x", "created_on": "yesterday"}, "created_on"),
        ({"title": "x", "additional_info": 5 * [1]}, "additional_info"),
    ],
)
def test_bad_notes_change_nothing(ask: Asking, body: dict[str, Any], field: str) -> None:
    told = assert_shape(ask("POST", NOTES, body), 400, "Invalid request")
    assert list(told["fields"]) == [field]
    assert not Note.objects.filter(case_id=1, title__startswith="x").exists()


def test_notes_are_searched_sorted_and_paged(ask: Asking) -> None:
    for title in ("alpha", "beta", "gamma"):
        ask("POST", NOTES, {"title": title})
    found = ask("GET", f"{NOTES}?filter=title:a&order_by=-title&page_size=2")
    assert [note["title"] for note in found.json()] == ["gamma", "beta"]
    assert found["X-Total-Count"] == "3"
    assert_shape(ask("GET", f"{NOTES}?filter=created_on:x"), 400, "Invalid request")


def test_a_reader_reads_and_does_not_write(ask: Asking, reader: User) -> None:
    made = ask("POST", NOTES, BODY).json()
    theirs = Asking(reader)
    assert theirs("GET", NOTES).status_code == 200
    for method, path in (("POST", NOTES), ("PATCH", f"{NOTES}{made['id']}/")):
        assert_shape(theirs(method, path, {"title": ""}), 403, "Forbidden")


def test_custom_fields_of_notes_are_kept(ask: Asking) -> None:
    for number, kind in ((1, "Text"), (2, "Numeric Textbox")):
        CustomField.objects.create(section="notes", number=number, label=kind, type=kind)
    made = ask("POST", NOTES, BODY | {"opt_1": "Milan", "opt_2": "7"}).json()
    assert (made["opt_1"], made["opt_2"]) == ("Milan", 7)
    told = ask("PATCH", f"{NOTES}{made['id']}/", {"opt_1": ""}).json()
    assert (told["opt_1"], told["opt_2"], told["title"]) == (None, 7, "Investigation")
    assert ask("GET", NOTES).json()[-1] == told
    assert AuditLog.objects.latest("id").details["after"]["custom"] == {"opt_2": 7}


def test_rules_of_custom_fields_hold_for_notes(ask: Asking) -> None:
    fields: list[dict[str, Any]] = [
        {"label": "Kind", "type": "List", "values": ["Call", "Mail"], "default": "Mail"},
        {"label": "Number", "type": "Text", "is_required": True, "visible_when": {"opt_1": "Call"}},
        {
            "label": "Age",
            "type": "Calculation",
            "default": {"operation": "difference", "of": ["updated_on", "created_on"]},
        },
    ]
    for number, field in enumerate(fields, start=1):
        CustomField.objects.create(section="notes", number=number, **field)
    made = ask("POST", NOTES, {"title": "x"}).json()
    assert [made[f"opt_{number}"] for number in (1, 2, 3)] == ["Mail", None, None]
    for bad in ({"opt_1": "Call"}, {"opt_1": "Fax"}, {"opt_3": 1}, {"opt_9": 1}):
        refused = assert_shape(ask("POST", NOTES, {"title": "y", **bad}), 400, "Invalid request")
        assert {*refused["fields"]} <= {*bad, "opt_2"}
    assert not Note.objects.filter(title="y").exists()


def test_an_iris_update_keeps_custom_values(ask: Asking, api_analyst: ApiClient) -> None:
    CustomField.objects.create(section="notes", number=1, label="Site", type="Text")
    made = ask("POST", NOTES, {"title": "x", "opt_1": "Milan"}).json()
    body = {"note_title": "y", "custom": {}, "opt_1": "Rome"}
    answer = api_analyst.post(f"/case/notes/update/{made['id']}?cid=1", body)
    assert (answer.status_code, "custom" in answer.json()["data"]) == (200, False)
    told = ask("GET", f"{NOTES}{made['id']}/").json()
    assert (told["title"], told["opt_1"]) == ("y", "Milan")
