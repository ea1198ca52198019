"""`entities/`: the answers of the contract, who sees what of them, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from cases.models import Case, CaseIoc
from incidents.models import Attachment
from incidents.services.entities import lock_entity, set_verdict, update_entity
from iocs.models import Ioc, Verdict
from soar.core.actor import Actor
from soar.core.models import User
from tests.api.cloudsoar.answers import assert_shape
from tests.api.cloudsoar.entity_calls import (
    PATH,
    client_of,
    found,
    send,
    values,
)
from tests.incidents.entity_cast import VALUE, put, the
from tests.incidents.stored import store, stored_files

__all__ = ["store"]
pytestmark = pytest.mark.django_db
RED = "\N{LARGE RED CIRCLE}"
MALICIOUS = [{"value": RED}, {"value": "MALICIOUS"}]
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def client(analyst: User) -> Client:
    """The analyst's client."""
    return client_of(analyst)


@pytest.fixture
def outside(outsider: User) -> Client:
    """The outsider's client."""
    return client_of(outsider)


# --- contract §5, example 9


def test_a_search_with_json_under_the_header_of_a_form(ask: Any, as_analyst: Actor) -> None:
    put(as_analyst, 1)
    body = {"page_number": 1, "page_size": 150, "filter": f'value:"{VALUE}"'}
    answer = ask("POST", "entities/search/", json.dumps(body), FORM)
    assert answer.status_code == 200
    assert answer["X-Total-Count"] == "1"
    assert answer.json() == [
        {
            "id": the().pk,
            "value": VALUE,
            "type": "ipaddress",
            "tag": [],
            "related_incidents_count": 1,
            "favorite": False,
            "locked": False,
            "deleted": False,
        }
    ]


def test_a_patch_with_reserved_tags_judges_the_entity(ask: Any, as_analyst: Actor) -> None:
    row = put(as_analyst, 1)
    body = {"tag": f"{RED},MALICIOUS", "additional_info": "Seen in feed"}
    answer = ask("PATCH", f"entities/{the().pk}/", json.dumps(body), FORM)
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "detail": "Entity updated",
            "id": the().pk,
            "tag": MALICIOUS,
            "threat_indicator": "malicious",
        },
    )
    row.refresh_from_db()
    assert (row.description, the().verdict) == ("Seen in feed", Verdict.MALICIOUS)


# --- one entity


def test_the_whole_entity(client: Client, as_analyst: Actor) -> None:
    row = put(as_analyst, 1, tags="c2", description="<b>x</b><script>y</script>")
    moment = row.added_at.isoformat(timespec="seconds").replace("+00:00", "Z")
    answer = client.get(f"{PATH}{row.ioc_id}/")
    assert answer.json() == {
        "id": row.ioc_id,
        "resource": VALUE,
        "value": VALUE,
        "type": "ipaddress",
        "tag": [{"value": "c2"}],
        "additional_info": "<b>x</b>",
        "related_incidents": [{"id": 1, "incidentid": row.case.incident.reference}],
        "has_attachment": False,
        "deleted": False,
        "locked": False,
        "favorite": False,
        "threat_indicator": "none",
        "md5_hash": None,
        "sha1_hash": None,
        "sha256_hash": None,
        "first_seen": moment,
        "last_seen": moment,
        "enrichments": [],
    }


def test_a_hidden_entity_is_answered_like_a_missing_one(
    client: Client, as_outsider: Actor, outsider_case: Case
) -> None:
    put(as_outsider, outsider_case.pk)
    for method, path in [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "restore/"),
        ("GET", "incidents/"),
        ("GET", "timeline/"),
    ]:
        answers = [send(client, method, f"{pk}/{path}") for pk in (the().pk, 999_999_999)]
        assert [one.status_code for one in answers] == [404, 404], (method, path)
        assert answers[0].content == answers[1].content


def test_nothing_of_other_cases_is_read_in_an_entity_or_a_list(
    client: Client, as_analyst: Actor, as_outsider: Actor, outsider_case: Case
) -> None:
    put(as_analyst, 1, tags="mine")
    put(as_outsider, outsider_case.pk, tags="their-tag", description="their-text")
    update_entity(as_outsider, the().pk, is_favorite=True)
    pages = ["", f"{the().pk}/", f"{the().pk}/incidents/", f"{the().pk}/timeline/"]
    for page in pages:
        text = client.get(f"{PATH}{page}").content.decode()
        assert "their-" not in text
        assert outsider_case.incident.reference not in text
    assert client.get(PATH).json()[0]["related_incidents_count"] == 1
    assert found(client, "tag:their") == []
    assert found(client, f"incident:{outsider_case.pk}") == []


