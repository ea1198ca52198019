"""What is read as bare columns says exactly what the declared serializers say of the objects."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.models import Case
from incidents.models import CustomField
from incidents.selectors import get_incident, in_words, visible_entities_of, visible_incidents
from incidents.services import entity_facts
from incidents.services.entity_facts import detail_of, facts_of, find_detail
from incidents.war_room import visible_steps
from iocs.models import Ioc
from soar.api.base import represent
from soar.api.cloudsoar.entity_shapes import EntityRowOut, entity_row
from soar.api.cloudsoar.incident_entities import IncidentEntityOut
from soar.api.cloudsoar.incident_shapes import (
    LABELS,
    FlatIncidentOut,
    IncidentOut,
    IncidentRowOut,
    owner_name,
)
from soar.api.cloudsoar.service import TokenOut, UserOut
from soar.api.cloudsoar.timeline import StepOut, shown
from soar.core.actor import Actor
from soar.core.models import User
from soar.core.rich_text import html_of, sanitised_html
from tests.api.cloudsoar.asking import Asking
from tests.api.cloudsoar.permission_table import MAKERS

pytestmark = pytest.mark.django_db
SOME = 3


@pytest.fixture
def ask(administrator: User) -> Asking:
    """The administrator asking."""
    return Asking(administrator)


@pytest.fixture(scope="module")
def filled(for_module: Actor) -> Case:
    """A case with some of everything, of two types and with a body."""
    case = Case.objects.get(pk=1)
    for make in MAKERS.values():
        for _ in range(SOME):
            make(for_module, case.pk)
    fields = {"type": ["Phishing", "Malware"], "tags": ["a", "b"], "purpose": None}
    fields |= {"additional_info": "<p>Body <i>x</i></p>", "starttime": "2025-03-04T08:55:00.5Z"}
    Asking(User.objects.get(pk=for_module.user_id))("PUT", f"incidents/{case.pk}/", fields)
    return case


def values_of(incident: Any) -> dict[str, Any]:
    """Return the fields of an incident, read as an object in words, by the names they have here."""
    case, types = incident.case, [link.value for link in incident.type_links.all()]
    return {
        "id": incident.pk,
        "incidentid": incident.reference,
        "type": [one.label for one in types],
        "type_id": [one.pk for one in types],
        "status": incident.status_label,
        "status_id": incident.status_id,
        "restriction": incident.restriction_label,
        "restriction_id": incident.restriction_id,
        **chosen_of(incident),
        "description": "" if case.name == incident.reference else case.name,
        "additional_info": case.description_html or html_of(case.description),
        "owner": owner_name(case),
        "folder": incident.folder and incident.folder.name,
        "starttime": incident.started_at,
        "endtime": incident.ended_at,
        "openingtime": case.opened_at,
        "closingtime": case.closed_at,
        "timezone": incident.timezone,
        "tags": [tag.strip() for tag in case.tags.split(",") if tag.strip()],
        "inhibit_phases": incident.inhibits_phases,
        "closing_note": case.closing_note,
        "is_deleted": incident.is_deleted,
        "favorite": incident.is_favorite,
        "created_by": case.opened_by.login,
        "generated_by": incident.generated_by,
    }


def chosen_of(incident: Any) -> dict[str, Any]:
    """Return label and id of the list values of an incident that may be missing."""
    chosen = {
        "incident_kind": incident.kind,
        "incident_category": incident.category,
        "purpose": incident.purpose,
        "phase": incident.phase,
    }
    ids = {f"{name}_id": one and one.pk for name, one in chosen.items()}
    return {name: one and one.label for name, one in chosen.items()} | ids


def test_the_detail_of_an_incident(ask: Asking, as_administrator: Actor, filled: Case) -> None:
    values = values_of(get_incident(as_administrator, filled.pk))
    assert ask("GET", f"incidents/{filled.pk}/").json() == represent(IncidentOut, values)
    flat = ask("GET", f"incidents/{filled.pk}/?flat=true").json()
    assert flat == represent(FlatIncidentOut, values)


def test_lists_of_incidents(ask: Asking, as_administrator: Actor, filled: Case) -> None:
    rows = in_words(as_administrator, visible_incidents(as_administrator)).order_by("-pk")
    values = [values_of(row) for row in rows]
    assert ask("GET", "incidents/").json() == [represent(IncidentRowOut, one) for one in values]
    asked = {"columns": [*LABELS], "page_size": 500}
    found = ask("POST", "incidents/search/", asked).json()
    assert found == [represent(FlatIncidentOut, one) for one in values]


def test_a_filter_and_a_page_show_the_same_rows(ask: Asking, filled: Case) -> None:
    everything = ask("GET", "incidents/").json()
    filtered = ask("GET", "incidents/?order_by=-id&opened_after=2000-01-01T00:00:00Z")
    second = ask("GET", "incidents/?page_size=1&page_number=2")
    assert filtered.json() == everything
    assert second.json() == everything[1:2]
    assert second["X-Total-Count"] == str(len(everything))


def test_lists_of_entities(ask: Asking, as_administrator: Actor, filled: Case) -> None:
    iocs = Ioc.objects.filter(deleted_at=None).select_related("type").order_by("-pk")
    expected = [entity_row(one) for one in facts_of(as_administrator, iocs)]
    answer = ask("GET", "entities/")
    assert answer.json() == expected == [represent(EntityRowOut, row) for row in expected]
    assert answer["X-Total-Count"] == str(len(expected))
    searched = ask("POST", "entities/search/", {"filter": "id > 0"})
    assert searched.json() == expected


def test_a_page_of_entities_beyond_the_last_counts_all(ask: Asking, filled: Case) -> None:
    answer = ask("GET", "entities/?page_number=9")
    assert answer.json() == []
    assert answer["X-Total-Count"] == str(Ioc.objects.filter(deleted_at=None).count())


@pytest.mark.parametrize("limit", [0, 500])
def test_an_entity_with_few_records_and_with_many(
    limit: int, as_administrator: Actor, filled: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    ioc = Ioc.objects.filter(case_iocs__isnull=False).select_related("type")[0]
    monkeypatch.setattr(entity_facts, "FEW_RECORDS", limit)
    monkeypatch.setattr(entity_facts._RECORDS, "_texts", {})
    assert vars(find_detail(as_administrator, ioc.pk)) == vars(detail_of(as_administrator, ioc))


def test_entities_of_an_incident(ask: Asking, as_administrator: Actor, filled: Case) -> None:
    rows = list(visible_entities_of(as_administrator, filled.pk).order_by("ioc_id"))
    for row in rows:
        row.shown_description = row.description or ""
    expected = [represent(IncidentEntityOut, row) for row in rows]
    path = f"incidents/{filled.pk}/entities/"
    assert ask("GET", path).json() == expected
    assert ask("GET", f"{path}?order_by=id").json() == expected


def test_steps_of_the_war_room(ask: Asking, as_administrator: Actor, filled: Case) -> None:
    steps = visible_steps(as_administrator, filled.pk).order_by("-happened_at", "-pk")
    told = ask("GET", f"incidents/{filled.pk}/timeline/").json()
    assert [step["id"] for step in told] == [step.pk for step in steps]
    for step, row in zip(steps, told, strict=True):
        start = row["starttime"] | {"iso": step.happened_at}
        assert shown(step) == row | {"starttime": start}
        flat = {
            name: part["value"] for name, part in row.items() if name not in ("id", "starttime")
        }
        assert represent(StepOut, {**flat, "id": row["id"], "starttime": row["starttime"]}) == row


def test_a_category_of_the_war_room(ask: Asking, filled: Case) -> None:
    path = f"incidents/{filled.pk}/timeline/"
    steps = ask("GET", path).json()
    categories = {step["category"]["value"] for step in steps}
    assert len(categories) > SOME
    for name in categories:
        found = ask("GET", f"{path}?category={name}").json()
        assert found == [step for step in steps if step["category"]["value"] == name]


def test_who_calls(ask: Asking, administrator: User) -> None:
    told = ask("GET", "whoami/").json()
    token = administrator.api_tokens.latest("pk")
    assert told["token"] == represent(TokenOut, token)
    shape = represent(UserOut, administrator)
    assert {name: told[name] for name in shape} == shape


def test_custom_values_stand_in_lists(ask: Asking, filled: Case) -> None:
    CustomField.objects.create(section="triage", number=1, label="Site", type="Text")
    before = ask("GET", "triage/").json()
    answer = ask("POST", "triage/", {"type": "Phishing", "opt_1": "Milan"})
    listed = ask("GET", "triage/").json()
    assert (answer.json()["opt_1"], listed[0], listed[1:]) == ("Milan", answer.json(), before)


@pytest.mark.parametrize(
    "text",
    [
        "Plain words, here.",
        "Ünï (x) 50% a/b - c; d: e? f's",
        "Two  blanks ",
        "a",
        "x\u00a0y",
        "N. 1) 2",
    ],
)
def test_a_plain_paragraph_is_what_the_parser_makes_of_it(text: str) -> None:
    parsed = html_of(f"{text}\n\n*x*").removesuffix("<p><em>x</em></p>").strip()
    assert (html_of(text), sanitised_html(parsed)) == (parsed, sanitised_html(html_of(text)))


def test_a_page_of_incidents_is_four_queries(ask: Asking, filled: Case) -> None:
    ask("GET", "incidents/")
    with CaptureQueriesContext(connection) as queries:
        ask("GET", "incidents/")
    assert len(queries) == 4
