"""The floor: the least a Python program can do for the same answers. A bare WSGI callable, raw psycopg.

One persistent connection per thread, prepared statements, JSON built by PostgreSQL, the same key
look-up as ours, and no permissions beyond the key. It bounds what any framework could reach.

    granian --interface wsgi bench.floor:application     (with DATABASE_URL and SOAR_TOKEN_KEY)
"""

import hashlib
import hmac
import os
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

import orjson
import psycopg

from bench import floor_sql as sql

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Caller = tuple[int, str]
SECRET = f"iris-key-hash:{os.environ['SOAR_TOKEN_KEY']}".encode()
INITIAL_CASE = 1
_threads = threading.local()


def _connection() -> psycopg.Connection[Any]:
    found: psycopg.Connection[Any] | None = getattr(_threads, "connection", None)
    if found is None:
        url = os.environ["DATABASE_URL"]
        found = _threads.connection = psycopg.connect(url, autocommit=True, prepare_threshold=0)
    return found


def _text(statement: str, parameters: Any) -> bytes | None:
    """Return the first column of the first row as the server sent it, or None."""
    result = _connection().execute(statement, parameters).pgresult
    return result.get_value(0, 0) if result is not None and result.ntuples else None


def _caller(environ: Environ) -> Caller | None:
    key = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
    key_hash = hmac.new(SECRET, key.encode(), hashlib.sha256).hexdigest()
    caller: Caller | None = _connection().execute(sql.CALLER, (key_hash,)).fetchone()
    return caller


def _case(environ: Environ) -> int:
    found = parse_qs(environ["QUERY_STRING"]).get("cid")
    return int(found[0]) if found else INITIAL_CASE


def _ping(environ: Environ, caller: Caller) -> tuple[str, Any]:
    return "pong", []


def _listing(statement: str) -> Callable[[Environ, Caller], tuple[str, Any]]:
    def answer(environ: Environ, caller: Caller) -> tuple[str, Any]:
        text = _text(statement, {"case": _case(environ)})
        return "", orjson.Fragment(text or b"[]")

    return answer


def _cases(environ: Environ, caller: Caller) -> tuple[str, Any]:
    return "", orjson.Fragment(_text(sql.CASE_LIST, {"user": caller[0]}) or b"[]")


def _ioc(environ: Environ, caller: Caller) -> tuple[str, Any]:
    ioc_id = int(environ["PATH_INFO"].rpartition("/")[2])
    text = _text(sql.IOC, {"case": _case(environ), "ioc": ioc_id})
    return "", orjson.Fragment(text or b"null")


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
    return "IOC added", orjson.Fragment(_text(sql.ADD_IOC, parameters) or b"null")


ROUTES: dict[str, Callable[[Environ, Caller], tuple[str, Any]]] = {
    "/api/ping": _ping,
    "/manage/cases/list": _cases,
    "/case/ioc/list": _listing(sql.IOC_LIST),
    "/case/assets/list": _listing(sql.ASSET_LIST),
    "/case/timeline/events/list": _listing(sql.TIMELINE),
    "/case/ioc/add": _add_ioc,
}


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Answer one request."""
    caller = _caller(environ)
    if caller is None:
        start_response("401 Unauthorized", [("Content-Type", "application/json")])
        return [b'{"status":"error","message":"Authentication required","data":[]}']
    handler = ROUTES.get(environ["PATH_INFO"], _ioc)
    message, data = handler(environ, caller)
    body = orjson.dumps({"status": "success", "message": message, "data": data})
    start_response(
        "200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    )
    return [body]
