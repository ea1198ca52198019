"""`/manage/customers/*`: customers."""

from typing import Any

import pytest

from cases.models import Case, Customer, CustomerMembership
from soar.core.models import AuditLog
from tests.api.iris import shapes
from tests.api.iris.answers import assert_data_error, assert_refused, data_of
from tests.api.iris.shapes import assert_fits
from tests.http import ApiClient

HUGE = 111155551111
UNKNOWN = "Invalid Customer ID"
ROW = shapes.CUSTOMER | {
    "customer_uuid": shapes.UUID,
    "customer_description": shapes.STR,
    "customer_sla": shapes.STR,
}
TAKEN = {"customer_name": "Customer already exists"}
SHORT = {"customer_name": "Shorter than minimum length 2."}


def add(client: ApiClient, name: Any = "dummy", **more: Any) -> Any:
    """Return the answer to adding a customer."""
    return client.post("/manage/customers/add", {"customer_name": name, **more})


@pytest.fixture
def customer_id(api_administrator: ApiClient) -> int:
    """A new customer."""
    return int(data_of(add(api_administrator), "Customer added")["customer_id"])


def test_a_new_customer_is_answered_whole(api_administrator: ApiClient) -> None:
    given = {"customer_description": "Text", "customer_sla": "4h"}
    data = data_of(add(api_administrator, **given, cid=1), "Customer added")
    assert_fits(data, shapes.CUSTOMER)
    assert data.items() >= (given | {"customer_name": "dummy"}).items()
    assert AuditLog.objects.latest("id").summary == "added customer dummy"


@pytest.mark.parametrize("name", ["dummy", "DUMMY"])
def test_a_name_is_taken_whatever_its_case(
    api_administrator: ApiClient, customer_id: int, name: str
) -> None:
    assert_data_error(add(api_administrator, name), **TAKEN)
    answer = api_administrator.post("/manage/customers/update/1", {"customer_name": name})
    assert_data_error(answer, **TAKEN)


@pytest.mark.parametrize(
    ("name", "errors"),
    [
        ("x", SHORT),
        ("", SHORT),
        (None, {"customer_name": "Field may not be null."}),
        ("x" * 201, {"customer_name": "Longer than maximum length 200."}),
    ],
)
def test_a_faulty_name_is_refused(
    api_administrator: ApiClient, name: str | None, errors: dict[str, str]
) -> None:
    assert_data_error(add(api_administrator, name), **errors)


def test_the_list_shows_every_member(api_administrator: ApiClient, customer_id: int) -> None:
    data = data_of(api_administrator.get("/manage/customers/list", cid=1))
    assert_fits(data, [ROW])
    assert [row["customer_name"] for row in data] == ["IrisInitialClient", "dummy"]


def test_others_see_only_their_customers(
    api_analyst: ApiClient, api_outsider: ApiClient, other_customer: Customer
) -> None:
    names = [row["customer_name"] for row in data_of(api_analyst.get("/manage/customers/list"))]
    assert names == ["IrisInitialClient"]
    names = [row["customer_name"] for row in data_of(api_outsider.get("/manage/customers/list"))]
    assert names == ["Other Client"]


def test_a_customer_is_fetched_whole(api_analyst: ApiClient) -> None:
    data = data_of(api_analyst.get("/manage/customers/1", cid=1))
    assert_fits(data, ROW | {"contacts": list})
    assert data["contacts"] == []


def test_a_customer_of_others_is_fetched_like_a_missing_one(
    api_analyst: ApiClient, other_customer: Customer
) -> None:
    for pk in (other_customer.pk, 0, HUGE, 10**25):
        assert_refused(api_analyst.get(f"/manage/customers/{pk}"), UNKNOWN)


def test_a_customer_is_renamed(api_administrator: ApiClient, customer_id: int) -> None:
    path = f"/manage/customers/update/{customer_id}"
    data = data_of(api_administrator.post(path, {"customer_name": "renamed"}), "Customer updated")
    assert_fits(data, shapes.CUSTOMER)
    assert data["customer_name"] == "renamed"


def test_renaming_to_the_same_name_in_other_letters_works(
    api_administrator: ApiClient, customer_id: int
) -> None:
    path = f"/manage/customers/update/{customer_id}"
    data_of(api_administrator.post(path, {"customer_name": "DUMMY"}), "Customer updated")


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_customer_is_deleted_with_his_members(
    api_administrator: ApiClient, customer_id: int, method: str
) -> None:
    answer = getattr(api_administrator, method)(f"/manage/customers/delete/{customer_id}")
    assert data_of(answer, "Deleted successfully") == []
    assert not CustomerMembership.objects.filter(customer=customer_id).exists()


def test_a_customer_with_a_case_is_not_deleted(api_administrator: ApiClient, case: Case) -> None:
    answer = api_administrator.post(f"/manage/customers/delete/{case.customer_id}")
    assert_refused(answer, "Cannot delete a referenced customer")


@pytest.mark.parametrize("pk", [0, HUGE, 10**25])
def test_an_unknown_customer_is_refused(api_administrator: ApiClient, pk: int) -> None:
    body = {"customer_name": "renamed"}
    assert_refused(api_administrator.post(f"/manage/customers/update/{pk}", body), UNKNOWN)
    assert_refused(api_administrator.post(f"/manage/customers/delete/{pk}"), UNKNOWN)


@pytest.mark.parametrize("path", ["add", "update/1", "delete/1"])
def test_an_analyst_writes_no_customer(api_analyst: ApiClient, path: str) -> None:
    answer = api_analyst.post(f"/manage/customers/{path}", {"customer_name": "mine"})
    assert_refused(answer, "Permission denied", code=403)
    assert Customer.objects.get().name == "IrisInitialClient"


def test_a_guest_reads_no_customer(api_guest: ApiClient) -> None:
    for path in ("list", "1"):
        answer = api_guest.get(f"/manage/customers/{path}")
        assert_refused(answer, "Permission denied", code=403)
