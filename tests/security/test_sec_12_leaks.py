"""SEC-12 beyond the matrix of tests/api/iris/test_permissions.py: nested objects, links, search, feeds.

Everything of the other customer carries a marker that must not show in any answer.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from cases.services.assets import add_asset
from cases.services.cases import add_activity
from cases.services.iocs import add_ioc
from cases.services.notes import add_note
from soar.core.actor import Actor
from soar.core.models import User
from tests.api.iris.calls import path_of
from tests.api.iris.permission_table import TABLE, Line
from tests.api.iris.world import World
from tests.database import undone
from tests.http import ApiClient

pytestmark = pytest.mark.django_db
MARKER = "HIDDENMARKER"
SHARED = "shared.example.org"
NARROWED = ("full access", "read-only", "guest")
READS = [line for line in TABLE if "GET" in line.methods and "{" not in line.path]


@pytest.fixture(scope="module")
def leaky(world: World) -> World:
    """The world with an IOC and an asset in both cases, and a marker on all the other side says."""
    hidden, here = int(world.there["case"]), int(world.here["case"])
    outsider = Actor.of(User.objects.get(login="outsider"), "iris")
    analyst = Actor.of(User.objects.get(login="analyst"), "iris")
    add_ioc(outsider, hidden, type_id=1, tlp_id=1, value=SHARED, description=MARKER, tags=MARKER)
    add_ioc(outsider, hidden, type_id=1, tlp_id=1, value=f"{MARKER}.example.org")
    add_asset(outsider, hidden, name="Shared host", type_id=1, analysis_status_id=1, info=MARKER)
    add_note(outsider, hidden, title=MARKER, content=MARKER, directory_id=int(world.there["group"]))
    add_activity(outsider, hidden, content=MARKER)
    add_ioc(analyst, here, type_id=1, tlp_id=1, value=SHARED)
    add_asset(analyst, here, name="Shared host", type_id=1, analysis_status_id=1)
    return world


@pytest.fixture
def analyst_client(leaky: World) -> ApiClient:
    """The client of the analyst of this side's customer."""
    return leaky.callers["full access"].client


@pytest.fixture(autouse=True)
def _undone(leaky: World) -> Iterator[None]:
    """Undo what a test writes."""
    with undone():
        yield


def shared_ioc(world: World, client: ApiClient) -> Any:
    """Return the row of the IOC both cases hold, as a caller sees it in his case."""
    rows = client.get("/case/ioc/list", cid=world.here["case"]).json()["data"]["ioc"]
    return next(row for row in rows if row["ioc_value"] == SHARED)


@pytest.mark.parametrize("caller", NARROWED)
@pytest.mark.parametrize("line", READS, ids=lambda line: line.path)
def test_sec_12_no_list_shows_anything_of_a_hidden_case(
    leaky: World, line: Line, caller: str
) -> None:
    answer = leaky.callers[caller].client.get(path_of(leaky, line, "here", "here"))
    text = answer.getvalue().decode()
    assert MARKER not in text
    assert "There " not in text


@pytest.mark.parametrize("kind", ["ioc", "notes", "comments"])
@pytest.mark.parametrize("term", ["%", MARKER, f"%{MARKER}%", SHARED])
def test_sec_12_search_finds_nothing_of_a_hidden_case(
    leaky: World, analyst_client: ApiClient, kind: str, term: str
) -> None:
    answer = analyst_client.post("/search", {"search_value": term, "search_type": kind})
    found = {row["case_id"] for row in answer.json()["data"]}
    assert answer.status_code == 200
    assert leaky.there["case"] not in found


def test_sec_12_an_administrator_finds_what_search_hides_from_others(leaky: World) -> None:
    body = {"search_value": SHARED, "search_type": "ioc"}
    rows = leaky.callers["administrator"].client.post("/search", body).json()["data"]
    assert {row["case_id"] for row in rows} == {leaky.here["case"], leaky.there["case"]}


def test_sec_12_the_link_of_a_shared_ioc_leaves_out_hidden_cases(
    leaky: World, analyst_client: ApiClient
) -> None:
    row = shared_ioc(leaky, analyst_client)
    path = f"/case/ioc/{row['ioc_id']}?cid={leaky.here['case']}"
    assert row["link"] == []
    assert analyst_client.get(path).json()["data"]["link"] == []


