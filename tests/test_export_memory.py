"""The export of a big case: complete, in bounded pieces, in flat memory."""

import json
import tracemalloc
from collections.abc import Iterable

import pytest

from cases.models import Case
from incidents.services.incidents import open_incident
from soar.core.actor import Actor
from soar.core.models import User
from tests.growing import grow_case, grow_iocs
from tests.http import ApiClient, key_of

pytestmark = pytest.mark.slow

IOCS, OTHERS = 10_000, 100
HIGHEST_BYTES = 12_000_000
LARGEST_PIECE_BYTES = 2_000_000
KEYS = {
    "iocs": ("ioc_id", IOCS),
    "assets": ("asset_id", OTHERS),
    "timeline": ("event_id", OTHERS),
    "evidences": ("id", OTHERS),
    "tasks": ("id", OTHERS),
    "notes": ("note_id", OTHERS),
}


@pytest.fixture
def big_case(as_administrator: Actor) -> Case:
    """A case with 10,000 indicators and a hundred of everything else."""
    case = open_incident(as_administrator, name="Big", description="Big", customer_id=1).case
    grow_case(case, OTHERS)
    grow_iocs(case, IOCS - OTHERS, mark="more")
    return case


def pieces_of(case: Case, administrator: User) -> Iterable[bytes]:
    """Return the pieces of the export as they would leave the server."""
    response = ApiClient(key_of(administrator)).get("/case/export", cid=case.pk)
    assert response.streaming
    return response.streaming_content  # type: ignore[no-any-return]


def test_memory_stays_flat_and_pieces_small(big_case: Case, administrator: User) -> None:
    list(
        pieces_of(Case.objects.get(pk=1), administrator)
    )  # what is loaded once is not the export's
    total, largest = 0, 0
    tracemalloc.start()
    try:
        baseline = tracemalloc.get_traced_memory()[0]
        for piece in pieces_of(big_case, administrator):
            total, largest = total + len(piece), max(largest, len(piece))
        highest = tracemalloc.get_traced_memory()[1] - baseline
    finally:
        tracemalloc.stop()
    assert highest < HIGHEST_BYTES, f"{highest:,} bytes for an export of {total:,}"
    assert largest < LARGEST_PIECE_BYTES


def test_nothing_is_missing_and_nothing_doubled(big_case: Case, administrator: User) -> None:
    data = json.loads(b"".join(pieces_of(big_case, administrator)))["data"]
    for family, (key, count) in KEYS.items():
        ids = [row[key] for row in data[family]]
        assert (len(ids), len(set(ids))) == (count, count), family
    assert sum(len(asset["asset_ioc"]) for asset in data["assets"]) == OTHERS
    assert (
        sum(len(event["iocs"]) + len(event["assets"]) for event in data["timeline"]) == 2 * OTHERS
    )
