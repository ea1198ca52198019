"""The OpenAPI document of this door: valid, complete, without a warning, one per mount, and shown."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import OpenAPIV30SpecValidator

from soar.api.cloudsoar.mounts import CURRENT, MOUNTS
from soar.api.cloudsoar.openapi import document
from soar.api.cloudsoar.urls import doors
from soar.core.models import User
from tests.api.cloudsoar.permission_table import TABLE
from tests.http import bearer, token_of

DOCS = "/api/csoar/docs"


@pytest.fixture(params=MOUNTS, ids=["legacy", "current"])
def mount(request: pytest.FixtureRequest) -> str:
    """Each of the two prefixes."""
    return str(request.param)


def operations(mount: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Return method, path and description of every operation."""
    return [
        (method.upper(), path, operation)
        for path, item in document(mount)["paths"].items()
        for method, operation in item.items()
    ]


def bodies(loaded: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and content of every body that is sent as JSON, and of every answer."""
    for path, item in loaded["paths"].items():
        for method, operation in item.items():
            answers = operation["responses"].values()
            for body in [operation.get("requestBody", {}), *answers]:
                if "application/json" in body.get("content", {}):
                    yield method, path, body["content"]["application/json"]


def test_the_document_is_generated_without_warnings_or_errors(mount: str) -> None:
    GENERATOR_STATS.reset()
    document.__wrapped__(mount)
    assert (dict(GENERATOR_STATS._warn_cache), dict(GENERATOR_STATS._error_cache)) == ({}, {})


def test_the_document_is_valid(mount: str) -> None:
    loaded = json.loads(json.dumps(document(mount)))
    assert list(OpenAPIV30SpecValidator(loaded).iter_errors()) == []


def test_the_document_has_every_route_below_its_mount_and_no_other(mount: str) -> None:
    described = [(method, path) for method, path, _ in operations(mount)]
    assert sorted(described) == sorted((line.method, f"{mount}{line.path}") for line in TABLE)
    assert len(described) == sum(len(set(door.callback.actions) - {"head"}) for door in doors)


def test_every_operation_has_a_name_a_summary_and_a_tag_of_its_own(mount: str) -> None:
    names = [operation["operationId"] for _, _, operation in operations(mount)]
    assert len(set(names)) == len(names)
    assert all(operation["summary"] and operation["tags"] for _, _, operation in operations(mount))


def test_every_operation_asks_for_a_token_in_the_ways_of_its_mount(mount: str) -> None:
    ways = [{"api_token": []}, *([{"access_id_and_key": []}] if mount == CURRENT else [])]
    public = {f"{mount}{line.path}" for line in TABLE if line.is_public}
    for _, path, operation in operations(mount):
        assert operation.get("security", []) == ([] if path in public else ways)
    schemes = document(mount)["components"]["securitySchemes"]
    assert [{name: []} for name in schemes] == ways


def test_every_refusal_has_the_shape_of_errors(mount: str) -> None:
    for _, _, operation in operations(mount):
        for code, answer in operation["responses"].items():
            reference = answer.get("content", {}).get("application/json", {}).get("schema", {})
            is_error = reference.get("$ref") == "#/components/schemas/Error"
            assert is_error == (code.startswith("4"))


def test_every_body_and_every_answer_has_an_example_that_fits_its_shape(mount: str) -> None:
    loaded = json.loads(json.dumps(document(mount)))
    for method, path, content in bodies(loaded):
        is_itself = path.endswith("/openapi/") and "$ref" not in content["schema"]
        assert is_itself or content.get("examples"), (method, path)
        # The validator follows references from the root, so the shape is asked for beside the components.
        shape = {**content["schema"], "components": loaded["components"]}
        for example in content.get("examples", {}).values():
            problems = [one.message for one in OAS30Validator(shape).iter_errors(example["value"])]
            assert problems == [], (method, path)


def test_the_document_says_that_and_why_xml_is_not_read(mount: str) -> None:
    assert "XML is not accepted" in document(mount)["info"]["description"]


def test_the_document_is_served_to_callers_with_a_token(analyst: User, mount: str) -> None:
    answer = Client().get(f"{mount}openapi", headers=bearer(token_of(analyst)))
    assert answer.json() == json.loads(json.dumps(document(mount)))


@pytest.mark.parametrize(
    "path",
    [
        "/incmansuite_ng/lib/gui/app.php",
        "/incmansuite_ng/lib/gui/app.php?x=1",
    ],
)
def test_the_address_of_the_vendors_documentation_leads_to_ours(db: None, path: str) -> None:
    answer = Client().get(path)
    assert (answer.status_code, answer["Location"]) == (302, DOCS)


def test_the_document_is_shown_by_its_user_interface(db: None) -> None:
    page = Client().get(DOCS).content.decode()
    assert "swagger-ui-bundle.js" in page
    assert "/api/csoar/schema" in Client().get(f"{DOCS}?script=").content.decode()
    shown = Client().get("/api/csoar/schema")
    assert shown.json()["info"]["title"] == "Watchfloor: Cloud SOAR API v3"


def test_the_page_of_the_document_is_only_read(db: None) -> None:
    assert Client(raise_request_exception=False).post(DOCS).status_code == 405


@pytest.mark.parametrize("name", ["swagger-ui-bundle.js", "swagger-ui.css"])
def test_the_user_interface_comes_from_this_server(db: None, name: str) -> None:
    page = Client().get(DOCS).content.decode()
    addresses = [part for part in page.split('"') if part.endswith(name)]
    assert addresses
    assert all(address.startswith("/static/") for address in addresses)
