"""Whatever comes in, the answer is an envelope, never a 5xx, and a refusal leaves nothing behind."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from drf_spectacular.generators import SchemaGenerator

from soar.api.iris.urls import doors
from tests.api.iris.bad_values import BODIES, CONTENT_TYPES, IDS, NO_IDS, TEXTS, VALUES
from tests.api.iris.calls import body_of, path_of
from tests.api.iris.permission_table import TABLE, Line, shape_of
from tests.api.iris.world import World
from tests.database import undone
from tests.http import ApiClient

pytestmark = pytest.mark.django_db
OK, BAD = 200, 400
WRITES = [line for line in TABLE if "POST" in line.methods]
NAMED = ("{login}", "{run}", "{parameter}")
NUMBERED = [line for line in TABLE if "{" in line.path and not line.path.endswith(NAMED)]
JSON = "application/json"
# What the contract refuses in other words than by naming the field (iris-modules §2.5).
TOLD_OTHERWISE = {
    ("dim/hooks/call", "type"),
    ("dim/hooks/call", "module_name"),
    ("dim/hooks/call", "hook_ui_name"),
    ("manage/modules/add", "module_name"),
}
REDUCED = {"event_color"}  # a colour IRIS does not know is none (contract §2.1)


def _fields() -> Iterator[tuple[Line, str, bool]]:
    document = SchemaGenerator(patterns=doors).get_schema(request=None, public=True)
    paths = {shape_of(path[1:]): item for path, item in document["paths"].items()}
    for line in WRITES:
        content = paths[shape_of(line.path)]["post"].get("requestBody", {}).get("content", {})
        reference = content.get("application/json", {}).get("schema", {}).get("$ref", "")
        shape = document["components"]["schemas"].get(reference.rpartition("/")[2], {})
        for name, field in shape.get("properties", {}).items():
            yield line, name, field.get("type") == "string"


def _named(fields: list[tuple[Line, str]]) -> list[Any]:
    return [pytest.param(line, name, id=f"{line.path} {name}") for line, name in fields]


_ALL = [*_fields()]
FIELDS = _named([(line, name) for line, name, _ in _ALL])
TEXT_FIELDS = _named([(line, name) for line, name, is_text in _ALL if is_text])


@pytest.fixture
def client(world: World) -> ApiClient:
    """The client of an administrator, whom no permission keeps from the code behind."""
    return world.callers["administrator"].client


def counts() -> list[tuple[str, int]]:
    """Return how many rows each table has, in one query."""
    tables = [model._meta.db_table for model in apps.get_models() if model._meta.managed]
    parts = [f"SELECT '{table}', count(*) FROM {table}" for table in tables]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return sorted(cursor.fetchall())


@pytest.fixture(scope="module")
def rows(world: World) -> list[tuple[str, int]]:
    """How many rows each table has before a test."""
    return counts()


def enveloped(answer: Any) -> Any:
    """Return the envelope of an answer that is a success or a clean refusal."""
    assert answer.status_code in (OK, BAD), answer.content[:300]
    body = answer.json()
    assert set(body) == {"status", "message", "data"}
    assert body["status"] == ("success" if answer.status_code == OK else "error")
    return body


def post_raw(client: ApiClient, path: str, body: bytes, content_type: str) -> Any:
    """Return the answer to a POST of bytes."""
    return client.client.generic("POST", path, body, content_type, headers=client.headers)


@pytest.fixture
def kept_if_refused(rows: Any) -> Iterator[Callable[[Callable[[], Any]], Any]]:
    """Return the envelope of a call and undo it only when served: refusals must have written nothing."""

    def attempt(call: Callable[[], Any]) -> Any:
        with transaction.atomic():
            envelope = enveloped(call())
            transaction.set_rollback(envelope["status"] == "success")
        return envelope

    yield attempt
    assert counts() == rows


@pytest.fixture
def tried(world: World, client: ApiClient, kept_if_refused: Any) -> Callable[[Line, str, Any], Any]:
    """Send a line's body with one changed value and return the envelope."""

    def attempt(line: Line, name: str, value: Any) -> Any:
        path, body = path_of(world, line, "here", "here"), body_of(world, line, "here", "here")
        return kept_if_refused(lambda: client.post(path, body | {name: value}))

    return attempt


@pytest.mark.parametrize(("line", "name"), TEXT_FIELDS)
def test_a_text_comes_back_unchanged_or_is_refused_by_name(
    tried: Callable[[Line, str, Any], Any], line: Line, name: str
) -> None:
    for kind, text in TEXTS.items():
        envelope = tried(line, name, text)
        if envelope["status"] == "error":
            is_told = name in envelope["data"] or (line.path, name) in TOLD_OTHERWISE
            assert is_told, kind
        elif isinstance(envelope["data"], dict) and name in envelope["data"]:
            shown = envelope["data"][name]
            assert shown.endswith(text) or (name in REDUCED and shown == ""), kind


@pytest.mark.parametrize(("line", "name"), TEXT_FIELDS)
def test_a_text_no_database_can_store_is_refused_by_name(
    tried: Callable[[Line, str, Any], Any], line: Line, name: str
) -> None:
    for kind in ("NUL", "lone surrogate"):
        assert name in tried(line, name, TEXTS[kind])["data"]


