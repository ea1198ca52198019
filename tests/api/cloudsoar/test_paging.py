"""Pages: sizes, totals in headers, links to the neighbours, and lists that cost the same however long."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.services.incidents import open_incident
from soar.core.actor import Actor
from soar.core.models import User
from tests.api.cloudsoar.answers import assert_shape
from tests.http import bearer, token_of

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.cloudsoar.echo")]
PATH = "/api/csoar/v3/cases/"


@pytest.fixture
def client(administrator: User, as_administrator: Actor) -> Client:
    """The administrator's client, with five incidents to list."""
    for number in range(4):
        name = f"Incident & {number}"
        open_incident(as_administrator, name=name, description="", customer_id=1)
    return Client(headers=bearer(token_of(administrator)))


def names(answer: Any) -> list[str]:
    """Return the names of the incidents of an answer."""
    assert answer.status_code == 200, answer.content
    return [
        row["name"].removeprefix("#").partition(" - ")[2] or row["name"] for row in answer.json()
    ]


def test_a_list_is_a_bare_array_with_its_totals_in_headers(client: Client) -> None:
    answer = client.get(PATH)
    assert [row["id"] for row in answer.json()] == sorted(row["id"] for row in answer.json())
    assert len(answer.json()) == 5
    told = [answer[f"X-{name}"] for name in ("Total-Count", "Page-Number", "Page-Size")]
    assert told == ["5", "1", "50"]
    assert "Link" not in answer


def test_pages_follow_each_other_without_gap_or_overlap(client: Client) -> None:
    pages = [client.get(PATH, {"page_number": n, "page_size": 2}).json() for n in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert [row for page in pages for row in page] == client.get(PATH).json()


def test_links_lead_to_the_neighbours_and_keep_the_question(client: Client) -> None:
    asked = {"page_number": 2, "page_size": 1, "filter": "Incident &", "order_by": "-name"}
    answer = client.get(PATH, asked)
    assert names(answer) == ["Incident & 2"]
    links = dict(reversed(link.split("; ")) for link in answer["Link"].split(", "))
    assert set(links) == {'rel="next"', 'rel="prev"'}
    assert links['rel="next"'].startswith(f"<{PATH}?page_number=3&")
    assert names(client.get(links['rel="next"'].strip("<>"))) == ["Incident & 1"]
    assert names(client.get(links['rel="prev"'].strip("<>"))) == ["Incident & 3"]


def test_the_ends_have_one_neighbour_and_beyond_them_is_nothing(client: Client) -> None:
    first, last, beyond = (
        client.get(PATH, {"page_number": number, "page_size": 3}) for number in (1, 2, 10**9)
    )
    assert ["next" in first["Link"], "prev" in first["Link"]] == [True, False]
    assert ["next" in last["Link"], "prev" in last["Link"]] == [False, True]
    assert (beyond.json(), beyond["X-Total-Count"], "Link" in beyond) == ([], "5", False)


def test_a_search_takes_the_same_in_its_body_and_links_nowhere(client: Client) -> None:
    body = {
        "page_size": 2,
        "page_number": 2,
        "filter": "Incident name: Incident",
        "order_by": "name",
    }
    answer = client.post(PATH, body, content_type="application/json")
    assert names(answer) == ["Incident & 2", "Incident & 3"]
    assert (answer["X-Total-Count"], "Link" in answer) == ("4", False)


@pytest.mark.parametrize(
    "asked",
    [
        {"page_number": 0},
        {"page_number": -1},
        {"page_number": 10**9 + 1},
        {"page_number": "x"},
        {"page_number": "9" * 2000},
        {"page_size": 0},
        {"page_size": 501},
        {"page_size": "1.5"},
        {"order_by": "password"},
        {"order_by": "x" * 101},
        {"filter": "opening time: never"},
        {"filter": "a\0"},
        {"filter": "x" * 10_001},
    ],
)
def test_what_makes_no_page_is_refused(client: Client, asked: dict[str, Any]) -> None:
    body = assert_shape(client.get(PATH, asked), 400, "Invalid request")
    assert set(body["fields"]) <= {*asked, "body"}


def test_an_empty_parameter_is_like_none(client: Client) -> None:
    asked = {"filter": "", "order_by": ""}
    assert client.get(PATH, asked).json() == client.get(PATH).json()


def test_only_what_the_caller_may_see_is_counted(client: Client, outsider: User) -> None:
    answer = Client(headers=bearer(token_of(outsider))).get(PATH)
    assert (answer.json(), answer["X-Total-Count"]) == ([], "0")


def test_a_page_costs_the_same_however_many_there_are(
    client: Client, as_administrator: Actor
) -> None:
    client.get(PATH)
    few = queries_of(client)
    for number in range(20):
        open_incident(as_administrator, name=f"More {number}", description="", customer_id=1)
    assert queries_of(client) == few == 3


def queries_of(client: Client) -> int:
    """Return the queries of a page: the caller, the rows, how many there are."""
    with CaptureQueriesContext(connection) as queries:
        client.get(PATH, {"filter": "Incident", "page_size": 500})
    return len(queries)
