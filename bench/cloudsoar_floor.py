"""The floor of the Cloud SOAR door: token checked by hand, one statement per answer, texts made safe as ours are.

No permissions beyond the token; see bench.floor, which serves both doors.
"""

import base64
import hashlib
import hmac
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import orjson

from bench import cloudsoar_floor_sql as sql
from bench.floor_database import connection, text
from soar.core.rich_text import html_of, sanitised_html

MOUNT = "/incmansuite_ng/api/v3/"
NEVER = float("inf")
KEY = os.environ.get("SOAR_JWT_KEY", "").encode()
CAPABILITIES: dict[str, list[str]] = orjson.loads(os.environ.get("BENCH_CAPABILITIES", "{}"))
Environ = dict[str, Any]
Headers = list[tuple[str, str]]
Answer = tuple[bytes, Headers]


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose token it is."""

    user_id: int
    login: str
    is_superuser: bool
    mask: int
    token_id: int


def caller_of(environ: Environ) -> Caller | None:
    """Return whose token a request has."""
    token = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
    signed, _, signature = token.rpartition(".")
    made = hmac.digest(KEY, signed.encode(), hashlib.sha256)
    if not hmac.compare_digest(base64.urlsafe_b64encode(made).rstrip(b"="), signature.encode()):
        return None
    claims = orjson.loads(base64.urlsafe_b64decode(signed.partition(".")[2] + "=="))
    row = connection().execute(sql.CALLER, (claims["jti"],)).fetchone()
    if row is None or str(row[0]) != claims["sub"] or claims.get("exp", NEVER) < time.time():
        return None
    return Caller(*row)


def answer(environ: Environ, caller: Caller) -> Answer:
    """Return body and headers of the answer to a request."""
    path = environ["PATH_INFO"].removeprefix(MOUNT)
    handler = ROUTES.get((environ["REQUEST_METHOD"], path))
    if handler is not None:
        return handler(environ, caller)
    noun, number, *rest = path.split("/")
    return PARTS[environ["REQUEST_METHOD"], noun, rest[0]](environ, caller, int(number))


def _whoami(environ: Environ, caller: Caller) -> Answer:
    user, token = _row(sql.WHOAMI, (caller.token_id,))
    held = [
        name
        for bit, names in CAPABILITIES.items()
        if caller.is_superuser or int(bit) & caller.mask
        for name in names
    ]
    is_administrator = caller.is_superuser or caller.mask & 2
    rest = {
        "profile": "Administrator" if is_administrator else "Analyst" if caller.mask & 1 else "",
        "capabilities": held,
        "token": orjson.Fragment(token),
    }
    return user[:-1].encode() + b"," + orjson.dumps(rest)[1:], []


def _size(environ: Environ) -> int:
    return int(parse_qs(environ["QUERY_STRING"]).get("page_size", ["500"])[0])


def _body(environ: Environ) -> Any:
    return orjson.loads(environ["wsgi.input"].read())


def _row(statement: str, parameters: Any) -> Any:
    """Return the one row of a statement that always has one."""
    return connection().execute(statement, parameters).fetchone()


def _result(statement: str, parameters: Any) -> Any:
    """Return the result of a statement as the driver has it, without an object per row."""
    return connection().execute(statement, parameters).pgresult


def _page(statement: str, parameters: Any) -> Answer:
    result = _result(statement, parameters)
    rows, total = result.get_value(0, 0), result.get_value(0, 1)
    return rows or b"[]", [("X-Total-Count", (total or b"0").decode())]


def _listing(statement: str) -> Callable[[Environ, Caller], Answer]:
    return lambda environ, caller: _page(
        statement, {"user": caller.user_id, "size": _size(environ)}
    )


def _search_entities(environ: Environ, caller: Caller) -> Answer:
    body = _body(environ)
    sought = body["filter"]
    parameters = {
        "user": caller.user_id,
        "size": body["page_size"],
        "like": f"%{sought}%",
        "hash": hashlib.sha256(sought.encode()).hexdigest(),
    }
    return _page(sql.ENTITY_SEARCH, parameters)


def _search_incidents(environ: Environ, caller: Caller) -> Answer:
    size = _body(environ)["page_size"]
    return _page(sql.INCIDENT_SEARCH, {"user": caller.user_id, "size": size})


def _of_incident(environ: Environ, caller: Caller, incident: int) -> Answer:
    parameters = {"user": caller.user_id, "incident": incident, "size": _size(environ)}
    result = _result(sql.INCIDENT_ENTITIES, parameters)
    count = result.ntuples
    rows = [_with_text(result.get_value(row, 0), result.get_value(row, 1)) for row in range(count)]
    total = result.get_value(0, 2).decode() if count else "0"
    return b"[" + b",".join(rows) + b"]", [("X-Total-Count", total)]


def _entity(environ: Environ, caller: Caller, entity: int) -> Answer:
    parameters = {"user": caller.user_id, "entity": entity}
    result = _result(sql.ENTITY, parameters)
    return _with_text(result.get_value(0, 0), result.get_value(0, 1)), []


def _incident(environ: Environ, caller: Caller, incident: int) -> Answer:
    parameters = {"user": caller.user_id, "incident": incident}
    result = _result(sql.INCIDENT, parameters)
    shown, body = result.get_value(0, 0), result.get_value(0, 1)
    value = {"name": "Additional info", "value": _safe((body or b"").decode())}
    return (shown or b"{}")[:-1] + b',"additional_info":' + orjson.dumps(value) + b"}", []


def _with_text(row: bytes | None, html: bytes | None) -> bytes:
    """Return an object in JSON with a text that was made safe."""
    safe = sanitised_html((html or b"").decode())
    return (row or b"{}")[:-1] + b',"additional_info":' + orjson.dumps(str(safe)) + b"}"


def _safe(markdown: str) -> str:
    return str(sanitised_html(html_of(markdown)))


def _war_room(environ: Environ, caller: Caller, incident: int) -> Answer:
    parameters = {"incident": incident, "size": _size(environ)}
    rows = connection().execute(sql.WAR_ROOM, parameters).fetchall()
    steps = [
        {
            "id": number,
            "starttime": {"name": "Start time", "value": seconds, "iso": iso},
            "endtime": {"name": "End time", "value": 0},
            "category": {"name": "Category", "value": "timeline"},
            "title": {"name": "Title", "value": title},
            "additional_info": {"name": "Additional info", "value": _safe(content)},
            "created_by": {"name": "Created by", "value": login},
            "is_locked": {"name": "Locked", "value": locked},
            "is_printed": {"name": "Printed", "value": printed},
            "is_deleted": {"name": "Deleted", "value": deleted},
        }
        for number, seconds, iso, title, content, login, locked, printed, deleted, _ in rows
    ]
    return orjson.dumps(steps), [("X-Total-Count", str(rows[0][-1] if rows else 0))]


def _added(
    environ: Environ, caller: Caller, statement: str, values: Any, details: Any, summary: str = ""
) -> Answer:
    parameters = {
        **values,
        "user": caller.user_id,
        "login": caller.login,
        "address": environ.get("REMOTE_ADDR", ""),
        "summary": summary,
        "details": orjson.dumps({"after": details}).decode(),
    }
    return text(statement, parameters) or b"null", []


def _add_entity(environ: Environ, caller: Caller, incident: int) -> Answer:
    body = _body(environ)
    value = body["value"]
    line = {"user": caller.login, "user_id": caller.user_id, "action": "created"}
    values = {
        "incident": incident,
        "type": body["type"],
        "value": value,
        "hash": hashlib.sha256(value.encode()).hexdigest(),
        "history": orjson.dumps({f"{time.time():.6f}": line}).decode(),
        "description": body["additional_info"],
        "tags": ",".join(body["tag"]),
    }
    after = {"value": value, "type": body["type"]}
    made, _ = _added(environ, caller, sql.ADD_ENTITY, values, after, f'added ioc "{value}"')
    return _with_text(made, body["additional_info"].encode()), []


def _take_in(environ: Environ, caller: Caller) -> Answer:
    body = _body(environ)
    values = {
        "title": body["description"],
        "description": body["additional_info"],
        "source": body["source"],
        "external_id": body["external_id"],
        "type": body["type"],
        "tags": ",".join(body["tags"]),
    }
    return _added(environ, caller, sql.ADD_ALERT, values, values)


ROUTES: dict[tuple[str, str], Callable[[Environ, Caller], Answer]] = {
    ("GET", "whoami/"): _whoami,
    ("GET", "entities/"): _listing(sql.ENTITY_LIST),
    ("POST", "entities/search/"): _search_entities,
    ("GET", "incidents/"): _listing(sql.INCIDENT_LIST),
    ("POST", "incidents/search/"): _search_incidents,
    ("GET", "triage/"): _listing(sql.TRIAGE_LIST),
    ("POST", "triage/"): _take_in,
}
PARTS: dict[tuple[str, str, str], Callable[[Environ, Caller, int], Answer]] = {
    ("GET", "entities", ""): _entity,
    ("GET", "incidents", ""): _incident,
    ("GET", "incidents", "entities"): _of_incident,
    ("GET", "incidents", "timeline"): _war_room,
    ("POST", "incidents", "entities"): _add_entity,
}
