"""`/case/evidences/*`: the evidence register of a case."""

from typing import Any

import pytest

from cases.models import Case, Evidence
from cases.services.lookups import define_attributes
from soar.core.actor import Actor
from soar.core.models import AuditLog, ChangeCounter, User
from tests.api.iris import shapes
from tests.api.iris.answers import assert_data_error, assert_denied, assert_refused, data_of
from tests.api.iris.shapes import assert_fits
from tests.http import ApiClient

HUGE = 111155551111
ADDED = "Evidence added"
UNKNOWN = "Invalid evidence ID for this case"


def add(client: ApiClient, cid: int = 1, **changes: Any) -> Any:
    """Return the answer to registering a piece of evidence."""
    return client.post("/case/evidences/add", {"filename": "disk.img"} | changes | {"cid": cid})


def update(client: ApiClient, filled: dict[str, int], **changes: Any) -> Any:
    """Return the answer to updating the evidence of the filled case."""
    path = f"/case/evidences/update/{filled['evidence']}?cid={filled['case']}"
    return client.post(path, {"filename": "new.img"} | changes)


def test_new_evidence_is_answered_whole(api_analyst: ApiClient, analyst: User) -> None:
    given = {
        "file_size": 10**15,
        "file_hash": "ab" * 32,
        "file_description": "Disk of WS-1",
        "type_id": 1,
        "start_date": "2022-01-20T05:45:46.000001",
        "end_date": "2022-01-20T06:00:00.000000",
    }
    data = data_of(add(api_analyst, **given), ADDED)
    assert_fits(data, shapes.EVIDENCE)
    expected = given | {"filename": "disk.img", "case_id": 1, "username": "Analyst"}
    assert data.items() >= expected.items()
    assert (data["user"]["user_login"], data["type"]["id"]) == ("analyst", 1)
    assert data["user_id"] == analyst.pk


@pytest.mark.parametrize(
    "nothing", [{}, {"file_hash": None, "file_description": None, "file_size": None}]
)
def test_only_the_name_must_be_known(api_analyst: ApiClient, nothing: dict[str, Any]) -> None:
    data = data_of(add(api_analyst, filename="x", **nothing), ADDED)
    unknown = ("file_size", "file_hash", "file_description", "custom_attributes", "type_id")
    assert [data[name] for name in unknown] == [None] * 5


def test_adding_is_counted_and_audited(api_analyst: ApiClient) -> None:
    pk = data_of(add(api_analyst), ADDED)["id"]
    assert ChangeCounter.objects.get(case_id=1, family="evidences").value == 1
    assert AuditLog.objects.get(action="evidence.created").object_id == pk


@pytest.mark.parametrize("size", ["big", "", 1.5, True, [], -1, 2**63])
def test_a_size_must_be_an_integer(api_analyst: ApiClient, size: Any) -> None:
    assert_data_error(add(api_analyst, file_size=size), file_size="Not a valid integer.")
    assert not Evidence.objects.filter(case=1).exists()


def test_a_size_of_digits_is_an_integer(api_analyst: ApiClient) -> None:
    assert data_of(add(api_analyst, file_size="42"), ADDED)["file_size"] == 42


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"filename": ""}, {"filename": "Shorter than minimum length 1."}),
        ({"filename": None}, {"filename": "Field may not be null."}),
        ({"filename": "x" * 401}, {"filename": "Longer than maximum length 400."}),
        ({"type_id": HUGE}, {"type_id": "Invalid evidence type ID"}),
        ({"start_date": "soon"}, {"start_date": "Not a valid datetime."}),
        ({"file_hash": 7}, {"file_hash": "Not a valid string."}),
    ],
)
def test_faulty_evidence_is_refused(
    api_analyst: ApiClient, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    assert_data_error(add(api_analyst, **changes), **errors)


def test_the_list_is_an_object_with_a_state(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    data = data_of(api_administrator.get("/case/evidences/list", cid=filled["case"]))
    assert_fits(data, {"evidences": [shapes.EVIDENCE], "state": shapes.STATE})
    row = data["evidences"][0]
    assert (row["id"], row["username"]) == (filled["evidence"], "administrator")
    assert data["state"]["object_state"] == 1


def test_evidence_is_fetched_whole(api_administrator: ApiClient, filled: dict[str, int]) -> None:
    path = f"/case/evidences/{filled['evidence']}"
    data = data_of(api_administrator.get(path, cid=filled["case"]))
    assert_fits(data, shapes.EVIDENCE)
    assert data["filename"] == "full.img"


def test_updated_evidence_is_answered_whole(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    data = data_of(update(api_administrator, filled, file_size=7), "Evidence new.img updated")
    assert_fits(data, shapes.EVIDENCE)
    assert (data["filename"], data["file_size"]) == ("new.img", 7)
    actions = [line["action"] for _, line in sorted(data["modification_history"].items())]
    assert actions == ["created", "updated"]


def test_a_faulty_update_changes_nothing(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    answer = update(api_administrator, filled, file_size="big")
    assert_data_error(answer, file_size="Not a valid integer.")
    assert Evidence.objects.get(pk=filled["evidence"]).filename == "full.img"


def test_attributes_of_evidence_are_filled(api_analyst: ApiClient, as_administrator: Actor) -> None:
    field = {"type": "html", "mandatory": False, "value": ""}
    define_attributes(as_administrator, 6, content={"Tab": {"a": field}})
    data = data_of(add(api_analyst, custom_attributes={"Tab": {"a": "1"}, "x": 1}), ADDED)
    assert data["custom_attributes"] == {"Tab": {"a": field | {"value": "1"}}}


@pytest.mark.parametrize("method", ["get", "post"])
def test_evidence_is_struck_from_the_register(
    api_administrator: ApiClient, filled: dict[str, int], method: str
) -> None:
    path = f"/case/evidences/delete/{filled['evidence']}?cid={filled['case']}"
    assert data_of(getattr(api_administrator, method)(path), "Evidence deleted") == []
    assert not Evidence.objects.filter(case=1).exists()
    line = AuditLog.objects.latest("id")
    assert (line.action, line.details["before"]["filename"]) == ("evidence.deleted", "full.img")


@pytest.mark.parametrize("pk", [0, HUGE, 10**25])
def test_unknown_evidence_is_refused(api_analyst: ApiClient, pk: int) -> None:
    body = {"filename": "x"}
    assert_refused(api_analyst.get(f"/case/evidences/{pk}", cid=1), UNKNOWN)
    assert_refused(api_analyst.post(f"/case/evidences/update/{pk}", body), UNKNOWN)
    assert_refused(api_analyst.post(f"/case/evidences/delete/{pk}"), UNKNOWN)


def test_evidence_of_another_case_is_unknown(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    pk, body = filled["evidence"], {"filename": "x"}
    assert_refused(api_administrator.get(f"/case/evidences/{pk}", cid=1), UNKNOWN)
    assert_refused(api_administrator.post(f"/case/evidences/update/{pk}?cid=1", body), UNKNOWN)
    assert_refused(api_administrator.get(f"/case/evidences/delete/{pk}", cid=1), UNKNOWN)


def test_a_reader_registers_nothing(api_reader: ApiClient, case: Case) -> None:
    assert_denied(add(api_reader), case.pk)
    assert not Evidence.objects.filter(case=1).exists()
