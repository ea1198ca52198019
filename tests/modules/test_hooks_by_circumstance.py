"""When writing fires a hook and when it does not, where the route alone does not tell."""

import pytest

from cases.models import Case, CaseIoc
from cases.services.iocs import add_ioc
from modules.hooks import hooks_of_event
from soar.core.actor import Actor
from soar.core.models import AuditLog
from tests.http import ApiClient

OK = 200


def fired_since(last: int) -> list[str]:
    """Return the hooks that what was written since an audit row fires."""
    rows = AuditLog.objects.filter(pk__gt=last).order_by("id")
    return [one.hook for row in rows for one in hooks_of_event(row.action, row.details)]


@pytest.fixture
def shared_ioc(as_administrator: Actor, outsider_case: Case) -> CaseIoc:
    """An indicator that the outsider's case holds."""
    given = {"type_id": 1, "tlp_id": 1, "value": "shared.example"}
    return add_ioc(as_administrator, outsider_case.pk, **given)[0]  # type: ignore[arg-type]


def test_an_ioc_known_elsewhere_fires_when_it_is_newly_linked_and_only_then(
    api_analyst: ApiClient, shared_ioc: CaseIoc
) -> None:
    last = AuditLog.objects.latest("id").pk
    body = {"ioc_type_id": 1, "ioc_tlp_id": 1, "ioc_value": "shared.example", "cid": 1}
    first, again = (api_analyst.post("/case/ioc/add", body) for _ in range(2))
    assert (first.status_code, again.status_code) == (OK, OK)
    assert fired_since(last) == ["on_postload_ioc_create"]


def test_an_ioc_fires_its_deletion_when_the_last_case_drops_it(
    as_administrator: Actor, api_administrator: ApiClient, shared_ioc: CaseIoc
) -> None:
    add_ioc(as_administrator, 1, type_id=1, tlp_id=1, value="shared.example")
    last = AuditLog.objects.latest("id").pk
    api_administrator.post(f"/case/ioc/delete/{shared_ioc.ioc_id}?cid=1")
    assert fired_since(last) == []
    api_administrator.post(f"/case/ioc/delete/{shared_ioc.ioc_id}?cid={shared_ioc.case_id}")
    assert fired_since(last) == ["on_postload_ioc_delete"]


def test_closing_a_case_by_its_state_fires_one_update(api_analyst: ApiClient) -> None:
    last = AuditLog.objects.latest("id").pk
    answer = api_analyst.post("/manage/cases/update/1", {"state_id": 9})
    assert answer.status_code == OK
    assert fired_since(last) == ["on_postload_case_update"]


def test_what_a_route_refuses_fires_nothing(api_analyst: ApiClient, api_reader: ApiClient) -> None:
    last = AuditLog.objects.latest("id").pk
    body = {"ioc_type_id": 1, "ioc_tlp_id": 1, "ioc_value": "x.example", "cid": 1}
    assert api_reader.post("/case/ioc/add", body).status_code != OK
    assert api_analyst.post("/case/ioc/add", body | {"ioc_type_id": 10**6}).status_code != OK
    assert fired_since(last) == []
