"""The calls that are measured, how their bodies are compared, and what was promised of them."""

import itertools
import secrets
from collections.abc import Callable
from typing import Any

import orjson

from bench import cloudsoar_endpoints, data
from bench.calls import Endpoint, MakeCall, Place
from bench.client import Call, Connection, data_of

VOLATILE = ("ioc_id", "ioc_uuid", "ioc_value", "modification_history")


class NotLoaded(Exception):
    """The installation holds no benchmark data."""


def _stable_when_added(body: bytes) -> object:
    answer = data_of(body)
    kept = {name: value for name, value in answer.items() if name not in VOLATILE}
    return {**kept, "keys": sorted(answer)}


def _get(path: str) -> Callable[[Place], MakeCall]:
    def calls(place: Place) -> MakeCall:
        call = Call(path.format(big=place.big))
        return lambda: call

    return calls


def _one_ioc(place: Place) -> MakeCall:
    numbers = itertools.count()
    return lambda: Call(
        f"/case/ioc/{place.iocs[next(numbers) * 7919 % len(place.iocs)]}?cid={place.big}"
    )


def _add_ioc(place: Place) -> MakeCall:
    body = {
        "cid": place.writes,
        "ioc_type_id": place.ioc_type,
        "ioc_tlp_id": 1,
        "ioc_description": "Seen in the traffic of host 17, first by sensor 3",
        "ioc_tags": "bench,sensor-3",
    }
    prefix, numbers = secrets.token_hex(8), itertools.count()

    def make() -> Call:
        value = f"{prefix}-{next(numbers):06d}.example.com"
        return Call("/case/ioc/add", orjson.dumps({**body, "ioc_value": value}))

    return make


def _endpoint(name: str, calls: Any, most: int, floor: float, plain: float) -> Endpoint:
    return Endpoint(name, calls, most, floor, plain, stable=data_of)


IRIS = (
    _endpoint("ping", _get("/api/ping"), 1500, 6.0, 4.0),
    _endpoint("ioc", _one_ioc, 1500, 3.5, 3.0),
    Endpoint("ioc add", _add_ioc, 600, 6.0, 2.5, stable=_stable_when_added),
    _endpoint("ioc list", _get("/case/ioc/list?cid={big}"), 40, 1.3, 8.0),
    _endpoint("asset list", _get("/case/assets/list?cid={big}"), 80, 2.0, 5.0),
    _endpoint("timeline", _get("/case/timeline/events/list?cid={big}"), 80, 2.0, 5.0),
    _endpoint("case list", _get("/manage/cases/list"), 200, 2.0, 5.0),
)
DOORS = {
    "iris": [one.name for one in IRIS],
    "cloudsoar": [one.name for one in cloudsoar_endpoints.ENDPOINTS],
}
ENDPOINTS = {one.name: one for one in (*IRIS, *cloudsoar_endpoints.ENDPOINTS)}


def find_place(connection: Connection) -> Place:
    """Return where the benchmark's data is. Raise NotLoaded."""
    rows = data_of(connection.send(Call("/manage/cases/list")))
    cases = {row["case_soc_id"]: row["case_id"] for row in rows}
    if data.BIG not in cases or data.WRITES not in cases:
        raise NotLoaded("Fill the installation first: python -m bench.load")
    big = cases[data.BIG]
    listed = data_of(connection.send(Call(f"/case/ioc/list?cid={big}")))
    iocs = listed["ioc"]
    return Place(
        big=big,
        writes=cases[data.WRITES],
        cases=tuple(cases.values()),
        iocs=tuple(row["ioc_id"] for row in iocs),
        ioc_type=iocs[0]["ioc_type_id"],
    )
