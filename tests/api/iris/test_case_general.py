"""`/case/summary/*`, `/case/tasklog/add`, `/case/update-status` and `/case/export`."""

import json
import zlib
from typing import Any

import pytest

from cases.models import Case
from soar.core.actor import Actor
from soar.core.models import AuditLog, User
from tests.api.iris import shapes
from tests.api.iris.answers import assert_data_error, assert_denied, data_of
from tests.api.iris.shapes import TS, UUID, assert_fits
from tests.http import ApiClient

TEXT = "# Übersicht\n\n<b>kept</b> as typed 🔎"


def test_the_summary_is_overwritten(api_analyst: ApiClient) -> None:
    answer = api_analyst.post("/case/summary/update", {"case_description": TEXT, "cid": 1})
    assert data_of(answer, "Summary updated") == []
    assert Case.objects.get(pk=1).description == TEXT
    assert AuditLog.objects.latest("id").summary == "updated summary"


def test_the_summary_is_read_back_with_its_checksum(api_analyst: ApiClient) -> None:
    api_analyst.post("/case/summary/update", {"case_description": TEXT})
    data = data_of(api_analyst.get("/case/summary/fetch", cid=1), "Summary fetch")
    assert data == {"case_description": TEXT, "crc32": zlib.crc32(TEXT.encode())}


def test_an_empty_summary_is_allowed(api_analyst: ApiClient) -> None:
    data_of(api_analyst.post("/case/summary/update", {"case_description": ""}), "Summary updated")
    assert Case.objects.get(pk=1).description == ""


def test_the_summary_of_a_missing_case_is_denied(api_administrator: ApiClient) -> None:
    cid = 1111155555511111
    assert_denied(api_administrator.get("/case/summary/fetch", cid=cid), cid)


def test_a_logged_activity_is_kept_as_typed(api_analyst: ApiClient, analyst: User) -> None:
    answer = api_analyst.post("/case/tasklog/add", {"log_content": "called THEM", "cid": 1})
    data = data_of(answer, "Log saved")
    line = AuditLog.objects.get(pk=data["id"])
    expected = {
        "id": line.pk,
        "activity_desc": "called THEM",
        "case": "Case #1",
        "case_id": 1,
        "user": "Analyst",
        "user_id": analyst.pk,
        "user_input": True,
    }
    assert data == expected | {"activity_date": data["activity_date"]}
    assert TS.fullmatch(data["activity_date"])
    assert (line.summary, line.is_user_input) == ("called THEM", True)


def test_an_empty_activity_is_refused(api_analyst: ApiClient) -> None:
    answer = api_analyst.post("/case/tasklog/add", {"log_content": ""})
    assert_data_error(answer, log_content="Shorter than minimum length 1.")


@pytest.mark.parametrize("path", ["/case/summary/update", "/case/tasklog/add"])
def test_a_reader_writes_neither(api_reader: ApiClient, path: str) -> None:
    body = {"case_description": "x", "log_content": "x", "cid": 1}
    assert_denied(api_reader.post(path, body), 1)


@pytest.mark.parametrize("outcome", [0, 1, 2, 3, 4, 5, "3"])
def test_the_outcome_is_set(api_analyst: ApiClient, outcome: Any) -> None:
    answer = api_analyst.post("/case/update-status?cid=1", {"status_id": outcome})
    assert data_of(answer, "Case status updated") == int(outcome)
    assert Case.objects.get(pk=1).outcome == int(outcome)


@pytest.mark.parametrize("outcome", [6, -1, 2**40])
def test_an_unknown_outcome_is_refused(api_analyst: ApiClient, outcome: int) -> None:
    answer = api_analyst.post("/case/update-status", {"status_id": outcome})
    assert_data_error(answer, status_id="Invalid status")


# --- export


def exported(client: ApiClient, case_id: int) -> dict[str, Any]:
    """Return the data of an export, whose envelope must be a success."""
    response = client.get("/case/export", cid=case_id)
    body = json.loads(response.getvalue())
    assert response["Content-Type"] == "application/json"
    assert (body["status"], body["message"]) == ("success", "")
    return body["data"]  # type: ignore[no-any-return]


