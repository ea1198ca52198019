"""`/case/notes/*`: notes, and the v1 groups they lie in."""

from typing import Any

import pytest

from cases.models import Case, Note, NoteDirectory
from cases.services.lookups import define_attributes
from cases.services.notes import add_note_directory
from soar.core.actor import Actor
from soar.core.models import AuditLog, ChangeCounter, User
from tests.api.iris import shapes
from tests.api.iris.answers import assert_data_error, assert_denied, assert_refused, data_of
from tests.api.iris.shapes import assert_fits
from tests.http import ApiClient

HUGE = 111155551111
NO_GROUP = "Invalid group ID"
NOT_HERE = "Invalid note ID for this case"


@pytest.fixture
def group(api_analyst: ApiClient) -> int:
    """A new group of case 1."""
    answer = api_analyst.post("/case/notes/groups/add", {"group_title": "Triage", "cid": 1})
    return int(data_of(answer)["group_id"])


@pytest.fixture
def note_id(api_analyst: ApiClient, group: int) -> int:
    """A new note in it."""
    return int(data_of(add(api_analyst, group))["note_id"])


def add(client: ApiClient, group: int, cid: int = 1, **changes: Any) -> Any:
    """Return the answer to adding a note."""
    body = {"note_title": "First look", "note_content": "*Nothing*", "group_id": group, "cid": cid}
    return client.post("/case/notes/add", body | changes)


def found(client: ApiClient, query: str = "", **body: Any) -> list[str]:
    """Return the titles of the notes of case 1 a search finds."""
    data = data_of(client.post(f"/case/notes/search?cid=1{query}", body))
    assert_fits(data, [{"note_id": int, "note_title": str}])
    return [row["note_title"] for row in data]


# --- groups


def test_a_new_group_is_answered_whole(api_analyst: ApiClient) -> None:
    answer = api_analyst.post("/case/notes/groups/add", {"group_title": "Triage", "cid": 1})
    data = data_of(answer)
    assert_fits(data, shapes.GROUP)
    assert data["group_title"] == "Triage"
    assert AuditLog.objects.latest("id").action == "note_directory.created"


def test_two_groups_may_have_one_title(api_analyst: ApiClient, group: int) -> None:
    data_of(api_analyst.post("/case/notes/groups/add", {"group_title": "Triage", "cid": 1}))
    assert NoteDirectory.objects.filter(case=1, name="Triage").count() == 2


def test_groups_are_listed_with_the_heads_of_their_notes(
    api_analyst: ApiClient, group: int, note_id: int
) -> None:
    data = data_of(api_analyst.get("/case/notes/groups/list", cid=1))
    row = {"group_id": int, "group_title": str, "notes": [shapes.NOTE_ROW]}
    assert_fits(data, {"groups": [row], "state": shapes.STATE})
    last = data["groups"][-1]
    assert (last["group_id"], last["group_title"]) == (group, "Triage")
    assert [(note["note_id"], note["user"]) for note in last["notes"]] == [(note_id, "Analyst")]


def test_a_directory_inside_another_is_no_group(
    api_analyst: ApiClient, as_administrator: Actor, group: int
) -> None:
    add_note_directory(as_administrator, 1, name="Inner", parent_id=group)
    groups = data_of(api_analyst.get("/case/notes/groups/list", cid=1))["groups"]
    assert [row["group_title"] for row in groups] == ["Getting started", "Triage"]


def test_an_empty_group_is_fetched_with_no_notes(api_analyst: ApiClient, group: int) -> None:
    data = data_of(api_analyst.get(f"/case/notes/groups/{group}", cid=1))
    assert_fits(data, shapes.GROUP | {"notes": [shapes.NOTE_ROW]})
    assert data["notes"] == []


def test_a_group_is_fetched_with_its_notes(
    api_analyst: ApiClient, group: int, note_id: int
) -> None:
    data = data_of(api_analyst.get(f"/case/notes/groups/{group}", cid=1))
    assert [note["note_id"] for note in data["notes"]] == [note_id]


@pytest.mark.parametrize("in_body", [False, True])
def test_a_group_is_renamed(api_analyst: ApiClient, group: int, in_body: bool) -> None:
    path = "/case/notes/groups/update" + ("" if in_body else f"/{group}")
    body = {"group_title": "Later", "cid": 1} | ({"group_id": group} if in_body else {})
    data = data_of(api_analyst.post(path, body), f"Updated title of group ID {group}")
    assert_fits(data, shapes.GROUP)
    assert data["group_title"] == "Later"


