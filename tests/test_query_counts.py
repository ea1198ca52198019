"""Every GET route of the IRIS door: its number of queries is pinned and does not grow with the data.

UPDATE_QUERY_COUNTS=1 writes tests/query_counts.json for the database at hand instead of comparing.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from cases.models import Case, Customer, GlobalTask
from incidents.services.incidents import open_incident
from modules.models import Module, ModuleRun
from soar.api.iris.urls import doors
from soar.core.actor import Actor
from soar.core.models import User
from tests.growing import grow_case, grow_house
from tests.http import ApiClient, key_of
from tests.pinned_counts import Counts, PinnedCounts

pytestmark = pytest.mark.slow

PINNED = PinnedCounts(Path(__file__).parent / "query_counts.json")
FEW, MANY = 10, 300
# Deleting is one statement per hundred rows: Django sends no more ids in one.
GROWING = {"manage/cases/delete/<id:case_id>"}


def get_routes() -> list[str]:
    """Return the routes that answer GET, as they are written in the URL table."""
    return [str(one.pattern) for one in doors if "get" in one.callback.actions]


@pytest.fixture
def big_case(as_administrator: Actor) -> Case:
    """A case that will grow."""
    incident = open_incident(as_administrator, name="Big", description="Big", customer_id=1)
    return incident.case


@pytest.fixture
def guinea_pig(guest: User) -> User:
    """A deactivated user, whom GET deletes and activates."""
    User.objects.filter(pk=guest.pk).update(is_active=False)
    return guest


def ids_of(case: Case, user: User) -> dict[str, Any]:
    """Return a value for every placeholder: the first object of its kind."""
    first = {
        name: getattr(case, f"{name}s").order_by("pk").values_list("pk", flat=True)[0]
        for name in ("asset", "event", "task", "evidence", "note")
    }
    return {f"{name}_id": pk for name, pk in first.items()} | {
        "ioc_id": case.case_iocs.order_by("pk").values_list("ioc_id", flat=True)[0],
        "group_id": case.note_directories.order_by("pk").values_list("pk", flat=True)[0],
        "case_id": case.pk,
        "customer_id": Customer.objects.exclude(pk=1)
        .order_by("pk")
        .values_list("pk", flat=True)[0],
        "user_id": user.pk,
        "login": user.login,
        "object_type": "ioc",
        "pk": 1,
        "count": MANY * 3,
        "module_id": Module.objects.order_by("pk").values_list("pk", flat=True)[0],
        "run": ModuleRun.objects.order_by("pk").values_list("task_id", flat=True)[0],
    }


def measured(case: Case, user: User, key: str) -> Counts:
    """Return the number of queries of every route; what a GET writes is taken back."""
    ids = ids_of(case, user)
    ids_outside = ids | {
        "task_id": GlobalTask.objects.order_by("pk").values_list("pk", flat=True)[0]
    }
    counts = {}
    for route in get_routes():
        values = ids_outside if route.startswith("global") else ids
        path = re.sub(r"<\w+:(\w+)>", lambda match, v=values: str(v[match[1]]), route)  # type: ignore[misc]
        with transaction.atomic():
            with CaptureQueriesContext(connection) as queries:
                response = ApiClient(key).get(f"/{path}", cid=case.pk)
                assert response.getvalue(), path
            assert response.status_code in {200, 400}, (path, response.getvalue())
            transaction.set_rollback(True)
        counts[route] = len(queries)
    return counts


def test_the_table_names_every_route_and_no_other() -> None:
    assert set(PINNED.read()) == set(get_routes()) or PINNED.is_updating


def test_the_number_of_queries_is_pinned(
    big_case: Case, guinea_pig: User, administrator: User
) -> None:
    grow_case(big_case, FEW)
    grow_house(big_case, FEW)
    counts = measured(big_case, guinea_pig, key_of(administrator))
    PINNED.update(counts)
    assert counts == PINNED.here()


def test_the_number_of_queries_does_not_grow(
    big_case: Case, guinea_pig: User, administrator: User
) -> None:
    grow_case(big_case, FEW)
    grow_house(big_case, FEW)
    few = measured(big_case, guinea_pig, key_of(administrator))
    grow_case(big_case, MANY, mark="more")
    grow_house(big_case, MANY, mark="more")
    many = measured(big_case, guinea_pig, key_of(administrator))
    assert {route for route in few if many[route] != few[route]} <= GROWING
