"""The floor: the least a Python program can do for the same answers. A bare WSGI callable, raw psycopg.

One persistent connection per thread, prepared statements, JSON built by PostgreSQL, the same key
look-up as ours, and no permissions beyond the key. It bounds what any framework could reach.

    granian --interface wsgi bench.floor:application     (with DATABASE_URL, SOAR_TOKEN_KEY, SOAR_JWT_KEY)
"""

import hashlib
import hmac
import os
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

import orjson

from bench import cloudsoar_floor
from bench import floor_sql as sql
from bench.floor_database import connection, text

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Caller = tuple[int, str]
SECRET = f"iris-key-hash:{os.environ['SOAR_TOKEN_KEY']}".encode()
INITIAL_CASE = 1


def _caller(environ: Environ) -> Caller | None:
    key = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
    key_hash = hmac.new(SECRET, key.encode(), hashlib.sha256).hexdigest()
    caller: Caller | None = connection().execute(sql.CALLER, (key_hash,)).fetchone()
    return caller


def _case(environ: Environ) -> int:
    found = parse_qs(environ["QUERY_STRING"]).get("cid")
    return int(found[0]) if found else INITIAL_CASE


def _ping(environ: Environ, caller: Caller) -> tuple[str, Any]:
    return "pong", []


def _listing(statement: str) -> Callable[[Environ, Caller], tuple[str, Any]]:
    def answer(environ: Environ, caller: Caller) -> tuple[str, Any]:
        rows = text(statement, {"case": _case(environ)})
        return "", orjson.Fragment(rows or b"[]")

    return answer


def _cases(environ: Environ, caller: Caller) -> tuple[str, Any]:
    return "", orjson.Fragment(text(sql.CASE_LIST, {"user": caller[0]}) or b"[]")


def _ioc(environ: Environ, caller: Caller) -> tuple[str, Any]:
    ioc_id = int(environ["PATH_INFO"].rpartition("/")[2])
    found = text(sql.IOC, {"case": _case(environ), "ioc": ioc_id})
    return "", orjson.Fragment(found or b"null")


def _add_ioc(environ: Environ, caller: Caller) -> tuple[str, Any]:
    user_id, login = caller
    body = orjson.loads(environ["wsgi.input"].read())
    value, type_id, tlp_id = body["ioc_value"], body["ioc_type_id"], body["ioc_tlp_id"]
    line = {"user": login, "user_id": user_id, "action": "created"}
    after = {"value": value, "type_id": type_id, "tlp_id": tlp_id}
    parameters = {
        "type": type_id,
        "value": value,
        "hash": hashlib.sha256(value.encode()).hexdigest(),
        "history": orjson.dumps({f"{time.time():.6f}": line}).decode(),
        "case": body["cid"],
        "tlp": tlp_id,
        "description": body.get("ioc_description"),
        "tags": body.get("ioc_tags"),
        "user": user_id,
        "login": login,
        "address": environ.get("REMOTE_ADDR", ""),
        "summary": f'added ioc "{value}"',
        "details": orjson.dumps({"after": after}).decode(),
    }
    return "IOC added", orjson.Fragment(text(sql.ADD_IOC, parameters) or b"null")


ROUTES: dict[str, Callable[[Environ, Caller], tuple[str, Any]]] = {
    "/api/ping": _ping,
    "/manage/cases/list": _cases,
    "/case/ioc/list": _listing(sql.IOC_LIST),
    "/case/assets/list": _listing(sql.ASSET_LIST),
    "/case/timeline/events/list": _listing(sql.TIMELINE),
    "/case/ioc/add": _add_ioc,
}


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Answer one request, of either door."""
    if environ["PATH_INFO"].startswith(cloudsoar_floor.MOUNT):
        holder = cloudsoar_floor.caller_of(environ)
        found = cloudsoar_floor.answer(environ, holder) if holder is not None else None
    else:
        caller = _caller(environ)
        found = _enveloped(environ, caller) if caller is not None else None
    if found is None:
        start_response("401 Unauthorized", [("Content-Type", "application/json")])
        return [b'{"status":"error","message":"Authentication required","data":[]}']
    body, headers = found
    described = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response("200 OK", described + headers)
    return [body]


def _enveloped(environ: Environ, caller: Caller) -> cloudsoar_floor.Answer:
    handler = ROUTES.get(environ["PATH_INFO"], _ioc)
    message, data = handler(environ, caller)
    return orjson.dumps({"status": "success", "message": message, "data": data}), []
