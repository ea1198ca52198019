"""`/case/ioc/*`: indicators of a case, and what cases that share one see of each other."""

from typing import Any

import pytest

from cases.models import AssetIoc, Case, CaseIoc, EventIoc
from cases.services.lookups import define_attributes
from iocs.models import Ioc
from soar.core.actor import Actor
from soar.core.models import AuditLog, ChangeCounter, User
from tests.api.iris import shapes
from tests.api.iris.answers import assert_data_error, assert_denied, assert_refused, data_of
from tests.api.iris.shapes import assert_fits
from tests.http import ApiClient

HUGE = 111155551111
VALUE = "198.51.100.7"
NEW = {"ioc_type_id": 76, "ioc_tlp_id": 2, "ioc_value": VALUE}
ADDED = "IOC added"
KNOWN = "IOC already existed in DB. Updated with info on DB."
HERE = "IOC already exists and linked to this case"


def add(client: ApiClient, cid: int = 1, **changes: Any) -> Any:
    """Return the answer to adding an indicator."""
    return client.post("/case/ioc/add", NEW | changes | {"cid": cid})


def new_id(client: ApiClient, cid: int = 1, **changes: Any) -> int:
    """Return the id of a new indicator."""
    return int(data_of(add(client, cid, **changes), ADDED)["ioc_id"])


def update(client: ApiClient, ioc_id: int, cid: int = 1, **changes: Any) -> Any:
    """Return the answer to updating an indicator."""
    return client.post(f"/case/ioc/update/{ioc_id}?cid={cid}", changes)


def fetch(client: ApiClient, ioc_id: int, cid: int = 1) -> dict[str, Any]:
    """Return a fetched indicator, whose every member must fit."""
    data = data_of(client.get(f"/case/ioc/{ioc_id}", cid=cid))
    assert_fits(data, shapes.IOC | {"link": [shapes.IOC_LINK]})
    return data  # type: ignore[no-any-return]


def rows(client: ApiClient, cid: int = 1) -> dict[str, dict[str, Any]]:
    """Return the rows of the list by value; every member must fit."""
    data = data_of(client.get("/case/ioc/list", cid=cid))
    assert_fits(data, {"ioc": [shapes.IOC_ROW], "state": shapes.STATE})
    return {row["ioc_value"]: row for row in data["ioc"]}


# --- add


def test_a_new_ioc_is_answered_whole(api_analyst: ApiClient, analyst: User) -> None:
    given = {"ioc_description": "C2", "ioc_tags": "a,b"}
    data = data_of(add(api_analyst, **given), ADDED)
    assert_fits(data, shapes.IOC)
    nothing = {"ioc_misp": None, "custom_attributes": None, "ioc_enrichment": None}
    expected = NEW | given | nothing | {"ioc_type": 76, "user_id": analyst.pk}
    assert data.items() >= expected.items()


