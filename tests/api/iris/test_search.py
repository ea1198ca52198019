"""`/search` and `/activities/list`: across cases, narrowed to those the caller may read."""

from typing import Any

import pytest

from cases.models import Case
from soar.core.models import AuditLog
from tests.api.iris.answers import assert_data_error, assert_refused, data_of
from tests.api.iris.shapes import TS, assert_fits
from tests.http import ApiClient

FOUND = "Results fetched"
IOC = {
    "ioc_name": str,
    "ioc_description": (str, None),
    "ioc_misp": None,
    "type_name": str,
    "tlp_name": str,
    "tlp_bscolor": str,
    "case_name": str,
    "case_id": int,
    "customer_name": str,
}
NOTE = {"note_id": int, "note_title": str, "case_name": str, "case_id": int, "client_name": str}
ACTIVITY = {
    "case_id": (int, None),
    "case_name": (str, None),
    "user_id": (int, None),
    "user_name": str,
    "activity_date": TS,
    "activity_desc": str,
    "user_input": bool,
    "is_from_api": bool,
}


def search(client: ApiClient, kind: str, value: Any = "%") -> list[dict[str, Any]]:
    """Return what a search finds."""
    body = {"search_value": value, "search_type": kind, "cid": 1}
    return data_of(client.post("/search", body), FOUND)  # type: ignore[no-any-return]


def test_an_ioc_is_found_with_its_case(api_analyst: ApiClient) -> None:
    rows = search(api_analyst, "ioc", "192.0.2.%")
    assert_fits(rows, [IOC])
    row = rows[0]
    assert (row["ioc_name"], row["type_name"], row["tlp_name"]) == ("192.0.2.1", "ip-any", "green")
    assert (row["case_name"], row["customer_name"]) == ("#1 - Initial Demo", "IrisInitialClient")


def test_an_ioc_is_found_by_its_description(api_analyst: ApiClient) -> None:
    assert len(search(api_analyst, "ioc", "%RFC 5737%")) == 1


def test_a_note_is_found_with_its_case(api_analyst: ApiClient) -> None:
    rows = search(api_analyst, "notes", "Wel%")
    assert_fits(rows, [NOTE])
    expected = {"note_title": "Welcome", "case_id": 1, "client_name": "IrisInitialClient"}
    assert rows[0].items() >= expected.items()


def test_comments_are_not_found_yet(api_analyst: ApiClient) -> None:
    assert search(api_analyst, "comments") == []


@pytest.mark.parametrize("kind", ["ioc", "notes"])
def test_a_search_finds_nothing_in_hidden_cases(
    api_analyst: ApiClient, api_administrator: ApiClient, hidden: dict[str, int], kind: str
) -> None:
    assert {row["case_id"] for row in search(api_analyst, kind)} == {1}
    assert {row["case_id"] for row in search(api_administrator, kind)} == {1, hidden["case"]}


def test_only_percent_is_a_wildcard(api_analyst: ApiClient) -> None:
    for value in ("192_0.2.1", "192.0.2", "*", "' OR 1=1 --", "\\"):
        assert search(api_analyst, "ioc", value) == []


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"search_value": ""}, {"search_value": "Shorter than minimum length 1."}),
        ({"search_value": 5}, {"search_value": "Not a valid string."}),
        ({"search_type": "planet"}, {"search_type": '"planet" is not a valid choice.'}),
    ],
)
def test_a_faulty_search_is_refused(
    api_analyst: ApiClient, body: dict[str, Any], errors: dict[str, str]
) -> None:
    answer = api_analyst.post("/search", {"search_value": "x", "search_type": "ioc"} | body)
    assert_data_error(answer, **errors)


def test_a_guest_searches_nothing(api_guest: ApiClient) -> None:
    answer = api_guest.post("/search", {"search_value": "%", "search_type": "ioc"})
    assert_refused(answer, "Permission denied", code=403)


# --- activities


def test_activities_are_listed_newest_first(api_analyst: ApiClient) -> None:
    for text in ("first", "second"):
        api_analyst.post("/case/tasklog/add", {"log_content": text, "cid": 1})
    rows = data_of(api_analyst.get("/activities/list"))
    assert_fits(rows, [ACTIVITY])
    assert [row["activity_desc"] for row in rows[:2]] == ["second", "first"]
    expected = {
        "case_id": 1,
        "case_name": "#1 - Initial Demo",
        "user_name": "Analyst",
        "user_input": True,
        "is_from_api": True,
    }
    assert rows[0].items() >= expected.items()


def test_activities_of_hidden_cases_are_not_listed(
    api_analyst: ApiClient, outsider_case: Case
) -> None:
    assert AuditLog.objects.filter(case_id=outsider_case.pk).exists()
    rows = data_of(api_analyst.get("/activities/list"))
    assert outsider_case.pk not in {row["case_id"] for row in rows}
    assert "Outsider" not in str(rows)


def test_what_others_did_outside_cases_is_not_listed(
    api_analyst: ApiClient, api_administrator: ApiClient
) -> None:
    api_administrator.post("/manage/customers/add", {"customer_name": "Secret client"})
    assert "Secret client" not in str(data_of(api_analyst.get("/activities/list")))
    assert "Secret client" in str(data_of(api_administrator.get("/activities/list")))


def test_a_guest_reads_no_activities(api_guest: ApiClient) -> None:
    assert_refused(api_guest.get("/activities/list"), "Permission denied", code=403)
