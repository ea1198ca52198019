"""Fields of the wire: what they take, how they look, and that wrapped ones always are."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from soar.api.cloudsoar.fields import Html, Integer, Moment, TagList, Text, Wrapped
from soar.api.cloudsoar.urls import route
from soar.api.cloudsoar.views import ANY_TOKEN, CloudSoarViewSet, endpoint
from tests.test_rich_text import HOSTILE, LIVE

AT = dt.datetime(2025, 3, 4, 9, 12, 44, 123456, tzinfo=dt.timezone(dt.timedelta(hours=1)))


class DetailOut(serializers.Serializer[Any]):
    id = Integer()
    status = Wrapped("Status", Text(), source="state.name", id_source="state.pk")
    description = Wrapped("Description", Html(), source="text")
    openingtime = Wrapped("Opening time", Moment(), source="opened_at")
    type = Wrapped("Type", serializers.ListField(child=Text()), source="kinds")


class DetailViewSet(CloudSoarViewSet):
    @endpoint(ANY_TOKEN, summary="Detail", gives=DetailOut)
    def retrieve(self, request: Any) -> None:
        raise NotImplementedError


def detail(**changes: Any) -> Any:
    """Return an object in the shape of a detail."""
    state = SimpleNamespace(name="Identification", pk=41)
    row = {"id": 5, "state": state, "text": "<p>x</p>", "opened_at": AT, "kinds": ["A", "B"]}
    return DetailOut(SimpleNamespace(**row | changes)).data


def test_wrapped_fields_tell_their_label_value_and_id() -> None:
    assert detail() == {
        "id": 5,
        "status": {"name": "Status", "value": "Identification", "id": 41},
        "description": {"name": "Description", "value": "<p>x</p>"},
        "openingtime": {"name": "Opening time", "value": "2025-03-04T08:12:44Z"},
        "type": {"name": "Type", "value": ["A", "B"]},
    }


def test_what_is_unset_is_wrapped_too() -> None:
    shown = detail(state=None, text=None, opened_at=None, kinds=[])
    assert shown["status"] == {"name": "Status", "value": None, "id": None}
    assert shown["openingtime"] == {"name": "Opening time", "value": None}
    assert shown["type"] == {"name": "Type", "value": []}


def test_a_wrapped_field_cannot_be_written() -> None:
    assert DetailOut().run_validation({"id": 1, "status": "x", "type": ["y"]}) == {"id": 1}


def test_the_document_knows_the_wrapper() -> None:
    patterns = [route("detail/", DetailViewSet, get="retrieve")]
    made = SchemaGenerator(patterns=patterns).get_schema(request=None, public=True)
    properties = made["components"]["schemas"]["DetailOut"]["properties"]
    assert properties["status"]["required"] == ["name", "value", "id"]
    assert properties["status"]["properties"]["name"] == {"type": "string", "enum": ["Status"]}
    assert properties["type"]["properties"]["value"]["type"] == "array"


@pytest.mark.parametrize("text", HOSTILE)
def test_sec_01_html_is_inert_when_it_is_shown_and_stored_as_it_came(text: str) -> None:
    field = Html()
    assert field.run_validation(text) == text
    assert not LIVE.search(field.to_representation(text))
    assert not LIVE.search(detail(text=text)["description"]["value"])


@pytest.mark.parametrize(
    ("is_precise", "shown"),
    [(False, "2025-03-04T08:12:44Z"), (True, "2025-03-04T08:12:44.123456Z")],
)
def test_moments_are_shown_in_utc(is_precise: bool, shown: str) -> None:
    assert Moment(is_precise=is_precise).to_representation(AT) == shown


@pytest.mark.parametrize(
    "text", ["2025-03-04T08:12:44Z", "2025-03-04T09:12:44+01:00", "2025-03-04T08:12:44"]
)
def test_moments_are_taken_as_iso_8601(text: str) -> None:
    assert Moment().run_validation(text) == dt.datetime(2025, 3, 4, 8, 12, 44, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "value", ["yesterday", "2025-02-30T00:00:00Z", "09-08-2023 07:15 AM", 5, {}]
)
def test_other_moments_are_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        Moment().run_validation(value)


@pytest.mark.parametrize(
    ("given", "tags"),
    [
        ("🔴,MALICIOUS", ["🔴", "MALICIOUS"]),
        (" a , a,,b ", ["a", "b"]),
        (["a, b", "c"], ["a, b", "c"]),
        ("", []),
        ([], []),
    ],
)
def test_tags_are_a_list_or_a_text_with_commas(given: Any, tags: list[str]) -> None:
    assert TagList().run_validation(given) == tags


@pytest.mark.parametrize(
    "given", [5, {"a": 1}, [{}], [["a"]], ["x" * 201], ",".join(map(str, range(1001)))]
)
def test_other_tags_are_refused(given: Any) -> None:
    with pytest.raises(ValidationError):
        TagList().run_validation(given)


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, "9" * 30, 1.5, True, "x", []])
def test_integers_are_within_64_bits(value: Any) -> None:
    with pytest.raises(ValidationError):
        Integer().run_validation(value)


@pytest.mark.parametrize("value", ["a\0b", "\ud800", [], {}, True])
def test_texts_are_what_can_be_stored(value: Any) -> None:
    with pytest.raises(ValidationError):
        Text().run_validation(value)


def test_texts_are_kept_as_they_are_typed() -> None:
    assert Text().run_validation("  a \n") == "  a \n"
    assert Text().run_validation(5) == "5"
