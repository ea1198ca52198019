"""`/case/assets/*`: assets of a case."""

from typing import Any

import pytest

from cases.models import Asset, AssetIoc, Case, EventAsset
from cases.services.assets import add_asset
from cases.services.lookups import define_attributes
from soar.core.actor import Actor
from soar.core.models import AuditLog, ChangeCounter, User
from tests.api.iris import shapes
from tests.api.iris.answers import assert_data_error, assert_denied, assert_refused, data_of
from tests.api.iris.shapes import assert_fits
from tests.http import ApiClient

HUGE = 111155551111
NEW = {"asset_name": "WS-1", "asset_type_id": 9, "analysis_status_id": 1}
UNKNOWN = "Invalid asset ID for this case"


def add(client: ApiClient, cid: int = 1, **changes: Any) -> Any:
    """Return the answer to adding an asset."""
    return client.post("/case/assets/add", NEW | changes | {"cid": cid})


def rows(client: ApiClient, case_id: int = 1) -> list[dict[str, Any]]:
    """Return the rows of the list, whose every member must fit."""
    data = data_of(client.get("/case/assets/list", cid=case_id))
    assert_fits(data, {"assets": [shapes.ASSET_ROW], "state": shapes.STATE})
    return data["assets"]  # type: ignore[no-any-return]


def counter(case_id: int = 1) -> int:
    """Return how often the assets of a case have changed."""
    return ChangeCounter.objects.get(case_id=case_id, family="assets").value


# --- add


def test_a_new_asset_is_answered_whole(api_analyst: ApiClient, analyst: User) -> None:
    given = {
        "asset_description": "Desk",
        "asset_domain": "corp",
        "asset_ip": "192.0.2.7",
        "asset_info": "3rd floor",
        "asset_tags": "a,b",
    }
    data = data_of(add(api_analyst, **given), "Asset added")
    assert_fits(data, shapes.ASSET)
    expected = NEW | given | {"case_id": 1, "user_id": analyst.pk, "alerts": []}
    assert data.items() >= expected.items()
    assert data["asset_type"]["asset_name"] == "Windows - Computer"
    assert data["analysis_status"] == {"id": 1, "name": "Unspecified"}


def test_without_attributes_or_status_they_are_null(api_analyst: ApiClient) -> None:
    data = data_of(add(api_analyst), "Asset added")
    nothing = ("custom_attributes", "asset_compromise_status_id", "asset_compromised")
    assert [data[name] for name in nothing] == [None, None, None]


def test_adding_is_counted_and_audited(api_analyst: ApiClient) -> None:
    asset_id = data_of(add(api_analyst), "Asset added")["asset_id"]
    assert counter() == 1
    line = AuditLog.objects.get(action="asset.created", object_id=asset_id)
    assert line.details["after"]["name"] == "WS-1"


