"""SEC-10: what the server owns cannot be set from outside, whatever a body carries."""

from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from soar.api.iris.urls import doors
from tests.api.iris.calls import body_of, path_of
from tests.api.iris.permission_table import TABLE, Line, shape_of
from tests.api.iris.world import World
from tests.database import undone
from tests.security.dump import column_names, text_of_database, true_values

pytestmark = pytest.mark.django_db
WRITES = [line for line in TABLE if "POST" in line.methods]
NUMBER, TEXT, MOMENT = 666_000_666, "planted-by-test", "1999-09-09T09:09:09.000000"
UUID = "66600066-6000-4666-8000-666000666000"
# What the values look like in a row, a date and a moment in two ways.
SIGNS = (str(NUMBER), TEXT, "1999-09-09", "(1999, 9", UUID)
BESIDES = {
    "is_admin",
    "permissions",
    "case_owner",
    "tenant",
    "file_path",
    "role",
    "roles",
    "active",
}


@pytest.fixture(scope="module")
def schema() -> Any:
    """The OpenAPI document of the door."""
    return SchemaGenerator(patterns=doors).get_schema(request=None, public=True)


def server_owned(schema: Any, line: Line) -> set[str]:
    """Return every name a row or an answer has that the route does not take."""
    components = schema["components"]["schemas"]
    names = {name for part in components.values() for name in part.get("properties", {})}
    takes = {"cid", "_schema"}
    for path, item in schema["paths"].items():
        if shape_of(path.lstrip("/")) == shape_of(line.path) and "post" in item:
            content = item["post"].get("requestBody", {}).get("content", {})
            for reference in content.values():
                name = reference["schema"].get("$ref", "").rpartition("/")[2]
                takes |= set(components.get(name, {}).get("properties", {}))
    return (names | column_names() | BESIDES) - takes


def post(world: World, schema: Any, line: Line, planted: Any) -> int:
    """Send the route its body with the same value in every name the server owns; return the status."""
    body = body_of(world, line, "here", "here")
    hostile = dict.fromkeys(sorted(server_owned(schema, line)), planted) | body
    path = path_of(world, line, "here", "here")
    return world.callers["administrator"].client.post(path, hostile).status_code


@pytest.mark.parametrize("planted", [NUMBER, TEXT, MOMENT, UUID])
@pytest.mark.parametrize("line", WRITES, ids=lambda line: line.path)
def test_sec_10_a_planted_value_reaches_no_row(
    world: World, schema: Any, line: Line, planted: Any
) -> None:
    with undone():
        status = post(world, schema, line, planted)
        text = text_of_database()
    assert status == 200
    assert not any(sign in text for sign in SIGNS)


@pytest.mark.parametrize("line", WRITES, ids=lambda line: line.path)
def test_sec_10_a_planted_true_sets_no_flag(world: World, schema: Any, line: Line) -> None:
    with undone():
        path = path_of(world, line, "here", "here")
        client = world.callers["administrator"].client
        client.post(path, body_of(world, line, "here", "here"))
        expected = true_values()
    with undone():
        status = post(world, schema, line, planted=True)
        flags = true_values()
    assert (status, flags) == (200, expected)


@pytest.mark.parametrize("planted", [TEXT, MOMENT, UUID, str(NUMBER)])
def test_sec_10_the_check_finds_what_a_client_may_write(world: World, planted: str) -> None:
    line = next(line for line in WRITES if line.path == "case/ioc/add")
    body = body_of(world, line, "here", "here") | {"ioc_description": planted}
    with undone():
        world.callers["administrator"].client.post(path_of(world, line, "here", "here"), body)
        text = text_of_database()
    assert any(sign in text for sign in SIGNS)


def test_sec_10_every_route_is_sent_what_the_server_owns(schema: Any) -> None:
    owned = {"id", "uuid", "user_id", "case_id", "history", "is_superuser", "is_staff", "key_hash"}
    assert all(owned <= server_owned(schema, line) for line in WRITES)
