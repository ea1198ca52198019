"""Both mounts, slashes, answers that are JSON whatever is asked, and the shape of every error."""

from typing import Any

import pytest
from django.test import Client

from soar.core.models import User
from tests.api.cloudsoar.answers import assert_shape, assert_unauthorised
from tests.api.cloudsoar.conftest import Ask
from tests.http import bearer, token_of

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.cloudsoar.echo")]
JSON = "application/json"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize("path", ["echo", "echo/", "/echo", "echo//"])
def test_a_slash_at_the_end_is_optional_and_never_redirected(
    ask: Ask, method: str, path: str
) -> None:
    answer = ask(method, path, '{"title": "x"}', JSON)
    assert (answer.status_code, answer.json()) == (200, {"name": "x"})


def test_a_query_stays_with_a_path_without_slash(ask: Ask) -> None:
    assert ask("GET", "echo?title=x").json() == ask("GET", "echo/?title=x").json() == {"name": "x"}


@pytest.mark.parametrize(
    "accept",
    [
        "application/json;charset=UTF-8",
        "application/x-www-form-urlencoded",
        "text/html",
        "application/xml",
        "nonsense",
        "*/*;q=0",
        "",
    ],
)
@pytest.mark.parametrize("path", ["whoami/", "no/such/endpoint"])
def test_the_answer_is_json_whatever_is_accepted(ask: Ask, accept: str, path: str) -> None:
    answer = ask("GET", path, HTTP_ACCEPT=accept)
    assert answer["Content-Type"] == JSON
    assert answer.status_code == (200 if path == "whoami/" else 404)


@pytest.mark.parametrize("wanted", ["json", "xml", "api", "html"])
def test_a_query_named_format_changes_nothing(ask: Ask, wanted: str) -> None:
    answer = ask("GET", f"whoami/?format={wanted}")
    assert (answer.status_code, answer["Content-Type"]) == (200, JSON)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "path", ["", "no", "no/such/endpoint/", "whoami/more/", "%00", "%ff/%0a", "a" * 2000, "../x"]
)
def test_an_unknown_endpoint_is_answered_in_the_shape(ask: Ask, method: str, path: str) -> None:
    assert_shape(ask(method, path), 404, "Not found")


@pytest.mark.parametrize(
    "path",
    [
        "/incmansuite_ng",
        "/incmansuite_ng/",
        "/incmansuite_ng/api/v2/incidents/5",
        "/incmansuite_ng/api/v2/",
        "/incmansuite_ng/api/v3",
        "/incmansuite_ng/lib/gui/other.php",
        "/api/csoar/v2/incidents/",
        "/api/csoar/v3",
        "/api/csoar/",
    ],
)
@pytest.mark.parametrize("method", ["get", "post", "put"])
def test_what_stands_beside_the_mounts_is_answered_in_the_shape(
    analyst: User, path: str, method: str
) -> None:
    for headers in ({}, bearer(token_of(analyst))):
        assert_shape(getattr(Client(), method)(path, headers=headers), 404, "Not found")


def test_the_iris_door_keeps_its_own_words(analyst: User) -> None:
    answer = Client().get("/no/such/address", headers=bearer(token_of(analyst)))
    assert answer.json() == {"status": "error", "message": "Resource not found", "data": []}


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]
)
def test_a_method_that_is_not_served_is_405_and_names_those_that_are(ask: Ask, method: str) -> None:
    answer = ask(method, "whoami/", "{}", JSON)
    assert_shape(answer, 405, "Method not allowed")
    assert answer["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS"])
def test_without_a_token_no_method_is_told(mount: str, method: str, db: None) -> None:
    assert_unauthorised(Client().generic(method, f"{mount}whoami/"))


def test_a_head_is_a_get_without_a_body(ask: Ask) -> None:
    answer = ask("HEAD", "whoami/")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    ("kind", "code", "body"),
    [
        ("forbidden", 403, {"error": "Forbidden"}),
        ("missing", 404, {"error": "Not found"}),
        ("conflict", 409, {"error": "Conflict", "description": "The task is closed"}),
        (
            "explained",
            409,
            {
                "error": "Already converted",
                "description": "Event 640 was converted. See 8510.",
            },
        ),
        (
            "invalid",
            400,
            {
                "error": "Invalid request",
                "description": "A closing note is required.",
                "fields": {"name": ["This field is required."]},
            },
        ),
        ("field", 400, {"error": "Invalid request", "description": "name: Too odd."}),
    ],
)
def test_every_refusal_of_the_domain_has_its_answer(
    ask: Ask, kind: str, code: int, body: dict[str, Any]
) -> None:
    answer = assert_shape(ask("GET", f"fail/{kind}/"), code, body["error"])
    assert body.items() <= answer.items()


def test_a_missing_and_a_hidden_object_and_endpoint_are_answered_alike(ask: Ask) -> None:
    assert ask("GET", "fail/missing/").content == ask("GET", "no/such/endpoint/").content


def test_a_defect_is_a_500_in_the_shape_that_tells_nothing(ask: Ask) -> None:
    answer = ask("GET", "fail/defect/")
    assert "secret" not in str(assert_shape(answer, 500, "Internal error"))
    assert answer["X-Request-ID"]


def test_a_permission_is_asked_for_before_the_body_is_read(ask: Ask) -> None:
    assert_shape(ask("POST", "secret/", "{", JSON), 403, "Forbidden")
    assert_shape(ask("POST", "secret/", "<x/>", "text/xml"), 403, "Forbidden")


def test_sec_11_a_route_without_declaration_is_refused(ask: Ask, mount: str) -> None:
    answer = ask("GET", "undeclared/")
    assert_shape(answer, 403, "Forbidden")
    assert b"leak" not in answer.content
    assert_unauthorised(Client().get(f"{mount}undeclared/"))


def test_an_answer_without_content_has_none(administrator: User, mount: str) -> None:
    answer = Client().get(f"{mount}secret/", headers=bearer(token_of(administrator)))
    assert (answer.status_code, answer.content) == (204, b"")


def test_the_door_sets_no_cookie_and_has_the_policy_of_apis(ask: Ask) -> None:
    answer = ask("GET", "whoami/")
    assert not answer.cookies
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("default-src 'none'")


def test_more_fields_than_anybody_needs_are_a_400_in_the_shape(ask: Ask) -> None:
    assert_shape(ask("GET", f"echo/?{'a=1&' * 2000}"), 400, "Invalid request")