def test_adding_is_counted_and_audited(api_analyst: ApiClient) -> None:
    before = ChangeCounter.objects.get(case_id=1, family="ioc").value
    new_id(api_analyst)
    assert ChangeCounter.objects.get(case_id=1, family="ioc").value == before + 1
    assert AuditLog.objects.latest("id").action == "ioc.created"


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"ioc_type_id": HUGE}, {"ioc_type_id": "Invalid ioc type ID"}),
        ({"ioc_type_id": 0}, {"ioc_type_id": "Invalid ioc type ID"}),
        ({"ioc_tlp_id": HUGE}, {"ioc_tlp_id": "Invalid TLP ID"}),
        ({"ioc_tlp_id": 2**64}, {"ioc_tlp_id": "Not a valid integer."}),
        ({"ioc_tlp_id": None}, {"ioc_tlp_id": "Field may not be null."}),
        ({"ioc_value": ""}, {"ioc_value": "Shorter than minimum length 1."}),
        ({"ioc_value": 7}, {"ioc_value": "Not a valid string."}),
        ({"custom_attributes": "x"}, {"custom_attributes": "Not a valid mapping type."}),
        (
            {"ioc_type_id": 999, "ioc_tlp_id": 999},
            {"ioc_type_id": "Invalid ioc type ID", "ioc_tlp_id": "Invalid TLP ID"},
        ),
    ],
)
def test_a_faulty_ioc_is_refused_and_nothing_written(
    api_analyst: ApiClient, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    before = (Ioc.objects.count(), CaseIoc.objects.count())
    assert_data_error(add(api_analyst, **changes), **errors)
    assert (Ioc.objects.count(), CaseIoc.objects.count()) == before


def test_an_ioc_of_another_readable_case_is_linked(
    api_analyst: ApiClient, second_case: Case
) -> None:
    ioc_id = new_id(api_analyst)
    assert data_of(add(api_analyst, second_case.pk), KNOWN)["ioc_id"] == ioc_id
    assert Ioc.objects.filter(value=VALUE).count() == 1


def test_an_ioc_only_hidden_cases_hold_seems_new(
    api_analyst: ApiClient, hidden: dict[str, int]
) -> None:
    data = data_of(add(api_analyst, ioc_type_id=1, ioc_value="hidden.example.org"), ADDED)
    assert data["ioc_id"] == hidden["ioc"]
    assert fetch(api_analyst, hidden["ioc"])["link"] == []


def test_adding_twice_to_one_case_changes_nothing(api_analyst: ApiClient) -> None:
    ioc_id = new_id(api_analyst, ioc_tags="first")
    audited = AuditLog.objects.count()
    data = data_of(add(api_analyst, ioc_tags="second"), HERE)
    assert (data["ioc_id"], data["ioc_tags"]) == (ioc_id, "first")
    assert AuditLog.objects.count() == audited


def test_values_differ_by_type_case_and_space(api_analyst: ApiClient) -> None:
    values = [
        ("Evil.example", 20),
        ("evil.example", 20),
        ("evil.example ", 20),
        ("evil.example", 21),
    ]
    ids = {new_id(api_analyst, ioc_value=value, ioc_type_id=kind) for value, kind in values}
    assert len(ids) == 4


def test_a_very_long_value_is_stored_whole(api_analyst: ApiClient) -> None:
    value = "ü🔎\"'<b>" * 2000
    assert fetch(api_analyst, new_id(api_analyst, ioc_value=value))["ioc_value"] == value


# --- list and fetch


def test_a_row_spells_out_type_and_tlp(api_analyst: ApiClient) -> None:
    new_id(api_analyst, ioc_description="C2")
    expected = {
        "ioc_type": "ip-any",
        "ioc_type_id": 76,
        "ioc_tlp_id": 2,
        "tlp_name": "amber",
        "tlp_bscolor": "warning",
        "ioc_description": "C2",
        "ioc_tags": None,
        "link": [],
        "misp_link": None,
    }
    assert rows(api_analyst)[VALUE].items() >= expected.items()


def test_a_shared_ioc_links_to_the_other_readable_cases(
    api_analyst: ApiClient, second_case: Case
) -> None:
    ioc_id = new_id(api_analyst)
    data_of(add(api_analyst, second_case.pk), KNOWN)
    here = {"case_id": 1, "case_name": "#1 - Initial Demo", "client_name": "IrisInitialClient"}
    assert rows(api_analyst, second_case.pk)[VALUE]["link"] == [here]
    assert fetch(api_analyst, ioc_id, second_case.pk)["link"] == [here]
    assert [link["case_id"] for link in rows(api_analyst)[VALUE]["link"]] == [second_case.pk]


def test_links_leave_out_hidden_cases(
    api_analyst: ApiClient, api_administrator: ApiClient, hidden: dict[str, int]
) -> None:
    data_of(add(api_analyst, ioc_type_id=1, ioc_value="hidden.example.org"), ADDED)
    assert rows(api_analyst)["hidden.example.org"]["link"] == []
    seen = [link["case_id"] for link in rows(api_administrator)["hidden.example.org"]["link"]]
    assert seen == [hidden["case"]]


@pytest.mark.parametrize("ioc_id", [0, HUGE, 10**25])
def test_an_unknown_ioc_is_refused(api_analyst: ApiClient, ioc_id: int) -> None:
    unknown = "Invalid IOC ID for this case"
    assert_refused(api_analyst.get(f"/case/ioc/{ioc_id}", cid=1), unknown)
    assert_refused(update(api_analyst, ioc_id, ioc_tags="x"), unknown)
    assert_refused(api_analyst.post(f"/case/ioc/delete/{ioc_id}"), "Not a valid IOC for this case")


def test_an_ioc_of_another_case_is_unknown(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    ioc_id = filled["ioc"]
    unknown = "Invalid IOC ID for this case"
    assert_refused(api_administrator.get(f"/case/ioc/{ioc_id}", cid=1), unknown)
    assert_refused(update(api_administrator, ioc_id, ioc_tags="x"), unknown)
    answer = api_administrator.get(f"/case/ioc/delete/{ioc_id}", cid=1)
    assert_refused(answer, "Not a valid IOC for this case")


# --- update


def test_an_updated_ioc_is_answered_whole(api_analyst: ApiClient) -> None:
    ioc_id = new_id(api_analyst, ioc_description="old", ioc_tags="old")
    answer = update(api_analyst, ioc_id, ioc_tags="new", ioc_tlp_id=1)
    data = data_of(answer, f"Updated ioc {VALUE}")
    assert_fits(data, shapes.IOC)
    assert (data["ioc_tags"], data["ioc_description"], data["ioc_tlp_id"]) == ("new", "old", 1)
    actions = [line["action"] for _, line in sorted(data["modification_history"].items())]
    assert actions == ["created", "updated"]


def test_a_value_one_case_alone_holds_is_corrected_in_place(api_analyst: ApiClient) -> None:
    ioc_id = new_id(api_analyst)
    data = data_of(update(api_analyst, ioc_id, ioc_value="new.example"), "Updated ioc new.example")
    assert (data["ioc_id"], data["ioc_value"]) == (ioc_id, "new.example")
    assert not Ioc.objects.filter(value=VALUE).exists()


def test_correcting_a_shared_ioc_leaves_the_other_case_its_own(
    api_analyst: ApiClient, second_case: Case
) -> None:
    ioc_id = new_id(api_analyst, ioc_tags="first")
    data_of(add(api_analyst, second_case.pk, ioc_tags="second"), KNOWN)
    answer = update(api_analyst, ioc_id, ioc_value="new.example", ioc_tags="changed", ioc_tlp_id=1)
    assert data_of(answer, "Updated ioc new.example")["ioc_id"] != ioc_id
    other = fetch(api_analyst, ioc_id, second_case.pk)
    assert (other["ioc_value"], other["ioc_tags"], other["ioc_tlp_id"]) == (VALUE, "second", 2)
    assert other["link"] == []


def test_what_one_case_says_of_a_shared_ioc_shows_in_no_other(
    api_analyst: ApiClient, second_case: Case
) -> None:
    ioc_id = new_id(api_analyst)
    data_of(add(api_analyst, second_case.pk), KNOWN)
    update(api_analyst, ioc_id, ioc_description="ours", ioc_tags="ours", ioc_tlp_id=1)
    other = fetch(api_analyst, ioc_id, second_case.pk)
    assert (other["ioc_description"], other["ioc_tags"], other["ioc_tlp_id"]) == (None, None, 2)


def test_correcting_to_a_value_the_case_holds_is_refused(api_analyst: ApiClient) -> None:
    ioc_id = new_id(api_analyst)
    new_id(api_analyst, ioc_value="taken.example")
    answer = update(api_analyst, ioc_id, ioc_value="taken.example")
    assert_data_error(answer, ioc_value="IOC already exists in this case")
    assert fetch(api_analyst, ioc_id)["ioc_value"] == VALUE


def test_correcting_to_a_value_another_case_holds_joins_it(
    api_analyst: ApiClient, filled: dict[str, int]
) -> None:
    ioc_id = new_id(api_analyst)
    answer = update(api_analyst, ioc_id, ioc_value="full.example.org", ioc_type_id=1)
    assert data_of(answer, "Updated ioc full.example.org")["ioc_id"] == filled["ioc"]
    assert not Ioc.objects.filter(pk=ioc_id).exists()


def test_links_of_the_case_follow_a_corrected_ioc(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    case_id = filled["case"]
    data_of(add(api_administrator, 1, ioc_type_id=1, ioc_value="full.example.org"), KNOWN)
    answer = update(api_administrator, filled["ioc"], case_id, ioc_value="new.example")
    new = data_of(answer, "Updated ioc new.example")["ioc_id"]
    event = data_of(api_administrator.get(f"/case/timeline/events/{filled['event']}", cid=case_id))
    assert event["event_iocs"] == [new]


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"ioc_type_id": HUGE}, {"ioc_type_id": "Invalid ioc type ID"}),
        ({"ioc_tlp_id": HUGE}, {"ioc_tlp_id": "Invalid TLP ID"}),
        ({"ioc_value": ""}, {"ioc_value": "Shorter than minimum length 1."}),
        ({"ioc_value": None}, {"ioc_value": "Field may not be null."}),
    ],
)
def test_a_faulty_update_is_refused(
    api_analyst: ApiClient, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    ioc_id = new_id(api_analyst)
    assert_data_error(update(api_analyst, ioc_id, **changes), **errors)


def test_known_attributes_are_filled_and_unknown_ones_ignored(
    api_analyst: ApiClient, as_administrator: Actor
) -> None:
    field = {"type": "input_checkbox", "mandatory": True, "value": False}
    define_attributes(as_administrator, 1, content={"Origin": {"Feed": field}})
    given = {"Origin": {"Feed": True, "x": 1}, "Test": {"Test": "Test"}}
    data = data_of(add(api_analyst, custom_attributes=given), ADDED)
    assert data["custom_attributes"] == {"Origin": {"Feed": field | {"value": True}}}


# --- delete


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_deleted_ioc_is_gone_with_its_links(
    api_administrator: ApiClient, filled: dict[str, int], method: str
) -> None:
    path = f"/case/ioc/delete/{filled['ioc']}?cid={filled['case']}"
    assert data_of(getattr(api_administrator, method)(path), "IOC deleted") == []
    assert not Ioc.objects.filter(pk=filled["ioc"]).exists()
    assert not AssetIoc.objects.exists()
    assert not EventIoc.objects.exists()


def test_an_ioc_another_case_holds_is_only_unlinked(
    api_analyst: ApiClient, second_case: Case
) -> None:
    ioc_id = new_id(api_analyst)
    data_of(add(api_analyst, second_case.pk), KNOWN)
    data_of(api_analyst.post(f"/case/ioc/delete/{ioc_id}?cid=1"), "IOC unlinked")
    assert VALUE not in rows(api_analyst)
    assert fetch(api_analyst, ioc_id, second_case.pk)["link"] == []


def test_an_ioc_only_hidden_cases_still_hold_seems_deleted(
    api_analyst: ApiClient, hidden: dict[str, int]
) -> None:
    data_of(add(api_analyst, ioc_type_id=1, ioc_value="hidden.example.org"), ADDED)
    data_of(api_analyst.post(f"/case/ioc/delete/{hidden['ioc']}?cid=1"), "IOC deleted")
    assert CaseIoc.objects.filter(ioc=hidden["ioc"], case=hidden["case"]).exists()


def test_each_write_counts_once(api_analyst: ApiClient, second_case: Case) -> None:
    ioc_id = new_id(api_analyst, second_case.pk)
    update(api_analyst, ioc_id, second_case.pk, ioc_tags="x")
    api_analyst.post(f"/case/ioc/delete/{ioc_id}?cid={second_case.pk}")
    state = data_of(api_analyst.get("/case/ioc/list", cid=second_case.pk))["state"]
    assert state["object_state"] == 3


def test_a_reader_adds_no_ioc(api_reader: ApiClient) -> None:
    assert_denied(add(api_reader), 1)
    assert not Ioc.objects.filter(value=VALUE).exists()


def test_a_tag_no_index_takes_is_refused_by_name(api_analyst: ApiClient) -> None:
    body = {"ioc_value": "a.example", "ioc_type_id": 20, "ioc_tlp_id": 2, "cid": 1}
    refused = api_analyst.post("/case/ioc/add", body | {"ioc_tags": "a," + "x" * 513}).json()
    assert refused["data"] == {"ioc_tags": ["A tag has at most 512 characters."]}
    many = ",".join(str(number) * 100 for number in range(100, 200))
    taken = api_analyst.post("/case/ioc/add", body | {"ioc_tags": many}).json()
    assert taken["data"]["ioc_tags"] == many
