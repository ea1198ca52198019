"""Reference data: read by every key, changed by administrators; ids as in contract §4."""

from typing import Any

import pytest

from cases.models import Asset, AssetType, CaseClassification
from cases.services.assets import add_asset
from iocs.models import IocType
from soar.core.actor import Actor
from soar.core.models import AuditLog
from tests.api.iris import shapes
from tests.api.iris.answers import assert_data_error, assert_refused, data_of
from tests.api.iris.shapes import assert_fits
from tests.http import ApiClient

HUGE = 111155551111
NAMED = {"id": int, "name": str}
TLP = {"tlp_id": int, "tlp_name": str, "tlp_bscolor": str}
CLASS = NAMED | {"name_expanded": str, "description": str, "creation_date": shapes.TS}
ALERT_STATUS = {"status_id": int, "status_name": str, "status_description": str}
CHOICE = {"value": int, "name": str}
# Route, shape, how many a new installation has, the text for an unknown id.
LISTS = {
    "task-status": (shapes.TASK_STATUS, 5, "Task status ID #{} not found"),
    "analysis-status": (NAMED, 6, "Analysis status ID {} not found"),
    "ioc-types": (shapes.IOC_TYPE, 160, "Invalid ioc type ID {}"),
    "asset-type": (shapes.ASSET_TYPE, 21, "Invalid asset type ID {}"),
    "event-categories": (NAMED, 15, "Event category ID {} not found"),
    "tlp": (TLP, 5, "Invalid TLP ID {}"),
    "case-classifications": (CLASS, 36, "Invalid case classification ID {}"),
    "alert-status": (ALERT_STATUS, 8, "Alert status ID {} not found"),
}
# Route, wire names of name and other text, texts of add and update and delete, of a taken name.
WRITTEN = {
    "asset-type": ("asset_name", ["asset_description"], "Asset type name already exists"),
    "ioc-types": ("type_name", ["type_description"], "IOC type name already exists"),
    "case-classifications": (
        "name",
        ["name_expanded", "description"],
        "Case classification name already exists",
    ),
}
ADDED = {
    "asset-type": "Added successfully",
    "ioc-types": "Added successfully",
    "case-classifications": "Case classification added",
}
UPDATED = {
    "asset-type": "Asset type updated",
    "ioc-types": "IOC type updated",
    "case-classifications": "Case classification updated",
}
DELETED = {
    "asset-type": "Deleted asset type ID {} successfully",
    "ioc-types": "Deleted ioc type ID {}",
    "case-classifications": "Case classification deleted",
}
UNKNOWN_UPDATE = {
    "asset-type": "Invalid asset type ID",
    "ioc-types": "Invalid ioc type ID {}",
    "case-classifications": "Invalid case classification ID {}",
}
UNKNOWN_DELETE = {
    "asset-type": "Invalid asset ID",
    "ioc-types": "Attempted to delete ioc type ID {}, but was not found",
    "case-classifications": "Invalid case classification ID {}",
}
MODELS = {"asset-type": AssetType, "ioc-types": IocType, "case-classifications": CaseClassification}
ID = {"asset-type": "asset_id", "ioc-types": "type_id", "case-classifications": "id"}


def body_of(route: str, name: str = "Brand new") -> dict[str, str]:
    """Return the body of a new row."""
    key, others, _ = WRITTEN[route]
    return {key: name, **dict.fromkeys(others, "Text")}


def new_id(client: ApiClient, route: str) -> int:
    """Return the id of a new row."""
    answer = client.post(f"/manage/{route}/add", body_of(route))
    return int(data_of(answer, ADDED[route])[ID[route]])


@pytest.mark.parametrize("route", LISTS)
def test_any_key_reads_a_list_and_its_rows(api_guest: ApiClient, route: str) -> None:
    shape, count, _ = LISTS[route]
    rows = data_of(api_guest.get(f"/manage/{route}/list", cid=1))
    assert_fits(rows, [shape])
    assert len(rows) == count
    assert data_of(api_guest.get(f"/manage/{route}/1")) == rows[0]


@pytest.mark.parametrize("route", LISTS)
@pytest.mark.parametrize("pk", [0, HUGE, 10**25])
def test_an_unknown_row_is_refused(api_guest: ApiClient, route: str, pk: int) -> None:
    assert_refused(api_guest.get(f"/manage/{route}/{pk}"), LISTS[route][2].format(pk))


@pytest.mark.parametrize(
    ("route", "names"),
    [
        ("compromise-status", ["To be determined", "Compromised", "Not compromised", "Unknown"]),
        (
            "outcome-status",
            [
                "Unknown",
                "False positive",
                "True positive with impact",
                "Not applicable",
                "True positive without impact",
                "Legitimate",
            ],
        ),
    ],
)
def test_fixed_lists_are_numbered_from_0(
    api_guest: ApiClient, route: str, names: list[str]
) -> None:
    rows = data_of(api_guest.get(f"/manage/{route}/list"))
    assert rows == [{"value": number, "name": name} for number, name in enumerate(names)]


