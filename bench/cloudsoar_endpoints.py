"""The calls of the Cloud SOAR door that are measured: the partners of the IRIS door's, with its targets."""

import itertools
import secrets
from collections.abc import Callable, Iterable
from typing import Any

import orjson

from bench import data
from bench.calls import Endpoint, MakeCall, Place
from bench.client import CLOUD_SOAR, Call

PAGE = 500
COLUMNS = ["incidentid", "status", "openingtime", "owner", "description", "type"]
VOLATILE = ("id", "value", "datetime", "created_at")


def _stable_when_added(body: bytes) -> object:
    answer = orjson.loads(body)
    kept = {name: value for name, value in answer.items() if name not in VOLATILE}
    return {**kept, "keys": sorted(answer)}


def _get(path: str) -> Callable[[Place], MakeCall]:
    def calls(place: Place) -> MakeCall:
        call = Call(CLOUD_SOAR + path.format(big=place.big, size=PAGE))
        return lambda: call

    return calls


def _search(path: str, **asked: Any) -> Callable[[Place], MakeCall]:
    body = orjson.dumps({"page_number": 1, "page_size": PAGE, **asked})
    call = Call(CLOUD_SOAR + path, body)
    return lambda place: lambda: call


def _one_of(noun: str, ids: Callable[[Place], Iterable[int]]) -> Callable[[Place], MakeCall]:
    def calls(place: Place) -> MakeCall:
        known, numbers = tuple(ids(place)), itertools.count()
        return lambda: Call(f"{CLOUD_SOAR}{noun}/{known[next(numbers) * 7919 % len(known)]}/")

    return calls


def _add_entity(place: Place) -> MakeCall:
    body = {
        "type": "domain",
        "additional_info": "Seen in the traffic of host 17, first by sensor 3",
        "tag": [data.MARKER, "sensor-3"],
    }
    prefix, numbers = secrets.token_hex(8), itertools.count()

    def make() -> Call:
        value = f"{prefix}-{next(numbers):06d}.example.com"
        path = f"{CLOUD_SOAR}incidents/{place.writes}/entities/"
        return Call(path, orjson.dumps({**body, "value": value}))

    return make


def _take_in(place: Place) -> MakeCall:
    prefix, numbers = secrets.token_hex(8), itertools.count()

    def make() -> Call:
        given = f"{prefix}-{next(numbers):06d}"
        return Call(f"{CLOUD_SOAR}triage/", orjson.dumps(data.alert_body(0, external_id=given)))

    return make


def _endpoint(name: str, calls: Any, most: int, floor: float, plain: float) -> Endpoint:
    return Endpoint(name, calls, most, floor, plain, stable=orjson.loads)


ENDPOINTS = (
    _endpoint("whoami", _get("whoami/"), 1500, 6.0, 4.0),
    _endpoint("entity", _one_of("entities", lambda place: place.iocs), 600, 3.5, 3.0),
    _endpoint("incident", _one_of("incidents", lambda place: place.cases), 600, 3.5, 3.0),
    _endpoint("entity list", _get("entities/?page_size={size}"), 60, 2.0, 5.0),
    _endpoint("entity search", _search("entities/search/", filter=data.SOUGHT), 60, 2.0, 5.0),
    _endpoint("incident list", _get("incidents/?page_size={size}"), 60, 2.0, 5.0),
    _endpoint("incident search", _search("incidents/search/", columns=COLUMNS), 60, 2.0, 5.0),
    _endpoint(
        "war room",
        _get("incidents/{big}/timeline/?category=timeline&page_size={size}"),
        60,
        2.0,
        5.0,
    ),
    _endpoint(
        "incident entities", _get("incidents/{big}/entities/?page_size={size}"), 60, 2.0, 5.0
    ),
    _endpoint("triage list", _get("triage/?page_size={size}"), 100, 2.0, 5.0),
    Endpoint("entity add", _add_entity, 300, 6.0, 2.5, stable=_stable_when_added),
    Endpoint("triage add", _take_in, 300, 6.0, 2.5, stable=_stable_when_added),
)
