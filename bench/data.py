"""What the benchmarks fill an installation with: the same rows every time, known by their markers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MARKER = "bench"
BIG = f"{MARKER}-big"
WRITES = f"{MARKER}-writes"  # what the benchmarks write lands here, so that the reads stay the same
SHARING_CASES = 10
SHARED_EVERY = 20  # every so-many-th indicator and asset of the big case is in a second case too
SOUGHT = f"{MARKER}.example.com"  # in the value of every fifth indicator
TYPE_NAMES = ("ip-src", "domain", "sha256", "url", "hostname")

Body = dict[str, Any]


@dataclass(frozen=True)
class Sizes:
    """How much there is of everything; the cases include the big one and the one for writes."""

    cases: int = 1_000
    iocs: int = 10_000
    assets: int = 2_000
    events: int = 2_000
    tasks: int = 500
    notes: int = 500
    alerts: int = 1_000


@dataclass(frozen=True)
class Reference:
    """Ids of the reference rows that the bodies name."""

    ioc_types: tuple[int, ...]
    tlps: tuple[int, ...]
    asset_types: tuple[int, ...]
    analysis_status: int
    task_status: int
    customer: int
    user: int


def case_body(number: int, reference: Reference, *, soc_id: str = "") -> Body:
    """Return the body of a case; its marker is the SOC ticket."""
    return {
        "case_soc_id": soc_id or f"{MARKER}-{number:04d}",
        "case_customer": reference.customer,
        "case_name": f"Suspicious activity {number:04d}",
        "case_description": f"Alert {number} reported unusual traffic; this case follows it up.",
    }


def case_markers(sizes: Sizes) -> list[str]:
    """Return the markers of all cases."""
    plain = [f"{MARKER}-{number:04d}" for number in range(1, sizes.cases - 1)]
    return [BIG, WRITES, *plain]


def ioc_value(number: int) -> str:
    """Return the value of an indicator of the big case."""
    kinds = (
        f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
        f"host-{number:05d}.{MARKER}.example.com",
        f"{number:064x}",
        f"https://{MARKER}.example.net/landing/{number:05d}?campaign=autumn",
        f"{MARKER}-workstation-{number:05d}",
    )
    return kinds[number % len(kinds)]


def ioc_body(number: int, reference: Reference) -> Body:
    """Return the body of an indicator."""
    return {
        "ioc_type_id": reference.ioc_types[number % len(reference.ioc_types)],
        "ioc_tlp_id": reference.tlps[number % len(reference.tlps)],
        "ioc_value": ioc_value(number),
        "ioc_description": f"Seen in the traffic of host {number % 400}, first by sensor {number % 7}",
        "ioc_tags": f"{MARKER},sensor-{number % 7}",
    }


def asset_name(number: int) -> str:
    """Return the name of an asset of the big case."""
    return f"{MARKER}-asset-{number:04d}"


def asset_body(number: int, reference: Reference, ioc_ids: list[int]) -> Body:
    """Return the body of an asset with its share of the indicators, none to four."""
    return {
        "asset_name": asset_name(number),
        "asset_type_id": reference.asset_types[number % len(reference.asset_types)],
        "analysis_status_id": reference.analysis_status,
        "asset_description": f"Machine {number} of the office network",
        "asset_domain": "office.example.com",
        "asset_ip": f"192.0.2.{number % 250}",
        "asset_tags": MARKER,
        "asset_compromise_status_id": number % 4,
        "ioc_links": _some(ioc_ids, number, number % 5),
    }


def event_title(number: int) -> str:
    """Return the title of an event of the big case."""
    return f"{MARKER} event {number:04d}"


def event_body(number: int, asset_ids: list[int], ioc_ids: list[int]) -> Body:
    """Return the body of an event with one to three assets and none to four indicators."""
    minute, hour, day = number % 60, number // 60 % 24, number // 1440 % 28 + 1
    return {
        "event_title": event_title(number),
        "event_date": f"2024-03-{day:02d}T{hour:02d}:{minute:02d}:00.000000",
        "event_tz": "+00:00",
        "event_category_id": 1,
        "event_content": f"Process {number} opened a connection and wrote to its working directory.",
        "event_raw": f"<{number}> connection opened",
        "event_source": "sensor",
        "event_in_graph": True,
        "event_in_summary": number % 10 == 0,
        "event_tags": MARKER,
        "event_assets": _some(asset_ids, number, number % 3 + 1),
        "event_iocs": _some(ioc_ids, number, number % 5),
    }


def task_title(number: int) -> str:
    """Return the title of a task of the big case."""
    return f"{MARKER} task {number:03d}"


def task_body(number: int, reference: Reference) -> Body:
    """Return the body of a task."""
    return {
        "task_title": task_title(number),
        "task_status_id": reference.task_status,
        "task_assignees_id": [reference.user],
        "task_description": f"Collect the memory image of machine {number}",
        "task_tags": MARKER,
    }


def note_title(number: int) -> str:
    """Return the title of a note of the big case."""
    return f"{MARKER} note {number:03d}"


def note_body(number: int, group_id: int) -> Body:
    """Return the body of a note."""
    text = f"Finding {number}: the host contacted an address that is not on any list. "
    return {"note_title": note_title(number), "note_content": text * 5, "group_id": group_id}


def alert_body(number: int, *, external_id: str = "") -> Body:
    """Return the body of a triage event; its source takes an event of the same external id in once."""
    return {
        "type": "Phishing",
        "source": "mailgate",
        "external_id": external_id or f"{MARKER}-{number:04d}",
        "description": f"Urgent invoice {number % 40}",
        "additional_info": f"Mail {number} was held back by the gateway.",
        "tags": [MARKER, f"gate-{number % 3}"],
    }


def shared(count: int) -> Iterator[tuple[int, int]]:
    """Yield (number of an object of the big case, place of the other case that has it too)."""
    for number in range(0, count, SHARED_EVERY):
        yield number, number // SHARED_EVERY % SHARING_CASES


def _some(ids: list[int], number: int, count: int) -> list[int]:
    """Return up to `count` of the ids, others for each number."""
    if not ids:
        return []
    return [ids[(number * 7 + step) % len(ids)] for step in range(min(count, len(ids)))]