@pytest.mark.parametrize(
    ("route", "pk", "member", "name"),
    [
        ("task-status", 4, "status_name", "Done"),
        ("analysis-status", 3, "name", "Started"),
        ("ioc-types", 1, "type_name", "AS"),
        ("ioc-types", 76, "type_name", "ip-any"),
        ("asset-type", 9, "asset_name", "Windows - Computer"),
        ("event-categories", 5, "name", "Execution"),
        ("tlp", 2, "tlp_name", "amber"),
        ("case-classifications", 36, "name", "other:other"),
        ("alert-status", 8, "status_name", "Escalated"),
    ],
)
def test_ids_clients_rely_on_are_theirs(
    api_guest: ApiClient, route: str, pk: int, member: str, name: str
) -> None:
    assert data_of(api_guest.get(f"/manage/{route}/{pk}"))[member] == name


# --- writes


@pytest.mark.parametrize("route", WRITTEN)
def test_a_row_is_added(api_administrator: ApiClient, route: str) -> None:
    answer = api_administrator.post(f"/manage/{route}/add", body_of(route) | {"cid": 1})
    data = data_of(answer, ADDED[route])
    assert_fits(data, LISTS[route][0])
    assert data.items() >= body_of(route).items()
    assert AuditLog.objects.latest("id").action.endswith(".created")


def test_an_asset_type_may_be_added_as_a_form(api_administrator: ApiClient) -> None:
    answer = api_administrator.client.post(
        "/manage/asset-type/add", body_of("asset-type"), headers=api_administrator.headers
    )
    assert data_of(answer, "Added successfully")["asset_name"] == "Brand new"


def test_an_ioc_type_may_have_a_taxonomy(api_administrator: ApiClient) -> None:
    body = body_of("ioc-types") | {"type_taxonomy": "tax"}
    answer = api_administrator.post("/manage/ioc-types/add", body)
    assert data_of(answer, "Added successfully")["type_taxonomy"] == "tax"


@pytest.mark.parametrize("route", WRITTEN)
@pytest.mark.parametrize("name", ["Brand new", "BRAND NEW"])
def test_a_name_is_taken_whatever_its_case(
    api_administrator: ApiClient, route: str, name: str
) -> None:
    new_id(api_administrator, route)
    key, _, text = WRITTEN[route]
    answer = api_administrator.post(f"/manage/{route}/add", body_of(route, name))
    assert_data_error(answer, **{key: text})
    answer = api_administrator.post(f"/manage/{route}/update/1", body_of(route, name))
    assert_data_error(answer, **{key: text})


@pytest.mark.parametrize("route", WRITTEN)
def test_a_name_has_two_characters(api_administrator: ApiClient, route: str) -> None:
    answer = api_administrator.post(f"/manage/{route}/add", body_of(route, "x"))
    assert_data_error(answer, **{WRITTEN[route][0]: "Shorter than minimum length 2."})


@pytest.mark.parametrize("route", WRITTEN)
def test_a_row_is_changed(api_administrator: ApiClient, route: str) -> None:
    pk = new_id(api_administrator, route)
    body = body_of(route, "Renamed")
    data = data_of(api_administrator.post(f"/manage/{route}/update/{pk}", body), UPDATED[route])
    assert_fits(data, LISTS[route][0])
    assert data.items() >= (body | {ID[route]: pk}).items()


@pytest.mark.parametrize("route", WRITTEN)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_row_is_deleted(api_administrator: ApiClient, route: str, method: str) -> None:
    pk = new_id(api_administrator, route)
    answer = getattr(api_administrator, method)(f"/manage/{route}/delete/{pk}")
    assert data_of(answer, DELETED[route].format(pk)) == []
    assert not MODELS[route]._default_manager.filter(pk=pk).exists()


@pytest.mark.parametrize("route", WRITTEN)
def test_an_unknown_row_is_neither_changed_nor_deleted(
    api_administrator: ApiClient, route: str
) -> None:
    answer = api_administrator.post(f"/manage/{route}/update/{HUGE}", body_of(route))
    assert_refused(answer, UNKNOWN_UPDATE[route].format(HUGE))
    answer = api_administrator.post(f"/manage/{route}/delete/{HUGE}")
    assert_refused(answer, UNKNOWN_DELETE[route].format(HUGE))


@pytest.mark.parametrize("route", WRITTEN)
@pytest.mark.parametrize("verb", ["add", "update/1", "delete/1"])
def test_an_analyst_changes_no_reference_data(
    api_analyst: ApiClient, route: str, verb: str
) -> None:
    answer = api_analyst.post(f"/manage/{route}/{verb}", body_of(route))
    assert_refused(answer, "Permission denied", code=403)


def test_a_type_in_use_is_not_deleted(
    api_administrator: ApiClient, as_administrator: Actor
) -> None:
    add_asset(as_administrator, 1, name="WS", type_id=1, analysis_status_id=1)
    used: dict[str, Any] = {
        "asset-type/delete/1": "Cannot delete a referenced asset type. "
        "Please delete any assets of this type first.",
        "ioc-types/delete/76": "Cannot delete a referenced ioc type. "
        "Please delete any ioc of this type first.",
        "case-classifications/delete/36": "Cannot delete a referenced case classification",
    }
    for path, text in used.items():
        assert_refused(api_administrator.post(f"/manage/{path}"), text)
    assert Asset.objects.exists()
