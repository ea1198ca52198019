"""`/manage/cases/*`: opening, listing, closing, reopening, changing and deleting cases."""

import datetime as dt
from typing import Any

import pytest

from cases.models import Case
from cases.services.access import set_user_access
from incidents.models import Incident
from soar.core.actor import Actor
from soar.core.models import AuditLog, ChangeCounter, User
from soar.core.permissions import AccessLevel
from tests.api.iris import shapes
from tests.api.iris.answers import assert_data_error, assert_denied, assert_refused, data_of
from tests.api.iris.shapes import assert_fits
from tests.http import ApiClient

HUGE = 111155551111
NEW = {"case_soc_id": "", "case_customer": 1, "case_name": "Ransom", "case_description": "Text"}
CLOSED, REOPENED = "Case closed successfully", "Case reopened successfully"


def today() -> str:
    """Return the date in UTC as IRIS writes it."""
    return dt.datetime.now(dt.UTC).date().isoformat()


def add(client: ApiClient, **changes: Any) -> Any:
    """Return the answer to opening a case."""
    return client.post("/manage/cases/add", NEW | changes)


def row_of(client: ApiClient, case_id: int) -> dict[str, Any]:
    """Return the row of a case in the caller's list."""
    rows = data_of(client.get("/manage/cases/list"))
    return next(row for row in rows if row["case_id"] == case_id)


# --- add


def test_a_new_case_is_answered_whole(api_analyst: ApiClient, analyst: User) -> None:
    data = data_of(add(api_analyst, case_soc_id="soc_1", cid=1), "Case created")
    assert_fits(data, shapes.CASE)
    case = Case.objects.latest("id")
    expected = {
        "case_id": case.pk,
        "case_name": f"#{case.pk} - Ransom",
        "case_description": "Text",
        "case_soc_id": "soc_1",
        "case_customer": 1,
        "open_date": today(),
        "close_date": None,
        "user_id": analyst.pk,
        "owner_id": analyst.pk,
        "state_id": 3,
        "severity_id": 4,
        "status_id": 0,
        "custom_attributes": None,
    }
    assert data.items() >= expected.items()


def test_a_new_case_is_one_with_its_incident(api_analyst: ApiClient) -> None:
    case_id = data_of(add(api_analyst), "Case created")["case_id"]
    assert Incident.objects.get(pk=case_id).opened_through == "iris"


def test_opening_a_case_is_audited(api_analyst: ApiClient, analyst: User) -> None:
    case_id = data_of(add(api_analyst), "Case created")["case_id"]
    line = AuditLog.objects.get(action="case.created", object_id=case_id)
    assert (line.actor_id, line.case_id, line.channel) == (analyst.pk, case_id, "iris")


def test_the_opener_has_full_access_and_others_only_what_they_had(
    api_analyst: ApiClient, api_outsider: ApiClient
) -> None:
    case_id = data_of(add(api_analyst), "Case created")["case_id"]
    assert row_of(api_analyst, case_id)["access_level"] == AccessLevel.FULL_ACCESS
    assert case_id not in [r["case_id"] for r in data_of(api_outsider.get("/manage/cases/list"))]


def test_members_of_a_group_that_follows_see_a_new_case(
    api_analyst: ApiClient, api_administrator: ApiClient
) -> None:
    case_id = data_of(add(api_analyst), "Case created")["case_id"]
    assert row_of(api_administrator, case_id)["access_level"] == AccessLevel.FULL_ACCESS


@pytest.mark.parametrize("family", ["assets", "events", "evidences", "ioc", "notes", "tasks"])
def test_counters_of_a_new_case_are_zero(api_analyst: ApiClient, family: str) -> None:
    case_id = data_of(add(api_analyst), "Case created")["case_id"]
    assert ChangeCounter.objects.get(case_id=case_id, family=family).value == 0