FAMILIES = ("evidences", "timeline", "iocs", "assets", "tasks", "notes", "comments")


def test_an_export_has_every_part(api_analyst: ApiClient) -> None:
    data = exported(api_analyst, 1)
    assert set(data) >= {"case", "export_date", *FAMILIES}
    assert TS.fullmatch(data["export_date"])


def test_an_exported_case_is_whole(api_analyst: ApiClient) -> None:
    case = exported(api_analyst, 1)["case"]
    shape = {
        "case_id": int,
        "case_uuid": UUID,
        "name": str,
        "description": str,
        "soc_id": str,
        "client_id": int,
        "open_date": shapes.DATE,
        "close_date": (shapes.DATE, None),
        "initial_date": TS,
        "status_id": int,
        "status_name": str,
        "state": dict,
        "severity": dict,
        "classification": dict,
        "owner": shapes.USER,
        "user": shapes.USER,
        "reviewer": shapes.OBJECT,
        "client": {"customer_id": int, "customer_name": str},
        "tags": list,
        "protagonists": list,
        "custom_attributes": shapes.OBJECT,
        "modification_history": dict,
    }
    assert_fits(case, shape, "case")


def test_an_export_holds_one_of_everything_with_its_links(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    data = exported(api_administrator, filled["case"])
    ids = {
        "evidences": "id",
        "timeline": "event_id",
        "iocs": "ioc_id",
        "assets": "asset_id",
        "tasks": "id",
        "notes": "note_id",
    }
    nouns = dict(zip(ids, ("evidence", "event", "ioc", "asset", "task", "note"), strict=True))
    assert {name: [row[key] for row in data[name]] for name, key in ids.items()} == {
        name: [filled[noun]] for name, noun in nouns.items()
    }


def test_an_exported_event_spells_out_its_assets_and_iocs(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    event = exported(api_administrator, filled["case"])["timeline"][0]
    assert event["assets"] == ["Full laptop (Account)"]
    ioc = {
        "ioc_id": filled["ioc"],
        "ioc_value": "full.example.org",
        "ioc_description": None,
        "tlp_name": "red",
        "type": "AS",
    }
    assert event["iocs"] == [ioc]
    assert (event["category"], event["last_edited_by"]) == ("Unspecified", "administrator")


def test_an_exported_asset_spells_out_its_iocs(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    asset = exported(api_administrator, filled["case"])["assets"][0]
    ioc = {"ioc_value": "full.example.org", "type_name": "AS", "ioc_description": None}
    assert asset["asset_ioc"] == [ioc]
    assert (asset["type"], asset["analysis_status"]) == ("Account", "Unspecified")
    assert asset["asset_compromise_status"] == "To be determined"


def test_an_exported_object_carries_attributes_and_history(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    data = exported(api_administrator, filled["case"])
    for family in FAMILIES[:-1]:
        row = data[family][0]
        assert row["custom_attributes"] is None
        assert [line["user"] for line in row["modification_history"].values()] == ["administrator"]


def test_an_export_needs_read_access(api_reader: ApiClient, api_outsider: ApiClient) -> None:
    assert exported(api_reader, 1)["case"]["case_id"] == 1
    assert_denied(api_outsider.get("/case/export", cid=1), 1)


def test_an_empty_case_is_exported(api_administrator: ApiClient, second_case: Case) -> None:
    data = exported(api_administrator, second_case.pk)
    assert all(data[family] == [] for family in FAMILIES)


def test_an_export_shows_nothing_of_another_case(
    api_analyst: ApiClient, hidden: dict[str, int], as_analyst: Actor
) -> None:
    body = {"ioc_type_id": 1, "ioc_tlp_id": 1, "ioc_value": "hidden.example.org", "cid": 1}
    api_analyst.post("/case/ioc/add", body)
    text = json.dumps(exported(api_analyst, 1))
    assert "Hidden" not in text
    assert "Outsider" not in text
