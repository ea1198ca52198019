"""Calling a line of the permission table: path and body with the ids their nouns stand for."""

import re
from typing import Any

from tests.api.iris.permission_table import Line
from tests.api.iris.world import World
from tests.http import ApiClient


def path_of(world: World, line: Line, context: str, side: str) -> str:
    """Return the path about a side's object, in the case of the context side."""
    pk = world.id_of(side, line.noun) if line.noun else ""
    path = "/" + re.sub(r"\{\w+\}", str(pk), line.path)
    return f"{path}?cid={world.id_of(context, 'case')}" if line.context else path


def body_of(world: World, line: Line, refers_to: str, side: str) -> Any:
    """Return the body about a side's object, with references to objects of another side."""
    return _filled(world, line.body, refers_to, world.id_of(side, line.noun) if line.noun else "")


def send(client: ApiClient, method: str, path: str, body: Any) -> Any:
    """Return the answer; a GET carries no body."""
    return client.get(path) if method == "GET" else client.post(path, body)


def _filled(world: World, value: Any, side: str, pk: Any) -> Any:
    if isinstance(value, dict):
        return {name: _filled(world, item, side, pk) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(world, item, side, pk) for item in value]
    if isinstance(value, str) and value.startswith("$"):
        return pk if value == "$id" else world.id_of(side, value[1:])
    return value