def test_optional_members_of_v2_are_taken(api_analyst: ApiClient) -> None:
    case_id = data_of(
        add(
            api_analyst,
            case_customer="1",
            classification_id=1,
            severity_id=5,
            case_tags="a,b",
            case_template_id=None,
            protagonists=[{"role": "victim", "name": "Ann", "contact": "ann@example.org"}],
        ),
        "Case created",
    )["case_id"]
    case = Case.objects.get(pk=case_id)
    assert (case.classification_id, case.severity_id, case.tags) == (1, 5, "a,b")
    assert case.protagonists == [{"role": "victim", "name": "Ann", "contact": "ann@example.org"}]


@pytest.mark.parametrize("template", [1, "1", ""])
def test_a_template_id_is_accepted(api_analyst: ApiClient, template: Any) -> None:
    data_of(add(api_analyst, case_template_id=template), "Case created")


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"case_name": "x"}, {"case_name": "Shorter than minimum length 2."}),
        ({"case_description": "x"}, {"case_description": "Shorter than minimum length 2."}),
        ({"case_name": "x" * 201}, {"case_name": "Longer than maximum length 200."}),
        ({"case_name": None}, {"case_name": "Field may not be null."}),
        ({"case_soc_id": None}, {"case_soc_id": "Field may not be null."}),
        ({"case_customer": "abc"}, {"case_customer": "Not a valid integer."}),
        ({"case_customer": HUGE}, {"case_customer": "Invalid client id"}),
        ({"case_customer": 2**70}, {"case_customer": "Not a valid integer."}),
        ({"case_customer": 0}, {"case_customer": "Invalid client id"}),
        ({"severity_id": 99}, {"severity_id": "Invalid severity ID"}),
        ({"classification_id": 99}, {"classification_id": "Invalid case classification ID"}),
        ({"custom_attributes": [1]}, {"custom_attributes": "Not a valid mapping type."}),
    ],
)
def test_a_faulty_case_is_refused(
    api_analyst: ApiClient, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    before = Case.objects.count()
    assert_data_error(add(api_analyst, **changes), **errors)
    assert Case.objects.count() == before


def test_a_customer_of_others_is_unknown(api_analyst: ApiClient, outsider_case: Case) -> None:
    answer = add(api_analyst, case_customer=outsider_case.customer_id)
    assert_data_error(answer, case_customer="Invalid client id")


def test_a_guest_may_not_open_or_list_cases(api_guest: ApiClient) -> None:
    assert_refused(add(api_guest), "Permission denied", code=403)
    assert_refused(api_guest.get("/manage/cases/list"), "Permission denied", code=403)


# --- list and fetch


def test_the_list_shows_every_member(api_administrator: ApiClient, filled: dict[str, int]) -> None:
    assert_fits(data_of(api_administrator.get("/manage/cases/list")), [shapes.CASE_ROW])


def test_a_row_of_the_list_has_dates_as_month_day_year(
    api_administrator: ApiClient, second_case: Case
) -> None:
    opened, closed = dt.date(2022, 1, 2), dt.date(2022, 11, 30)
    Case.objects.filter(pk=second_case.pk).update(opened_on=opened, closed_on=closed)
    row = row_of(api_administrator, second_case.pk)
    assert (row["case_open_date"], row["case_close_date"]) == ("01/02/2022", "11/30/2022")


def test_an_open_case_has_an_empty_close_date_in_the_list(api_administrator: ApiClient) -> None:
    row = row_of(api_administrator, 1)
    assert row["case_close_date"] == ""
    expected = {
        "case_name": "#1 - Initial Demo",
        "client_name": "IrisInitialClient",
        "case_soc_id": "soc_id_demo",
        "classification_id": 36,
        "classification": "other:other",
        "state_id": 3,
        "state_name": "Open",
        "opened_by": "administrator",
        "owner_id": 1,
    }
    assert row.items() >= expected.items()


def test_the_list_leaves_out_hidden_cases(api_analyst: ApiClient, outsider_case: Case) -> None:
    ids = [row["case_id"] for row in data_of(api_analyst.get("/manage/cases/list"))]
    assert 1 in ids
    assert outsider_case.pk not in ids


def test_a_denied_administrator_does_not_see_the_case(api_denied_administrator: ApiClient) -> None:
    assert 1 not in [
        row["case_id"] for row in data_of(api_denied_administrator.get("/manage/cases/list"))
    ]


def test_a_case_is_fetched_whole(api_analyst: ApiClient) -> None:
    data = data_of(api_analyst.get("/manage/cases/1", cid=1))
    assert_fits(data, shapes.CASE_DETAILS)
    expected = {"case_name": "#1 - Initial Demo", "customer_id": 1, "status_name": "Unknown"}
    assert data.items() >= expected.items()


def test_a_fetched_case_carries_its_v2_members(api_administrator: ApiClient) -> None:
    changes = {"case_tags": "x,y", "reviewer_id": 1, "status_id": 2}
    api_administrator.post("/manage/cases/update/1", changes)
    data = data_of(api_administrator.get("/manage/cases/1"))
    assert (data["case_tags"], data["reviewer"]) == ("x,y", "administrator")
    assert data["status_name"] == "True Positive With Impact"


def test_a_guest_reads_a_case_he_was_let_into(
    api_guest: ApiClient, guest: User, as_administrator: Actor
) -> None:
    set_user_access(as_administrator, 1, user_id=guest.pk, level=AccessLevel.READ_ONLY)
    assert data_of(api_guest.get("/manage/cases/1"))["case_id"] == 1


@pytest.mark.parametrize("case_id", [0, HUGE, 10**25])
def test_an_administrator_is_told_that_there_is_no_such_case(
    api_administrator: ApiClient, case_id: int
) -> None:
    answer = api_administrator.get(f"/manage/cases/{case_id}")
    assert_refused(answer, f"Case ID {case_id} not found")


def test_others_are_denied_missing_and_hidden_cases_alike(
    api_analyst: ApiClient, outsider_case: Case
) -> None:
    for case_id in (outsider_case.pk, HUGE):
        assert_denied(api_analyst.get(f"/manage/cases/{case_id}"), case_id)


# --- close and reopen


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_case_is_closed_as_of_today(
    api_analyst: ApiClient, second_case: Case, method: str
) -> None:
    data = data_of(getattr(api_analyst, method)(f"/manage/cases/close/{second_case.pk}"), CLOSED)
    assert_fits(data, shapes.CASE)
    assert (data["close_date"], data["state_id"]) == (today(), 9)
    assert AuditLog.objects.filter(action="case.closed", case_id=second_case.pk).exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_case_is_reopened(api_analyst: ApiClient, second_case: Case, method: str) -> None:
    api_analyst.post(f"/manage/cases/close/{second_case.pk}")
    answer = getattr(api_analyst, method)(f"/manage/cases/reopen/{second_case.pk}")
    data = data_of(answer, REOPENED)
    assert_fits(data, shapes.CASE)
    assert (data["close_date"], data["state_id"]) == (None, 3)


def test_an_open_case_may_be_reopened(api_analyst: ApiClient, second_case: Case) -> None:
    data_of(api_analyst.post(f"/manage/cases/reopen/{second_case.pk}"), REOPENED)


def test_a_closed_case_stays_editable(api_administrator: ApiClient, second_case: Case) -> None:
    api_administrator.post(f"/manage/cases/close/{second_case.pk}")
    body = {"group_title": "After", "cid": second_case.pk}
    data_of(api_administrator.post("/case/notes/groups/add", body))


@pytest.mark.parametrize(
    ("verb", "text"),
    [
        ("close", "Tried to close an non-existing case"),
        ("reopen", "Tried to reopen an non-existing case"),
        ("delete", "Tried to delete a non-existing case"),
    ],
)
def test_an_unknown_case_is_neither_closed_nor_reopened_nor_deleted(
    api_administrator: ApiClient, api_analyst: ApiClient, verb: str, text: str
) -> None:
    assert_refused(api_administrator.post(f"/manage/cases/{verb}/{HUGE}"), text)
    assert_denied(api_analyst.post(f"/manage/cases/{verb}/{HUGE}"), HUGE)


@pytest.mark.parametrize("verb", ["close", "reopen", "delete", "update"])
def test_a_reader_changes_nothing_of_a_case(api_reader: ApiClient, verb: str) -> None:
    assert_denied(api_reader.post(f"/manage/cases/{verb}/1", {"case_name": "Mine"}), 1)
    assert Case.objects.get(pk=1).name == "Initial Demo"


# --- update


def test_an_updated_case_is_answered_whole(api_analyst: ApiClient) -> None:
    changes = {"case_description": "New", "case_tags": "a,b", "cid": 1}
    data = data_of(api_analyst.post("/manage/cases/update/1", changes), "updated")
    assert_fits(data, shapes.CASE_UPDATED)
    assert (data["case_description"], data["case_tags"]) == ("New", "a,b")
    assert data["case_name"] == "#1 - Initial Demo"


@pytest.mark.parametrize(
    ("sent", "stored"),
    [("#1 - Renamed", "Renamed"), ("Renamed", "Renamed"), ("#2 - Renamed", "#2 - Renamed")],
)
def test_the_own_prefix_of_a_case_name_is_stripped(
    api_analyst: ApiClient, sent: str, stored: str
) -> None:
    data = data_of(api_analyst.post("/manage/cases/update/1", {"case_name": sent}), "updated")
    assert data["case_name"] == f"#1 - {stored}"
    assert Case.objects.get(pk=1).name == stored


def test_state_9_closes_and_leaving_it_reopens(api_analyst: ApiClient, second_case: Case) -> None:
    path = f"/manage/cases/update/{second_case.pk}"
    assert data_of(api_analyst.post(path, {"state_id": 9}), "updated")["close_date"]
    assert data_of(api_analyst.post(path, {"state_id": 2}), "updated")["close_date"] is None


def test_an_update_is_in_the_history_of_the_case(api_analyst: ApiClient, analyst: User) -> None:
    api_analyst.post("/manage/cases/update/1", {"case_tags": "x"})
    history = data_of(api_analyst.get("/manage/cases/1"))["modification_history"]
    key, line = max(history.items(), key=lambda item: float(item[0]))
    assert abs(float(key) - dt.datetime.now(dt.UTC).timestamp()) < 60
    assert line == {"user": "analyst", "user_id": analyst.pk, "action": "updated case"}


def test_null_members_keep_what_is(api_analyst: ApiClient) -> None:
    nothing = dict.fromkeys(["case_name", "case_customer", "state_id", "owner_id", "case_tags"])
    data_of(api_analyst.post("/manage/cases/update/1", nothing), "updated")
    assert Case.objects.get(pk=1).name == "Initial Demo"


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"state_id": 99}, {"state_id": "Invalid case state ID"}),
        ({"status_id": 6}, {"status_id": "Invalid status"}),
        ({"owner_id": HUGE}, {"owner_id": "Invalid owner ID"}),
        ({"reviewer_id": HUGE}, {"reviewer_id": "Invalid reviewer ID"}),
        ({"case_customer": HUGE}, {"case_customer": "Invalid client id"}),
        ({"case_name": "#1 - "}, {"case_name": "Shorter than minimum length 2."}),
    ],
)
def test_a_faulty_update_is_refused(
    api_analyst: ApiClient, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    assert_data_error(api_analyst.post("/manage/cases/update/1", changes), **errors)


def test_an_unknown_case_is_not_updated(api_administrator: ApiClient) -> None:
    answer = api_administrator.post(f"/manage/cases/update/{HUGE}", {"case_tags": "x"})
    assert_refused(answer, "Case not found")