def test_a_hash_is_its_own_hash(client: Client, as_analyst: Actor) -> None:
    made = send(client, "POST", "", {"type": "md5", "value": "d41d8cd98f00b204e9800998ecf8427e"})
    assert made.json()["md5_hash"] == "d41d8cd98f00b204e9800998ecf8427e"
    assert made.json()["sha256_hash"] is None


# --- cataloguing


@pytest.mark.parametrize("as_form", [False, True], ids=["json", "form"])
def test_an_entity_is_catalogued_once(client: Client, as_form: bool) -> None:
    body = {"type": "host", "value": "web-1", "tag": "dmz,web", "additional_info": "<i>x</i>"}
    answers = [
        client.post(PATH, body) if as_form else send(client, "POST", "", body) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    shown = answers[0].json()
    assert (shown["type"], shown["resource"]) == ("host", "web-1")
    assert shown["tag"] == [{"value": "dmz"}, {"value": "web"}]
    assert (shown["additional_info"], shown["related_incidents"]) == ("<i>x</i>", [])
    assert values(client.get(PATH)).count("web-1") == 1


def test_what_others_know_is_made_anew_for_the_caller(
    client: Client, as_outsider: Actor, outsider_case: Case
) -> None:
    put(as_outsider, outsider_case.pk, tags="hidden")
    answer = send(client, "POST", "", {"type": "ipaddress", "value": VALUE})
    assert (answer.status_code, answer.json()["tag"]) == (201, [])
    assert answer.json()["related_incidents"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"value": "x"}, "type"),
        ({"type": "rumour", "value": "x"}, "type"),
        ({"type": "host"}, "value"),
        ({"type": "host", "value": " "}, "value"),
        ({"type": "host", "value": "x", "tag": 7}, "tag"),
    ],
)
def test_a_bad_entity_is_refused(client: Client, body: dict[str, Any], field: str) -> None:
    count = Ioc.objects.count()
    refusal = assert_shape(send(client, "POST", "", body), 400, "Invalid request")
    assert field in refusal["fields"]
    assert Ioc.objects.count() == count


def test_a_file_is_kept_with_its_entity(
    client: Client, outside: Client, store: Path, tmp_path: Path
) -> None:
    for code in (201, 200):
        (tmp_path / "evil.bin").write_bytes(b"MZ")
        with (tmp_path / "evil.bin").open("rb") as file:
            answer = client.post(PATH, {"type": "file", "file": file, "tag": "dropper"})
        assert answer.status_code == code, answer.content
    shown = answer.json()
    assert (shown["value"], shown["has_attachment"]) == ("evil.bin", True)
    assert shown["md5_hash"] == "ac6ad5d9b99757c3a878f2d275ace198"
    assert Attachment.objects.filter(ioc=shown["id"]).count() == 1
    assert len([path for path in stored_files() if path.name == shown["sha256_hash"]]) == 1
    theirs = send(outside, "POST", "", {"type": "file", "value": "evil.bin"}).json()
    assert (theirs["id"], theirs["has_attachment"]) == (shown["id"], False)
    assert theirs["sha256_hash"] is None


def test_a_file_belongs_to_the_type_file(client: Client, store: Path) -> None:
    (store / "x").write_bytes(b"x")
    with (store / "x").open("rb") as file:
        answer = client.post(PATH, {"type": "host", "value": "x", "file": file})
    assert "file" in assert_shape(answer, 400, "Invalid request")["fields"]
    assert not Ioc.objects.filter(value="x").exists()


# --- changing


def test_lock_favourite_and_text_are_changed_at_once(client: Client, as_analyst: Actor) -> None:
    row = put(as_analyst, 1)
    body = {"locked": True, "favorite": True, "additional_info": "x", "tag": ["a", "b"]}
    assert send(client, "PATCH", f"{row.ioc_id}/", body).status_code == 200
    shown = client.get(f"{PATH}{row.ioc_id}/").json()
    assert (shown["locked"], shown["favorite"], shown["additional_info"]) == (True, True, "x")
    assert shown["tag"] == [{"value": "a"}, {"value": "b"}]


