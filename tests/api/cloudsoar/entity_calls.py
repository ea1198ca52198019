"""Calls of the resources of entities, and what answers them: a module and its runs."""

import json
from typing import Any

from django.test import Client

from modules.models import HookSubscription, Module, ModuleRun
from soar.core.models import User
from tests.http import bearer, token_of
from tests.incidents.entity_cast import VALUE, the
from tests.modules.results import make_module

PATH = "/api/csoar/v3/entities/"


def client_of(user: User) -> Client:
    """Return a client with a user's token."""
    return Client(headers=bearer(token_of(user)), raise_request_exception=False)


def callable_module() -> Module:
    """Make a module that analysts may call on indicators in two ways."""
    made = make_module(human_name="Lookup")
    for name in ("Ask", "Ask again"):
        HookSubscription.objects.create(
            module=made, hook_name="on_manual_trigger_ioc", ui_name=name, is_manual=True
        )
    return made


def send(client: Client, method: str, path: str, body: Any = None, kind: str = "") -> Any:
    """Send a body as JSON text, under its own header or another."""
    text = json.dumps({} if body is None else body)
    return client.generic(method, f"{PATH}{path}", text, kind or "application/json")


def values(answer: Any) -> list[str]:
    """Return the values of the entities of an answer."""
    assert answer.status_code == 200, answer.content
    return [row["value"] for row in answer.json()]


def found(client: Client, text: str, **more: Any) -> list[str]:
    """Return the values a filter finds."""
    return values(send(client, "POST", "search/", {"filter": text, **more}))


def add_run(module: Module, value: str = VALUE, **fields: Any) -> ModuleRun:
    """Note a run of a module on an address in case 1 that ended well."""
    pk = the(value).pk
    base = {
        "module": module,
        "module_name": module.package,
        "hook_name": "on_manual_trigger_ioc",
        "ui_name": "Ask",
        "object_kind": "ioc",
        "targets": [{"type": "ioc", "id": pk}],
        "case_id": 1,
        "user_login": "analyst",
        "status": ModuleRun.Status.SUCCESS,
        "done_at": "2026-03-01T12:00:00Z",
        "message": "found",
        "applied": [{"kind": "ioc", "id": pk, "field": "ioc_tags", "old": "", "new": "<b>x</b>"}],
    }
    return ModuleRun.objects.create(**base | fields)
