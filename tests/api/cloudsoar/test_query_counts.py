"""Every GET of the Cloud SOAR door: its number of queries is pinned and does not grow with the data.

UPDATE_QUERY_COUNTS=1 writes query_counts.json beside this file for the database at hand.
"""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.models import Case
from soar.api.cloudsoar.mounts import CURRENT
from soar.core.actor import Actor
from soar.core.models import User
from tests.api.cloudsoar.permission_table import MAKERS, TABLE
from tests.api.cloudsoar.test_permission_table import NOUN
from tests.http import bearer, token_of
from tests.pinned_counts import Counts, PinnedCounts

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
PINNED = PinnedCounts(Path(__file__).parent / "query_counts.json")
READS = [line.path for line in TABLE if line.method == "GET" and not line.is_public]
MORE = 12


def measured(user: User, ids: dict[str, Any]) -> Counts:
    """Return the number of queries of every GET, each asked twice so that nothing is new to the process."""
    client = Client(headers=bearer(token_of(user)))
    counts = {}
    for path in READS:
        address = CURRENT + NOUN.sub(lambda found: str(ids[found[1]]), path)
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(address)
                b"".join(answer)
        assert answer.status_code == 200, (path, answer.status_code)
        counts[path] = len(queries)
    return counts


@pytest.fixture
def ids(case: Case, as_administrator: Actor) -> dict[str, Any]:
    """One of everything, in case 1."""
    made = {noun: make(as_administrator, case.pk) for noun, make in MAKERS.items()}
    return {"incident": case.pk, **made}


def test_the_number_of_queries_is_pinned(administrator: User, ids: dict[str, Any]) -> None:
    counts = measured(administrator, ids)
    PINNED.update(counts)
    assert counts == PINNED.here()


def test_the_number_of_queries_does_not_grow(
    administrator: User, as_administrator: Actor, case: Case, ids: dict[str, Any]
) -> None:
    before = measured(administrator, ids)
    for make in MAKERS.values():
        for _ in range(MORE):
            make(as_administrator, case.pk)
    assert measured(administrator, ids) == before
