"""The OpenAPI document of the IRIS door: valid, without a warning, and complete for v1.0.2."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from openapi_spec_validator import OpenAPIV30SpecValidator

from soar.api.iris.urls import doors
from tests.api.iris.permission_table import shape_of

OPERATIONS = json.loads((Path(__file__).parent / "operations.json").read_text("utf-8"))
ACCEPTED = [
    pytest.param(operation, method.lower(), id=f"{method} {operation['path']}")
    for operation in OPERATIONS
    for method in operation["accepts"]
]
JSON = "application/json"


@pytest.fixture(scope="module")
def document() -> Any:
    """The document as generated."""
    return SchemaGenerator(patterns=doors).get_schema(request=None, public=True)


@pytest.fixture(scope="module")
def paths(document: Any) -> dict[str, Any]:
    """Its operations by shape of path, whatever a path's parameters are called."""
    return {shape_of(path): item for path, item in document["paths"].items()}


def resolved(document: Any, schema: Any) -> Any:
    """Return the schema that a reference stands for."""
    name = schema.get("$ref", "").rpartition("/")[2]
    return document["components"]["schemas"][name] if name else schema


def test_the_document_is_generated_without_warnings_or_errors() -> None:
    GENERATOR_STATS.reset()
    SchemaGenerator(patterns=doors).get_schema(request=None, public=True)
    assert (dict(GENERATOR_STATS._warn_cache), dict(GENERATOR_STATS._error_cache)) == ({}, {})


def test_the_document_is_valid(document: Any) -> None:
    assert list(OpenAPIV30SpecValidator(json.loads(json.dumps(document))).iter_errors()) == []


def test_the_reference_has_77_operations() -> None:
    assert len(OPERATIONS) == len({operation["path"] for operation in OPERATIONS}) == 77


@pytest.mark.parametrize(("operation", "method"), ACCEPTED)
def test_every_operation_answers_in_the_envelope(
    document: Any, paths: dict[str, Any], operation: Any, method: str
) -> None:
    answers = paths[shape_of(operation["path"])][method]["responses"]
    for status, kind in (("200", "success"), ("400", "error"), ("401", "error"), ("403", "error")):
        envelope = resolved(document, answers[status]["content"][JSON]["schema"])
        assert (
            set(envelope["properties"])
            == set(envelope["required"])
            == {"status", "message", "data"}
        )
        assert resolved(document, envelope["properties"]["status"])["enum"] == [kind]


@pytest.mark.parametrize(("operation", "method"), ACCEPTED)
def test_every_operation_names_the_members_of_its_data(
    document: Any, paths: dict[str, Any], operation: Any, method: str
) -> None:
    answer = paths[shape_of(operation["path"])][method]["responses"]["200"]
    envelope = resolved(document, answer["content"][JSON]["schema"])
    data = resolved(document, envelope["properties"]["data"])
    shape = resolved(document, data["items"]) if data.get("type") == "array" else data
    assert set(operation["keys"]) <= set(shape.get("properties", {}))


@pytest.mark.parametrize(("operation", "method"), ACCEPTED)
def test_every_operation_takes_its_required_members(
    document: Any, paths: dict[str, Any], operation: Any, method: str
) -> None:
    if method == "post" and operation["required"]:
        request = paths[shape_of(operation["path"])][method]["requestBody"]
        shape = resolved(document, request["content"][JSON]["schema"])
        assert set(operation["required"]) <= set(shape["properties"])
    assert "{" not in operation["path"] or parameters_in_path(paths, operation, method)


def parameters_in_path(paths: dict[str, Any], operation: Any, method: str) -> list[Any]:
    """Return the parameters an operation takes in its path."""
    parameters = paths[shape_of(operation["path"])][method]["parameters"]
    return [parameter for parameter in parameters if parameter["in"] == "path"]


def test_every_operation_has_a_name_of_its_own(document: Any) -> None:
    names = [
        operation["operationId"]
        for item in document["paths"].values()
        for operation in item.values()
    ]
    served = [set(door.callback.actions) - {"head"} for door in doors]
    assert len(names) == len(set(names)) == sum(len(methods) for methods in served)


def test_every_operation_asks_for_the_key(document: Any) -> None:
    operations = [item for path in document["paths"].values() for item in path.values()]
    assert all(operation["security"] == [{"iris_api_key": []}] for operation in operations)


def test_the_document_is_served(db: None) -> None:
    answer = Client().get("/api/iris/schema", headers={"accept": JSON})
    assert answer.status_code == 200
    assert answer.json()["info"]["title"] == "Watchfloor: DFIR-IRIS API"
    assert "/case/ioc/add" in answer.json()["paths"]


def test_the_document_is_shown_by_its_user_interface(db: None) -> None:
    answer = Client().get("/api/iris/docs")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "swagger-ui-bundle.js" in page
    assert "/api/iris/schema" in Client().get("/api/iris/docs?script=").content.decode()


@pytest.mark.parametrize("name", ["swagger-ui-bundle.js", "swagger-ui.css"])
def test_the_user_interface_comes_from_this_server(db: None, name: str) -> None:
    page = Client().get("/api/iris/docs").content.decode()
    addresses = [part for part in page.split('"') if part.endswith(name)]
    assert addresses
    assert all(address.startswith("/static/") for address in addresses)