@pytest.mark.parametrize(
    ("sent", "status", "compromised"),
    [
        ({"asset_compromised": True}, 1, True),
        ({"asset_compromised": False}, 2, False),
        ({"asset_compromise_status_id": 0}, 0, None),
        ({"asset_compromise_status_id": 1}, 1, True),
        ({"asset_compromise_status_id": "2"}, 2, False),
        ({"asset_compromise_status_id": 3}, 3, None),
        ({"asset_compromise_status_id": 3, "asset_compromised": True}, 3, None),
        ({"asset_compromise_status_id": None, "asset_compromised": None}, None, None),
    ],
)
def test_both_forms_of_the_compromise_status_are_one(
    api_analyst: ApiClient, sent: dict[str, Any], status: int | None, compromised: bool | None
) -> None:
    data = data_of(add(api_analyst, **sent), "Asset added")
    row = rows(api_analyst)[0]
    for shown in (data, row):
        assert shown["asset_compromise_status_id"] == status
        assert shown["asset_compromised"] is compromised


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"asset_type_id": 99}, {"asset_type_id": "Invalid asset type ID"}),
        ({"asset_type_id": HUGE}, {"asset_type_id": "Invalid asset type ID"}),
        ({"analysis_status_id": HUGE}, {"analysis_status_id": "Invalid analysis status ID"}),
        ({"analysis_status_id": None}, {"analysis_status_id": "Field may not be null."}),
        ({"asset_name": ""}, {"asset_name": "Shorter than minimum length 1."}),
        ({"asset_name": "x" * 401}, {"asset_name": "Longer than maximum length 400."}),
        ({"asset_description": {"a": 1}}, {"asset_description": "Not a valid string."}),
        (
            {"asset_compromise_status_id": 4},
            {"asset_compromise_status_id": "Invalid compromise status ID"},
        ),
        ({"asset_compromised": "maybe"}, {"asset_compromised": "Not a valid boolean."}),
        ({"ioc_links": "1"}, {"ioc_links": "Not a valid list."}),
        ({"ioc_links": [HUGE]}, {"ioc_links": "Invalid IOC ID"}),
        ({"ioc_links": ["x"]}, {"ioc_links": "Not a valid integer."}),
    ],
)
def test_a_faulty_asset_is_refused_and_nothing_written(
    api_analyst: ApiClient, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    assert_data_error(add(api_analyst, **changes), **errors)
    assert not Asset.objects.filter(case=1).exists()
    assert counter() == 0


def test_two_errors_are_told_at_once(api_analyst: ApiClient) -> None:
    answer = add(api_analyst, asset_type_id=99, analysis_status_id=99)
    texts = {
        "asset_type_id": "Invalid asset type ID",
        "analysis_status_id": "Invalid analysis status ID",
    }
    assert_data_error(answer, **texts)


def test_an_asset_name_of_one_character_is_enough(api_analyst: ApiClient) -> None:
    assert data_of(add(api_analyst, asset_name="x"), "Asset added")["asset_name"] == "x"


def test_a_name_is_taken_once_per_type_in_a_case(api_analyst: ApiClient, second_case: Case) -> None:
    data_of(add(api_analyst), "Asset added")
    assert_data_error(add(api_analyst), asset_name="Asset name already exists in this case")
    data_of(add(api_analyst, asset_type_id=10), "Asset added")
    data_of(add(api_analyst, cid=second_case.pk), "Asset added")


def test_an_ioc_of_another_case_is_not_linked(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    answer = add(api_administrator, ioc_links=[filled["ioc"]])
    assert_data_error(answer, ioc_links="Invalid IOC ID")
    assert "full.example.org" not in answer.content.decode()


def test_iocs_are_linked_by_ids_or_digits(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    answer = add(api_administrator, filled["case"], ioc_links=[str(filled["ioc"]), filled["ioc"]])
    asset_id = data_of(answer, "Asset added")["asset_id"]
    assert AssetIoc.objects.filter(asset=asset_id).count() == 1


# --- list and fetch


def test_a_row_spells_out_type_status_and_iocs(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    row = rows(api_administrator, filled["case"])[0]
    expected = {
        "asset_name": "Full laptop",
        "asset_type": "Account",
        "analysis_status": "Unspecified",
    }
    assert row.items() >= expected.items()
    link = {"ioc_id": filled["ioc"], "ioc_value": "full.example.org", "asset_id": filled["asset"]}
    assert row["ioc_links"] == [link]


def test_the_same_asset_in_another_case_of_the_customer_is_linked(
    api_administrator: ApiClient, second_case: Case
) -> None:
    twin = data_of(add(api_administrator, cid=second_case.pk), "Asset added")["asset_id"]
    data_of(add(api_administrator), "Asset added")
    data_of(add(api_administrator, asset_type_id=10), "Asset added")
    first, other_type = rows(api_administrator)
    link = {
        "asset_id": twin,
        "case_id": second_case.pk,
        "case_name": f"#{second_case.pk} - Second case",
        "client_name": "IrisInitialClient",
    }
    assert (first["link"], other_type["link"]) == ([link], [])


def test_links_name_no_case_of_another_customer_and_no_denied_one(
    api_administrator: ApiClient,
    administrator: User,
    second_case: Case,
    outsider: User,
    outsider_case: Case,
    deny: Any,
) -> None:
    foreign = {"name": "WS-1", "type_id": 9, "analysis_status_id": 1}
    add_asset(Actor.of(outsider, "iris"), outsider_case.pk, **foreign)
    data_of(add(api_administrator, cid=second_case.pk), "Asset added")
    data_of(add(api_administrator), "Asset added")
    deny(administrator, second_case.pk)
    assert rows(api_administrator)[0]["link"] == []


def test_an_empty_list_still_has_a_state(api_analyst: ApiClient) -> None:
    data = data_of(api_analyst.get("/case/assets/list", cid=1))
    assert data == {"assets": [], "state": data["state"]}
    assert data["state"]["object_state"] == 0


def test_an_asset_is_fetched_with_its_iocs(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    path = f"/case/assets/{filled['asset']}"
    data = data_of(api_administrator.get(path, cid=filled["case"]))
    assert_fits(data, shapes.ASSET | {"linked_ioc": [shapes.LINKED_IOC]})
    assert [ioc["ioc_value"] for ioc in data["linked_ioc"]] == ["full.example.org"]
    assert data["asset_compromise_status_id"] == 0


@pytest.mark.parametrize("verb", ["", "update/", "delete/"])
@pytest.mark.parametrize("asset_id", [0, HUGE, 10**25])
def test_an_unknown_asset_is_refused(api_analyst: ApiClient, verb: str, asset_id: int) -> None:
    path = f"/case/assets/{verb}{asset_id}?cid=1"
    answer = api_analyst.post(path, NEW) if verb else api_analyst.get(path)
    assert_refused(answer, UNKNOWN)


@pytest.mark.parametrize("verb", ["", "update/", "delete/"])
def test_an_asset_of_another_case_is_unknown(
    api_administrator: ApiClient, filled: dict[str, int], verb: str
) -> None:
    path = f"/case/assets/{verb}{filled['asset']}?cid=1"
    answer = api_administrator.post(path, NEW) if verb else api_administrator.get(path)
    assert_refused(answer, UNKNOWN)
    assert Asset.objects.filter(pk=filled["asset"], name="Full laptop").exists()


# --- update


def update(client: ApiClient, filled: dict[str, int], **changes: Any) -> Any:
    """Return the answer to updating the asset of the filled case."""
    path = f"/case/assets/update/{filled['asset']}?cid={filled['case']}"
    return client.post(path, NEW | changes)


def test_an_updated_asset_is_answered_whole(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    data = data_of(update(api_administrator, filled, asset_tags="x"), "Updated asset WS-1")
    assert_fits(data, shapes.ASSET | {"ioc_links": [int]})
    assert (data["asset_name"], data["asset_tags"]) == ("WS-1", "x")
    assert data["date_update"] > data["date_added"]
    assert counter(filled["case"]) == 2


def test_absent_links_are_kept_and_a_list_replaces_them(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    kept = data_of(update(api_administrator, filled), "Updated asset WS-1")
    assert kept["ioc_links"] == [filled["ioc"]]
    gone = data_of(update(api_administrator, filled, ioc_links=[]), "Updated asset WS-1")
    assert gone["ioc_links"] == []


def test_a_hidden_ioc_is_neither_linked_nor_shown(
    api_analyst: ApiClient, hidden: dict[str, int]
) -> None:
    asset_id = data_of(add(api_analyst), "Asset added")["asset_id"]
    body = NEW | {"ioc_links": [hidden["ioc"]], "cid": 1}
    answer = api_analyst.post(f"/case/assets/update/{asset_id}", body)
    assert_data_error(answer, ioc_links="Invalid IOC ID")
    assert not AssetIoc.objects.filter(asset=asset_id).exists()


def test_an_object_as_description_keeps_the_old_text(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    update(api_administrator, filled, asset_description="Old")
    client_defect = {"id": 1, "name": "Unspecified"}
    answer = update(api_administrator, filled, asset_description=client_defect)
    assert data_of(answer, "Updated asset WS-1")["asset_description"] == "Old"


def test_an_update_is_in_the_history(api_administrator: ApiClient, filled: dict[str, int]) -> None:
    data = data_of(update(api_administrator, filled), "Updated asset WS-1")
    actions = [line["action"] for _, line in sorted(data["modification_history"].items())]
    assert actions == ["created", "updated"]


def test_renaming_onto_another_asset_is_refused(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    data_of(add(api_administrator, filled["case"]), "Asset added")
    assert_data_error(
        update(api_administrator, filled), asset_name="Asset name already exists in this case"
    )


def test_attributes_are_filled_over_what_was_there(
    api_administrator: ApiClient, as_administrator: Actor, filled: dict[str, int]
) -> None:
    fields = {name: {"type": "input_string", "mandatory": False, "value": ""} for name in "ab"}
    define_attributes(as_administrator, 3, content={"Tab": fields})
    update(
        api_administrator, filled, custom_attributes={"Tab": {"a": "1"}, "Test": {"Test": "Test"}}
    )
    answer = update(api_administrator, filled, custom_attributes={"Tab": {"b": "2"}})
    tab = data_of(answer, "Updated asset WS-1")["custom_attributes"]["Tab"]
    assert {name: field["value"] for name, field in tab.items()} == {"a": "1", "b": "2"}


# --- delete


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_deleted_asset_leaves_events_and_iocs_alone(
    api_administrator: ApiClient, filled: dict[str, int], method: str
) -> None:
    path = f"/case/assets/delete/{filled['asset']}?cid={filled['case']}"
    assert data_of(getattr(api_administrator, method)(path), "Deleted") == []
    assert not EventAsset.objects.filter(asset=filled["asset"]).exists()
    event = f"/case/timeline/events/{filled['event']}?cid={filled['case']}"
    assert data_of(api_administrator.get(event))["event_assets"] == []
    assert counter(filled["case"]) == 2


def test_a_reader_adds_no_asset(api_reader: ApiClient) -> None:
    assert_denied(add(api_reader), 1)
    assert not Asset.objects.filter(case=1).exists()