def test_sec_12_the_link_of_a_shared_ioc_shows_readable_cases(leaky: World) -> None:
    row = shared_ioc(leaky, leaky.callers["administrator"].client)
    assert [link["case_id"] for link in row["link"]] == [leaky.there["case"]]


def test_sec_12_the_link_of_a_shared_asset_leaves_out_hidden_cases(
    leaky: World, analyst_client: ApiClient
) -> None:
    data = analyst_client.get("/case/assets/list", cid=leaky.here["case"]).json()["data"]
    assert all(asset["link"] == [] for asset in data["assets"])


@pytest.mark.parametrize("side", ["there", "missing"])
@pytest.mark.parametrize(
    ("path", "field", "noun"),
    [
        ("/case/assets/add", "ioc_links", "ioc"),
        ("/case/timeline/events/add", "event_assets", "asset"),
        ("/case/timeline/events/add", "event_iocs", "ioc"),
    ],
)
def test_sec_12_a_reference_into_a_hidden_case_is_refused_like_one_to_nothing(
    leaky: World, analyst_client: ApiClient, path: str, field: str, noun: str, side: str
) -> None:
    body = {
        "asset_name": "Host",
        "asset_type_id": 1,
        "analysis_status_id": 1,
        "event_title": "Event",
        "event_assets": [],
        "event_category_id": 1,
        "event_date": "2026-03-01T12:00:00.000",
        "event_tz": "+00:00",
    } | {field: [leaky.id_of(side, noun)]}
    answer = analyst_client.post(f"{path}?cid={leaky.here['case']}", body).json()
    assert answer["message"] == "Data error"
    assert list(answer["data"]) == [field]
    assert len(answer["data"][field]) == 1


@pytest.mark.parametrize("side", ["there", "missing"])
def test_sec_12_no_hook_is_called_on_an_object_of_a_hidden_case(
    leaky: World, analyst_client: ApiClient, side: str
) -> None:
    pk = leaky.id_of(side, "ioc")
    body = {"hook_name": "x", "type": "ioc", "targets": [pk]}
    answer = analyst_client.post(f"/dim/hooks/call?cid={leaky.here['case']}", body).json()
    text = "Errors encountered during processing of data. Queued task with 0 objects"
    assert (answer["message"], answer["data"]) == (text, [f"Object ID {pk} not found"])


@pytest.mark.parametrize("side", ["there", "missing"])
def test_sec_12_a_note_cannot_go_into_a_hidden_group(
    leaky: World, analyst_client: ApiClient, side: str
) -> None:
    body = {"note_title": "Note", "group_id": leaky.id_of(side, "group")}
    answer = analyst_client.post(f"/case/notes/add?cid={leaky.here['case']}", body)
    assert answer.status_code == 400
    assert answer.json()["data"] == {"group_id": ["Invalid group ID"]}


def test_sec_12_adding_an_ioc_does_not_tell_that_a_hidden_case_holds_it(
    leaky: World, analyst_client: ApiClient
) -> None:
    body = {"ioc_type_id": 1, "ioc_tlp_id": 1, "ioc_value": f"{MARKER}.example.org"}
    answer = analyst_client.post(f"/case/ioc/add?cid={leaky.here['case']}", body).json()
    assert answer["message"] == "IOC added"
    assert answer["data"]["ioc_description"] is None


def test_sec_12_deleting_an_ioc_does_not_tell_that_a_hidden_case_holds_it(
    leaky: World, analyst_client: ApiClient
) -> None:
    row = shared_ioc(leaky, analyst_client)
    path = f"/case/ioc/delete/{row['ioc_id']}?cid={leaky.here['case']}"
    assert analyst_client.post(path).json()["message"] == "IOC deleted"


def test_sec_12_correcting_a_shared_ioc_leaves_the_hidden_case_as_it_is(
    leaky: World, analyst_client: ApiClient
) -> None:
    row = shared_ioc(leaky, analyst_client)
    path = f"/case/ioc/update/{row['ioc_id']}?cid={leaky.here['case']}"
    analyst_client.post(path, {"ioc_value": "corrected.example.org"})
    client = leaky.callers["other customer"].client
    rows = client.get("/case/ioc/list", cid=leaky.there["case"]).json()["data"]["ioc"]
    assert SHARED in {row["ioc_value"] for row in rows}