def test_a_locked_entity_answers_409_until_it_is_unlocked(
    client: Client, as_analyst: Actor
) -> None:
    row = put(as_analyst, 1)
    lock_entity(as_analyst, row.ioc_id)
    for method, path, body in [
        ("PATCH", "", {"tag": "x"}),
        ("POST", "threat_indicator/", {"value": "malicious"}),
        ("DELETE", "", {}),
    ]:
        assert_shape(send(client, method, f"{row.ioc_id}/{path}", body), 409, "Conflict")
    unlocked = send(client, "PATCH", f"{row.ioc_id}/", {"locked": False, "tag": "x"})
    assert (unlocked.status_code, unlocked.json()["tag"]) == (200, [{"value": "x"}])


def test_tags_are_replaced_on_demand(client: Client, as_analyst: Actor) -> None:
    row = put(as_analyst, 1, tags="a,b")
    body = {"tag": "c", "tag_mode": "replace"}
    assert send(client, "PATCH", f"{row.ioc_id}/", body).json()["tag"] == [{"value": "c"}]
    assert CaseIoc.objects.get(pk=row.pk).tags == "c"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"tag_mode": "remove"}, "tag_mode"),
        ({"locked": "perhaps"}, "locked"),
        ({"threat_indicator": "evil"}, "threat_indicator"),
        ({"tag": {"a": 1}}, "tag"),
    ],
)
def test_a_bad_change_is_refused(
    client: Client, as_analyst: Actor, body: dict[str, Any], field: str
) -> None:
    row = put(as_analyst, 1, tags="a")
    answer = send(client, "PATCH", f"{row.ioc_id}/", body | {"additional_info": "x"})
    assert field in assert_shape(answer, 400, "Invalid request")["fields"]
    assert CaseIoc.objects.get(pk=row.pk).description is None


@pytest.mark.parametrize("verdict", ["malicious", "suspicious", "none"])
def test_the_threat_indicator_is_set(client: Client, as_analyst: Actor, verdict: str) -> None:
    row = put(as_analyst, 1)
    set_verdict(as_analyst, row.ioc_id, verdict="suspicious")
    answer = send(client, "POST", f"{row.ioc_id}/threat_indicator/", {"value": verdict})
    assert answer.json()["threat_indicator"] == verdict
    assert len(answer.json()["tag"]) == (0 if verdict == "none" else 2)


def test_who_may_only_read_is_refused(reader: User, as_analyst: Actor) -> None:
    row = put(as_analyst, 1)
    client = client_of(reader)
    assert client.get(f"{PATH}{row.ioc_id}/").status_code == 200
    assert_shape(send(client, "PATCH", f"{row.ioc_id}/", {"tag": "x"}), 403, "Forbidden")
    favourite = send(client, "PATCH", f"{row.ioc_id}/", {"favorite": True})
    assert favourite.status_code == 200


def test_a_deleted_entity_is_hidden_until_it_is_asked_for_or_restored(
    client: Client, as_analyst: Actor
) -> None:
    row = put(as_analyst, 1)
    assert send(client, "DELETE", f"{row.ioc_id}/").status_code == 204
    assert VALUE not in values(client.get(PATH))
    assert found(client, VALUE) == []
    assert found(client, f"{VALUE} AND deleted: true") == [VALUE]
    assert values(client.get(PATH, {"deleted": "true"})) == [VALUE]
    assert client.get(f"{PATH}{row.ioc_id}/").json()["deleted"] is True
    restored = send(client, "POST", f"{row.ioc_id}/restore/")
    assert (restored.status_code, restored.json()["deleted"]) == (200, False)
    assert_shape(send(client, "POST", f"{row.ioc_id}/restore/"), 409, "Conflict")


def test_a_file_that_is_too_large_is_refused(client: Client, store: Path, settings: Any) -> None:
    settings.SOAR_MAXIMUM_UPLOAD_MB = 0
    (store / "large.bin").write_bytes(b"x")
    with (store / "large.bin").open("rb") as file:
        answer = client.post(PATH, {"type": "file", "file": file})
    assert_shape(answer, 413, "Payload too large")
    assert not Ioc.objects.filter(value="large.bin").exists()
