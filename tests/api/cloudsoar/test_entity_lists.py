"""Lists of entities: what filters and parameters find, and that they cost the same however long."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.models import Case
from cases.services.iocs import add_ioc
from incidents.services.entities import lock_entity, set_verdict, update_entity
from incidents.services.incidents import open_incident
from iocs.models import Ioc
from modules.models import Module
from soar.core.actor import Actor
from soar.core.models import User
from tests.api.cloudsoar.answers import assert_shape
from tests.api.cloudsoar.entity_calls import (
    PATH,
    add_run,
    callable_module,
    client_of,
    found,
    send,
    values,
)
from tests.growing import grow_iocs
from tests.incidents.entity_cast import DOMAIN, put, the

pytestmark = pytest.mark.django_db
RED = "\N{LARGE RED CIRCLE}"
FOUND = {
    "10.0.0.1": ["10.0.0.1", "10.0.0.11"],
    "EVIL": ["evil.example"],
    "value:0.0.1": ["10.0.0.11", "10.0.0.1"],
    'value:"10.0.0.1"': ["10.0.0.1"],
    "value!=evil.example": ["10.0.0.11", "10.0.0.1"],
    "type:ipaddress": ["10.0.0.11", "10.0.0.1"],
    'Type: "ip-any"': ["10.0.0.11", "10.0.0.1"],
    "type:domain": ["evil.example"],
    "tag:lan": ["10.0.0.11", "10.0.0.1"],
    'tag:"red team"': ["10.0.0.1"],
    'tag:"red"': [],
    "tag=red team AND value:10": ["10.0.0.1"],
    "tag!=lan": ["evil.example"],
    "tag:MALICIOUS": ["10.0.0.11"],
    f'Tags: "{RED}"': ["10.0.0.11"],
    "threat:malicious": ["10.0.0.11"],
    "Threat indicator: none": ["evil.example", "10.0.0.1"],
    "favorite:true": ["10.0.0.1"],
    "favorite!=true": ["evil.example", "10.0.0.11"],
    "locked:on": ["evil.example"],
    "locked:off": ["10.0.0.11", "10.0.0.1"],
    "incident:1": ["evil.example", "10.0.0.1"],
    "deleted:true": ["192.0.2.1"],
    "nothing such": [],
}
MEANINGLESS = (
    "type:rumour",
    "threat:evil",
    "locked:perhaps",
    "tag>x",
    "incident<1",
    "favorite>=1",
    "id:x",
)
NARROWED: list[tuple[dict[str, str], list[str]]] = [
    ({"type": "domain"}, ["evil.example"]),
    ({"value": "10.0.0.1"}, ["10.0.0.1"]),
    ({"value": "10.0.0"}, []),
    ({"tag": "lan"}, ["10.0.0.11", "10.0.0.1"]),
    ({"threat": "malicious"}, ["10.0.0.11"]),
    ({"favorite": "true"}, ["10.0.0.1"]),
    ({"locked": "1", "type": "domain"}, ["evil.example"]),
    ({"order_by": "value", "page_size": "1", "page_number": "2"}, ["10.0.0.11"]),
    ({"filter": "evil", "locked": "false"}, []),
]


@pytest.fixture
def client(analyst: User) -> Client:
    """The analyst's client."""
    return client_of(analyst)


@pytest.fixture
def module(db: None) -> Module:
    """A module that analysts may call on indicators in two ways."""
    return callable_module()


@pytest.fixture
def several(as_analyst: Actor, analyst: User) -> Case:
    """Entities of several kinds in case 1 and in a second one, which is returned."""
    second = open_incident(as_analyst, name="Second", description="", customer_id=1).case
    put(as_analyst, 1, "10.0.0.1", tags="lan, red team")
    put(as_analyst, second.pk, "10.0.0.11", tags="lan")
    add_ioc(as_analyst, 1, type_id=DOMAIN, tlp_id=1, value="evil.example", tags="phish")
    set_verdict(as_analyst, the("10.0.0.11").pk, verdict="malicious")
    update_entity(as_analyst, the("10.0.0.1").pk, is_favorite=True)
    lock_entity(as_analyst, Ioc.objects.get(value="evil.example").pk)
    Ioc.objects.filter(value="192.0.2.1").update(deleted_at="2026-01-01T00:00Z")
    return second


def test_a_filter_finds_what_it_says(client: Client, several: Case) -> None:
    assert {text: found(client, text) for text in FOUND} == FOUND


def test_a_filter_that_means_nothing_is_refused(client: Client) -> None:
    for text in MEANINGLESS:
        answer = send(client, "POST", "search/", {"filter": text})
        assert "filter" in assert_shape(answer, 400, "Invalid request")["fields"], text


def test_parameters_narrow_a_list(client: Client, several: Case) -> None:
    for asked, expected in NARROWED:
        assert values(client.get(PATH, asked)) == expected, asked


def test_an_incident_is_given_by_id_or_by_its_own(client: Client, several: Case) -> None:
    for name in (several.pk, several.incident.reference):
        assert values(client.get(PATH, {"incident": name})) == ["10.0.0.11"]


def test_bad_parameters_are_refused(client: Client) -> None:
    for asked in ({"type": "rumour"}, {"threat": "x"}, {"order_by": "tag"}):
        refusal = assert_shape(client.get(PATH, asked), 400, "Invalid request")
        assert set(refusal["fields"]) == set(asked)


def test_lists_take_a_constant_number_of_queries(client: Client, several: Case) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(PATH, {"page_size": 500}).status_code == 200
        return len(asked)

    queries()  # the token notes its first use
    few = queries()
    grow_iocs(several, 200)
    assert queries() == few


def test_an_entity_takes_a_constant_number_of_queries(
    client: Client, as_analyst: Actor, several: Case, module: Module
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"{PATH}{the('10.0.0.1').pk}/").status_code == 200
        return len(asked)

    add_run(module, "10.0.0.1")
    queries()  # the token notes its first use
    few = queries()
    for number in range(5):
        other = open_incident(as_analyst, name=f"More {number}", description="", customer_id=1)
        put(as_analyst, other.pk, "10.0.0.1", tags=f"t{number}")
        add_run(module, "10.0.0.1")
    assert queries() == few