def test_a_rename_without_id_is_refused(api_analyst: ApiClient) -> None:
    answer = api_analyst.post("/case/notes/groups/update", {"group_title": "Later"})
    assert_refused(answer, "Missing field group_id")


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_deleted_group_takes_its_notes_along(
    api_analyst: ApiClient, group: int, note_id: int, method: str
) -> None:
    answer = getattr(api_analyst, method)(f"/case/notes/groups/delete/{group}?cid=1")
    assert data_of(answer, f"Group ID {group} deleted") == []
    assert not Note.objects.filter(pk=note_id).exists()


@pytest.mark.parametrize("group_id", [0, HUGE, 10**25])
def test_an_unknown_group_is_refused(api_analyst: ApiClient, group_id: int) -> None:
    path = "/case/notes/groups"
    renamed = api_analyst.post(f"{path}/update/{group_id}", {"group_title": "x", "cid": 1})
    assert_refused(renamed, f"Group ID {group_id} not found")
    assert_refused(api_analyst.get(f"{path}/{group_id}", cid=1), NO_GROUP)
    assert_refused(api_analyst.post(f"{path}/delete/{group_id}"), NO_GROUP)


def test_a_group_of_another_case_is_unknown(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    group = filled["group"]
    assert_refused(api_administrator.get(f"/case/notes/groups/{group}", cid=1), NO_GROUP)
    assert_refused(api_administrator.post(f"/case/notes/groups/delete/{group}?cid=1"), NO_GROUP)
    body = {"group_title": "x", "cid": 1}
    answer = api_administrator.post(f"/case/notes/groups/update/{group}", body)
    assert_refused(answer, f"Group ID {group} not found")


# --- notes


@pytest.mark.parametrize("member", ["group_id", "directory_id"])
def test_a_new_note_is_answered_whole(
    api_analyst: ApiClient, analyst: User, group: int, member: str
) -> None:
    body = {"note_title": "First look", "note_content": "*x*", member: group, "cid": 1}
    data = data_of(api_analyst.post("/case/notes/add", body))
    assert_fits(data, shapes.NOTE)
    expected = {
        "note_title": "First look",
        "note_content": "*x*",
        "group_id": group,
        "group_title": "Triage",
        "directory": {"id": group, "name": "Triage", "parent_id": None, "case_id": 1},
        "note_user": analyst.pk,
        "note_case_id": 1,
        "custom_attributes": None,
    }
    assert data.items() >= expected.items()


@pytest.mark.parametrize("length", [1, 154])
def test_a_title_has_1_to_154_characters(api_analyst: ApiClient, group: int, length: int) -> None:
    data_of(add(api_analyst, group, note_title="x" * length))


def test_a_note_may_be_empty(api_analyst: ApiClient, group: int) -> None:
    assert data_of(add(api_analyst, group, note_content=""))["note_content"] == ""


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"note_title": ""}, {"note_title": "Shorter than minimum length 1."}),
        ({"note_title": None}, {"note_title": "Field may not be null."}),
        ({"note_title": "x" * 155}, {"note_title": "Longer than maximum length 154."}),
        ({"note_content": 5}, {"note_content": "Not a valid string."}),
        ({"group_id": "x"}, {"group_id": "Not a valid integer."}),
    ],
)
def test_a_faulty_note_is_refused(
    api_analyst: ApiClient, group: int, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    assert_data_error(add(api_analyst, group, **changes), **errors)


@pytest.mark.parametrize("member", ["group_id", "directory_id"])
def test_a_group_of_another_case_takes_no_note(
    api_administrator: ApiClient, filled: dict[str, int], member: str
) -> None:
    for pk in (filled["group"], HUGE):
        body = {"note_title": "Stray", member: pk, "cid": 1}
        answer = api_administrator.post("/case/notes/add", body)
        assert_data_error(answer, **{member: NO_GROUP})
    assert not Note.objects.filter(title="Stray").exists()


def test_a_note_is_fetched_whole(api_analyst: ApiClient, note_id: int) -> None:
    data = data_of(api_analyst.get(f"/case/notes/{note_id}", cid=1))
    assert_fits(data, shapes.NOTE)
    assert (data["note_id"], data["note_content"]) == (note_id, "*Nothing*")


def test_an_update_changes_only_what_it_names(api_analyst: ApiClient, note_id: int) -> None:
    body = {"note_content": "ünï 🔎", "cid": 1}
    data = data_of(api_analyst.post(f"/case/notes/update/{note_id}", body))
    assert_fits(data, shapes.NOTE)
    assert (data["note_title"], data["note_content"]) == ("First look", "ünï 🔎")
    assert data["note_lastupdate"] > data["note_creationdate"]
    actions = [line["action"] for _, line in sorted(data["modification_history"].items())]
    assert actions == ["created note", "updated note"]


def test_a_note_moves_to_another_group_of_the_case_only(
    api_administrator: ApiClient, note_id: int, filled: dict[str, int]
) -> None:
    path = f"/case/notes/update/{note_id}?cid=1"
    answer = api_administrator.post(path, {"directory_id": filled["group"]})
    assert_data_error(answer, directory_id=NO_GROUP)


def test_attributes_of_a_note_are_filled(
    api_analyst: ApiClient, as_administrator: Actor, group: int
) -> None:
    field = {"type": "input_string", "mandatory": False, "value": ""}
    define_attributes(as_administrator, 5, content={"Tab": {"a": field}})
    data = data_of(add(api_analyst, group, custom_attributes={"Tab": {"a": "1"}}))
    assert data["custom_attributes"] == {"Tab": {"a": field | {"value": "1"}}}


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_note_is_deleted(api_analyst: ApiClient, note_id: int, method: str) -> None:
    answer = getattr(api_analyst, method)(f"/case/notes/delete/{note_id}?cid=1")
    assert data_of(answer, "Deleted") == []
    assert not Note.objects.filter(pk=note_id).exists()
    assert AuditLog.objects.latest("id").action == "note.deleted"


@pytest.mark.parametrize("pk", [0, HUGE, 10**25])
def test_an_unknown_note_is_refused(api_analyst: ApiClient, pk: int) -> None:
    assert_refused(api_analyst.get(f"/case/notes/{pk}", cid=1), "Invalid note ID")
    assert_refused(api_analyst.post(f"/case/notes/delete/{pk}"), NOT_HERE)
    assert_refused(api_analyst.post(f"/case/notes/update/{pk}", {"note_title": "x"}), NOT_HERE)


def test_a_note_of_another_case_is_unknown(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    pk = filled["note"]
    assert_refused(api_administrator.get(f"/case/notes/{pk}", cid=1), "Invalid note ID")
    assert_refused(api_administrator.get(f"/case/notes/delete/{pk}", cid=1), NOT_HERE)
    assert Note.objects.filter(pk=pk).exists()


def test_each_write_of_notes_or_groups_counts_once(
    api_administrator: ApiClient, second_case: Case
) -> None:
    cid = second_case.pk
    body = {"group_title": "Triage", "cid": cid}
    group = data_of(api_administrator.post("/case/notes/groups/add", body))["group_id"]
    note = data_of(add(api_administrator, group, cid))["note_id"]
    api_administrator.post(f"/case/notes/update/{note}?cid={cid}", {"note_title": "x"})
    api_administrator.post(f"/case/notes/delete/{note}?cid={cid}")
    assert ChangeCounter.objects.get(case_id=cid, family="notes").value == 4


def test_a_reader_writes_no_note(api_reader: ApiClient) -> None:
    assert_denied(add(api_reader, NoteDirectory.objects.first().pk), 1)  # type: ignore[union-attr]


# --- search


@pytest.fixture
def notes(api_analyst: ApiClient, group: int) -> None:
    """Three notes to tell apart."""
    texts = {"100% sure": "mimikatz", "Under_score": "Ünicode", "Plain": "has MimiKatz inside"}
    for title, content in texts.items():
        add(api_analyst, group, note_title=title, note_content=content)


@pytest.mark.parametrize(
    ("term", "titles"),
    [
        ("%mimikatz%", ["100% sure", "Plain"]),
        ("mimikatz", ["100% sure"]),
        ("Plain", ["Plain"]),
        ("plain", ["Plain"]),
        ("%under_%", ["Under_score"]),
        ("%score", ["Under_score"]),
        ("%nothing of it%", []),
        ("%'; drop table--%", []),
    ],
)
def test_a_search_term_matches_with_percent_as_wildcard(
    api_analyst: ApiClient, notes: None, term: str, titles: list[str]
) -> None:
    assert found(api_analyst, search_term=term) == titles


@pytest.mark.parametrize("place", ["query", "body"])
def test_a_search_input_is_contained(api_analyst: ApiClient, notes: None, place: str) -> None:
    if place == "query":
        assert found(api_analyst, "&search_input=mimikatz") == ["100% sure", "Plain"]
    else:
        assert found(api_analyst, search_input="100%") == ["100% sure"]


def test_a_search_stays_within_the_case(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    assert found(api_administrator, search_term="%Full%") == []
