"""Bodies under every header clients send them with: the table of contract §1.4, row by row."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from soar.api.cloudsoar.mounts import CURRENT
from soar.core.models import User
from tests.api.cloudsoar.answers import assert_shape
from tests.api.cloudsoar.conftest import Ask
from tests.http import bearer, token_of

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.cloudsoar.echo")]
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
LITERAL = "multipart/form-data format"
BARE = "multipart/form-data"
OBJECT = '{"title": "x", "kind": ["A"]}'
READ = {"name": "x", "kind": ["A"]}


@pytest.fixture
def mount() -> str:
    """One of the prefixes: bodies are read before anybody asks which (tests/api/cloudsoar/test_over_http)."""
    return CURRENT


def multipart(values: dict[str, Any]) -> bytes:
    """Return a multipart body."""
    return encode_multipart(BOUNDARY, values)


# --- row 1: JSON


@pytest.mark.parametrize("kind", [JSON, "application/json;charset=UTF-8", "Application/JSON; a=b"])
def test_json_is_read_with_or_without_charset(ask: Ask, kind: str) -> None:
    assert ask("POST", "echo/", OBJECT, kind).json() == READ
    assert ask("POST", "echo/", b"\xef\xbb\xbf" + OBJECT.encode(), kind).json() == READ


@pytest.mark.parametrize(
    "body",
    ["{", "nonsense", '{"a": NaN}', '{"a": 1e999}', "[" * 5000, '{"a": "\x01"}', "'", "\xe9"],
)
def test_what_is_no_json_is_a_400(ask: Ask, body: str) -> None:
    described = assert_shape(ask("POST", "echo/", body, JSON), 400, "Invalid request")
    assert "JSON" in described["description"]


@pytest.mark.parametrize("body", ["title=x", "title=x&number=5", "fields%5Btype%5D=A", "a.b[0]=1"])
def test_a_form_under_the_header_of_json_is_told_what_it_is(ask: Ask, body: str) -> None:
    described = assert_shape(ask("POST", "echo/", body, JSON), 400, "Invalid request")
    assert "looks form-encoded" in described["description"]
    assert "json=" in described["description"]


@pytest.mark.parametrize("body", ["“{”title”:”x”}”", "{“title”: “x”}", "{„title“: 1}"])
def test_curly_quotes_are_told(ask: Ask, body: str) -> None:
    described = assert_shape(ask("POST", "echo/", body, JSON), 400, "Invalid request")
    assert "curly quotes" in described["description"]


def test_curly_quotes_within_a_string_are_text(ask: Ask) -> None:
    assert ask("POST", "echo/", '{"title": "“x”"}', JSON).json() == {"name": "“x”"}


@pytest.mark.parametrize("body", ["[]", '["a"]', '"text"', "5", "null", "true"])
def test_json_that_is_no_object_is_a_400(ask: Ask, body: str) -> None:
    described = assert_shape(ask("POST", "echo/", body, JSON), 400, "Invalid request")
    assert described["description"] == "The body must be an object."


@pytest.mark.parametrize(
    "body", ['{"title": "a\\u0000b"}', '{"a": {"b\\u0000": 1}}', '{"extra": ["\\ud800"]}']
)
def test_what_nobody_can_store_is_a_400(ask: Ask, body: str) -> None:
    assert_shape(ask("POST", "echo/", body, JSON), 400, "Invalid request")


# --- row 2: forms, and JSON under the header of a form


@pytest.mark.parametrize("kind", [FORM, f"{FORM}; charset=utf-8", FORM.upper()])
def test_a_form_is_read(ask: Ask, kind: str) -> None:
    answer = ask("PUT", "echo/", "title=a+b%20%C3%A9&number=7", kind)
    assert answer.json() == {"name": "a b é", "number": 7}


@pytest.mark.parametrize("body", [OBJECT, f"  \n{OBJECT}"])
def test_json_under_the_header_of_a_form_is_json_and_nothing_is_lost(ask: Ask, body: str) -> None:
    assert ask("POST", "echo/", body, FORM).json() == READ


@pytest.mark.parametrize("body", ["{title=x", "[title]=x", '{"title": "x",}', "{“title”: 1}"])
def test_what_starts_like_json_and_is_none_is_refused_not_lost(ask: Ask, body: str) -> None:
    described = assert_shape(ask("POST", "echo/", body, FORM), 400, "Invalid request")
    assert "JSON" in described["description"]


@pytest.mark.parametrize("body", ['<a b="c"/>', '"title": "x"', "a[=1", "a..b=1", "=1", "a b=1"])
def test_what_is_no_form_is_refused_not_lost(ask: Ask, body: str) -> None:
    described = assert_shape(ask("POST", "echo/", body, FORM), 400, "Invalid request")
    assert "The key" in described["description"]


@pytest.mark.parametrize("body", [b"title=%ff", b"title=\xff", b"title=%00", b"%00=x"])
def test_a_form_that_is_not_utf_8_or_cannot_be_stored_is_a_400(ask: Ask, body: bytes) -> None:
    assert_shape(ask("POST", "echo/", body, FORM), 400, "Invalid request")


def test_a_form_of_too_many_fields_is_a_400(ask: Ask) -> None:
    body = "&".join(f"a{number}=1" for number in range(1001))
    described = assert_shape(ask("POST", "echo/", body, FORM), 400, "Invalid request")
    assert "1000 fields" in described["description"]


# --- row 3: multipart


def test_parts_are_read_with_their_files(ask: Ask) -> None:
    file = SimpleUploadedFile("page.png", b"12345", "image/png")
    body = multipart({"title": "x", "kind": ["A", "B"], "attachment": file})
    answer = ask("POST", "echo/", body, MULTIPART_CONTENT)
    assert answer.json() == {"name": "x", "kind": ["A", "B"], "attachment": ["page.png", 5]}


@pytest.mark.parametrize("part", ["data", "payload"])
def test_a_part_with_a_whole_object_is_merged_in_and_what_stands_by_itself_wins(
    ask: Ask, part: str
) -> None:
    body = multipart({part: '{"title": "inner", "number": 5}', "title": "outer"})
    assert ask("POST", "echo/", body, MULTIPART_CONTENT).json() == {"name": "outer", "number": 5}


def test_a_part_the_resource_knows_is_not_merged(ask: Ask) -> None:
    body = multipart({"type": "SIEM", "data": '{"rule": "x", "src": ["a"]}'})
    answer = ask("POST", "alerts/", body, MULTIPART_CONTENT)
    assert answer.json() == {"type": "SIEM", "data": {"rule": "x", "src": ["a"]}}


@pytest.mark.parametrize("data", ["nonsense", "[1]", "{", '"text"', ""])
def test_a_part_that_holds_no_object_changes_nothing(ask: Ask, data: str) -> None:
    body = multipart({"data": data, "title": "x"})
    assert ask("POST", "echo/", body, MULTIPART_CONTENT).json() == {"name": "x"}


def test_a_file_the_resource_does_not_take_is_refused(ask: Ask) -> None:
    for name in ("title", "other"):
        body = multipart({name: SimpleUploadedFile("x.txt", b"1")})
        answer = assert_shape(ask("POST", "echo/", body, MULTIPART_CONTENT), 400, "Invalid request")
        assert set(answer["fields"]) == {name}


@pytest.mark.parametrize(
    "body",
    [b"nonsense", b"--", f"--{BOUNDARY}".encode(), multipart({"title": "x"})[:-20], b"\0" * 9],
)
def test_broken_parts_never_fail(ask: Ask, body: bytes) -> None:
    assert ask("POST", "echo/", body, MULTIPART_CONTENT).status_code in (200, 400)


@pytest.mark.parametrize("charset", ["bz2_codec", "nonsense", "utf-7"])
def test_an_odd_charset_is_no_way_in(ask: Ask, charset: str) -> None:
    kind = f"{MULTIPART_CONTENT}; charset={charset}"
    answer = ask("POST", "echo/", multipart({"title": "x"}), kind)
    assert answer.status_code in (200, 400)


@pytest.mark.parametrize(
    "name", ["../../etc/x", "/etc/x", "..\\..\\x", "C:\\x", "a\0b", "x" * 300, "..", "\r\nX: y"]
)
def test_sec_07_the_name_of_an_upload_is_never_a_path(ask: Ask, name: str) -> None:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="attachment"; filename="'
    body = f'{head}{name}"\r\n\r\n12345\r\n--{BOUNDARY}--\r\n'
    answer = ask("POST", "echo/", body.encode(), MULTIPART_CONTENT)
    assert answer.status_code in (200, 400)
    kept = answer.json().get("attachment", [""])[0]
    assert not set(kept) & set("/\\\r\n\0")
    assert len(kept) <= 255


# --- row 4: multipart without boundary


@pytest.mark.parametrize("kind", [BARE, LITERAL, f"{BARE}; charset=utf-8", f"{BARE}; boundary="])
class TestWithoutBoundary:
    def test_an_empty_body_is_none(self, ask: Ask, kind: str) -> None:
        assert ask("POST", "echo/", "", kind).json() == {}
        assert ask("POST", "echo/", " \n", kind).json() == {}

    def test_json_is_json(self, ask: Ask, kind: str) -> None:
        assert ask("POST", "echo/", OBJECT, kind).json() == READ

    def test_pairs_are_a_form(self, ask: Ask, kind: str) -> None:
        answer = ask("POST", "echo/", "title=x&kind[]=A", kind)
        assert answer.json() == READ

    @pytest.mark.parametrize("body", ["nonsense", "--x\r\nContent-Disposition: a", "<a b='c'/>"])
    def test_anything_else_is_a_400_that_says_why(self, ask: Ask, kind: str, body: str) -> None:
        described = assert_shape(ask("POST", "echo/", body, kind), 400, "Invalid request")
        assert "boundary" in described["description"]


# --- row 5: no body, or no header


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize("kind", [JSON, FORM, MULTIPART_CONTENT, "", "text/xml"])
def test_an_empty_body_is_an_empty_payload(ask: Ask, method: str, kind: str) -> None:
    assert ask(method, "echo/", "", kind).json() == {}


def test_an_empty_payload_is_validated_like_any_other(ask: Ask) -> None:
    answer = assert_shape(ask("POST", "alerts/"), 400, "Invalid request")
    assert set(answer["fields"]) == {"type", "data"}


def test_json_without_a_header_is_json(ask: Ask) -> None:
    assert ask("POST", "echo/", OBJECT).json() == READ


@pytest.mark.parametrize("body", ["title=x", "nonsense", "<x/>"])
def test_another_body_without_a_header_is_refused_not_dropped(ask: Ask, body: str) -> None:
    described = assert_shape(ask("PUT", "echo/", body), 400, "Invalid request")
    assert "Content-Type" in described["description"]


# --- row 6: anything else


@pytest.mark.parametrize(
    "kind",
    [
        "application/xml",
        "text/xml",
        "text/plain",
        "application/octet-stream",
        "x",
        "/",
        "a/b/c",
        ";",
    ],
)
@pytest.mark.parametrize("body", ["<x/>", OBJECT])
def test_other_media_types_are_a_415_that_names_the_good_ones(
    ask: Ask, kind: str, body: str
) -> None:
    if kind == ";":
        assert ask("POST", "echo/", body, kind).status_code in (200, 400, 415)
        return
    described = assert_shape(ask("POST", "echo/", body, kind), 415, "Unsupported media type")
    assert "XML is not read" in described["description"]


# --- sizes


def test_a_body_beyond_the_limit_is_a_413(ask: Ask, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    for kind in (JSON, FORM, MULTIPART_CONTENT, "text/xml"):
        assert_shape(ask("POST", "echo/", "x" * 101, kind), 413, "Payload too large")
    assert ask("POST", "echo/", OBJECT, JSON).status_code == 200


@pytest.mark.parametrize("length", ["99999999999999999999999999", "1" * 5000])
def test_a_length_beyond_all_measure_is_a_413(ask: Ask, length: str) -> None:
    assert_shape(ask("POST", "echo/", "{}", JSON, CONTENT_LENGTH=length), 413, "Payload too large")


def test_a_body_of_unknown_length_is_a_411(ask: Ask) -> None:
    more = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}
    assert_shape(ask("POST", "echo/", OBJECT, JSON, **more), 411, "Length required")


@pytest.mark.parametrize("kind", ["text/xml", JSON, MULTIPART_CONTENT])
def test_the_body_of_a_get_is_not_looked_at(ask: Ask, kind: str) -> None:
    assert ask("GET", "echo/?title=x", "{", kind).json() == {"name": "x"}


def test_the_clients_own_multipart_is_read(analyst: User, mount: str) -> None:
    client = Client(headers=bearer(token_of(analyst)))
    assert client.post(f"{mount}echo", {"title": "x", "kind": "A"}).json() == READ