@pytest.mark.parametrize(("line", "name"), FIELDS)
def test_a_value_of_a_wrong_type_is_taken_or_refused_cleanly(
    tried: Callable[[Line, str, Any], Any], line: Line, name: str
) -> None:
    for value in VALUES:
        envelope = tried(line, name, value)
        assert envelope["status"] == "success" or envelope["message"], value


@pytest.mark.parametrize("line", WRITES, ids=lambda line: line.path)
def test_a_body_that_is_no_object_is_refused_or_not_read(
    world: World, client: ApiClient, kept_if_refused: Any, line: Line
) -> None:
    path = path_of(world, line, "here", "here")
    for kind, body in BODIES.items():
        envelope = kept_if_refused(lambda body=body: post_raw(client, path, body, JSON))
        assert envelope["message"] or envelope["status"] == "success", kind


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
@pytest.mark.parametrize("path", ["/case/ioc/add", "/manage/cases/add", "/case/notes/search"])
def test_a_body_of_another_type_is_refused_cleanly(
    client: ApiClient, world: World, path: str, content_type: str
) -> None:
    for body in BODIES.values():
        answer = post_raw(client, f"{path}?cid={world.here['case']}", body, content_type)
        assert enveloped(answer)["message"] == "Data error"


@pytest.mark.parametrize("body", ["array", "string", "number", "null", "true"])
def test_a_body_that_is_no_object_is_a_data_error(
    client: ApiClient, world: World, body: str
) -> None:
    path = f"/case/ioc/add?cid={world.here['case']}"
    envelope = enveloped(post_raw(client, path, BODIES[body], JSON))
    assert envelope["message"] == "Data error"


def test_of_duplicate_keys_the_last_counts_everywhere(client: ApiClient, world: World) -> None:
    body = '{"ioc_value": "first", "ioc_value": "last", "ioc_type_id": 1, "ioc_tlp_id": 1}'
    path = f"/case/ioc/add?cid={world.here['case']}"
    with undone():
        envelope = enveloped(post_raw(client, path, body.encode(), JSON))
    assert envelope["data"]["ioc_value"] == "last"


@pytest.mark.parametrize("line", NUMBERED, ids=lambda line: line.path)
def test_an_id_out_of_range_is_unknown(world: World, client: ApiClient, line: Line) -> None:
    for number in IDS:
        with undone():
            path = f"/{line.path[: line.path.index('{')]}{number}?cid={world.here['case']}"
            method = line.methods.split()[-1]
            answer = client.send(method.lower(), path, body_of(world, line, "here", "here"))
            assert enveloped(answer)["status"] == "error" or line.finds_nothing, number


@pytest.mark.parametrize("line", NUMBERED, ids=lambda line: line.path)
def test_what_is_no_number_matches_no_address(client: ApiClient, line: Line) -> None:
    for text in NO_IDS:
        answer = client.get(f"/{line.path[: line.path.index('{')]}{text}")
        assert answer.status_code == 404, text
        assert answer.json() == {"status": "error", "message": "Resource not found", "data": []}


@pytest.mark.parametrize("cid", [*IDS, *NO_IDS, "", "1&cid=2", "\x00", "1;2"])
def test_a_case_id_of_nonsense_is_refused_or_means_the_initial_case(
    client: ApiClient, cid: str
) -> None:
    answer = client.client.get(f"/case/timeline/state?cid={cid}", headers=client.headers)
    assert answer.status_code in (200, 403)
    assert set(answer.json()) == {"status", "message", "data"}


# A parameter's address is base64, in which a slash is a letter.
@pytest.mark.parametrize("line", [n for n in TABLE if n.noun != "parameter"], ids=lambda n: n.path)
def test_a_trailing_slash_is_another_address(world: World, client: ApiClient, line: Line) -> None:
    path = path_of(world, line, "here", "here").partition("?")[0]
    answer = client.get(f"{path}/")
    assert answer.status_code == 404
    assert answer.json() == {"status": "error", "message": "Resource not found", "data": []}


@pytest.mark.parametrize("line", TABLE, ids=lambda line: line.path)
def test_double_slashes_are_one(world: World, client: ApiClient, line: Line) -> None:
    path = "http://testserver" + path_of(world, line, "here", "here").replace("/", "//")
    method = line.methods.split()[-1].lower()
    with undone():
        body = body_of(world, line, "here", "here")
        answer = client.send(method, path, body) if method == "post" else client.get(path)
        assert answer.status_code == OK


@pytest.mark.parametrize("line", TABLE, ids=lambda line: line.path)
def test_a_wrong_method_is_answered_405_with_the_right_ones(
    world: World, client: ApiClient, line: Line
) -> None:
    path = path_of(world, line, "here", "here")
    wrong = {"get", "post", "put", "patch", "delete", "trace"} - set(line.methods.lower().split())
    for method in sorted(wrong):
        answer = getattr(client.client, method)(path, headers=client.headers)
        assert answer.status_code == 405, method
        assert answer.json() == {"status": "error", "message": "Method not allowed", "data": []}
        assert set(line.methods.split()) <= set(answer["Allow"].split(", "))


@pytest.mark.parametrize(
    "path", ["/nothing", "/case", "/case/ioc", "/manage/cases", "/api/v2/cases"]
)
@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_an_unknown_address_is_answered_in_the_envelope(
    client: ApiClient, path: str, method: str
) -> None:
    answer = getattr(client.client, method)(path, headers=client.headers)
    assert answer.status_code == 404
    assert answer.json() == {"status": "error", "message": "Resource not found", "data": []}
