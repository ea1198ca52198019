"""The report of an incident as one JSON object, piece by piece."""

import datetime as dt
import json
from collections.abc import Iterator

import orjson

from incidents.services.report_parts import PARTS, Report, text_of

VERSION = 1
_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS | orjson.OPT_NON_STR_KEYS


def json_pieces(report: Report) -> Iterator[bytes]:
    """Yield the object: about the report, the fields with their labels, then a list per part."""
    about = {
        "version": VERSION,
        "created_on": report.written_at,
        "created_by": report.actor.login,
    }
    fields = {one.name: {"name": one.label, "value": one.value} for one in report.fields}
    incident = {"id": report.incident.pk, **fields}
    yield b'{"report":' + _json(about) + b',"incident":' + _json(incident)
    for part in PARTS:
        yield b',"' + part.encode() + b'":['
        separator = b""
        for row in report.rows(part, is_for_print=False):
            yield separator + _json(row)
            separator = b","
        yield b"]"
    yield b"}\n"


def _json(value: object) -> bytes:
    try:
        return orjson.dumps(value, default=str, option=_OPTIONS)
    except TypeError:  # an integer of more than 64 bits, which external alerts may hold
        return json.dumps(value, default=_text).encode()


def _text(value: object) -> str:
    return text_of(value) if isinstance(value, dt.datetime) else str(value)
