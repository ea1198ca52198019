"""Incidents in the console: lists, forms and actions, all through services."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from cases.models import Case
from incidents.models import (
    Incident,
    IncidentRelation,
    IncidentSettings,
    Investigator,
    ListValue,
)
from incidents.services.custom_fields import add_custom_field, remove_custom_field
from incidents.services.deleting import delete_incident
from incidents.services.editing import change_incident
from incidents.services.favorites import add_favorite
from incidents.services.incidents import open_incident
from incidents.services.templates import add_template
from soar.core.actor import Actor
from soar.core.models import AuditLog, User
from tests.admin.conftest import form_data, last_audit, shown, url

LIST = "/admin/incidents/incident/"


@pytest.fixture
def incident(as_administrator: Actor) -> Incident:
    """An incident beside the initial one."""
    return open_incident(as_administrator, name="Phish", customer_id=1, reference="PH-1")


def act(browser: Client, action: str, *ids: Any, listed: str = LIST, **values: Any) -> Any:
    """Post an action on listed incidents; with values also its form."""
    data = {"action": action, "_selected_action": list(ids), **values}
    return browser.post(listed, data | ({"apply": "yes"} if values else {}))


def test_the_list_shows_and_filters_incidents(browser: Client, incident: Incident) -> None:
    page = shown(browser.get(LIST))
    for text in ("PH-1", "Phish", "Identification", "LOW", "administrator", "Incidents"):
        assert text in page
    assert "ListValue" not in page
    types = {"type": ListValue.objects.get(label="Phishing").pk}
    assert "PH-1" not in shown(browser.get(LIST, types))
    assert "PH-1" in shown(browser.get(LIST, {"q": "phish", "case__state__id__exact": 3}))


def test_the_list_and_the_page_show_types_and_times(
    browser: Client, as_administrator: Actor
) -> None:
    labels = ("Malware", "Phishing")
    ids = [ListValue.objects.get(field="type", label=label).pk for label in labels]
    made = open_incident(as_administrator, name="Phish", customer_id=1, type_ids=ids)
    page = browser.get(LIST)
    assert "Malware, Phishing" in shown(page)
    columns = [
        page.context["cl"].model_admin.shown_types(row) for row in page.context["cl"].result_list
    ]
    assert columns == ["Malware, Phishing", "-"]
    assert "+00:00" not in shown(browser.get(url(made)))


def test_deleted_incidents_are_listed_when_asked_for_and_restored(
    browser: Client, incident: Incident
) -> None:
    assert browser.post(url(incident, "delete"), {"post": "yes"}).status_code == 302
    assert last_audit("case.hidden").case_id == incident.pk
    browser.get(LIST)  # says what was deleted
    assert "PH-1" not in shown(browser.get(LIST))
    assert "PH-1" in shown(browser.get(LIST, {"deleted": "yes"}))
    assert "PH-1" in shown(browser.get(LIST, {"deleted": "any"}))
    act(browser, "restore", incident.pk, listed=f"{LIST}?deleted=yes")
    assert last_audit("case.restored").case_id == incident.pk


def test_the_form_changes_the_operational_side(browser: Client, incident: Incident) -> None:
    phase = ListValue.objects.get(field="phase", label="Containment")
    types = ListValue.objects.filter(field="type", label="Malware").values_list("pk", flat=True)
    data = form_data(browser, url(incident), phase=phase.pk, type_ids=list(types), timezone="UTC")
    data |= {"started_at_0": "2026-03-01", "started_at_1": "10:00:00"}
    answer = browser.post(url(incident), data)
    assert answer.status_code == 302, answer.context["errors"]
    incident.refresh_from_db()
    assert (incident.phase, incident.timezone) == (phase, "UTC")
    assert [one.label for one in incident.types.all()] == ["Malware"]
    assert Case.objects.get(pk=incident.pk).state.name == "Containment"
    assert last_audit("incident.updated").case_id == incident.pk


def test_the_form_opens_an_incident(browser: Client, as_administrator: Actor) -> None:
    template = add_template(as_administrator, name="Travel", fields={"restriction": "HIGH"})
    add_custom_field(as_administrator, section="incidents", label="Site", type="Text")
    add = f"{LIST}add/"
    data = form_data(browser, add, description="Login from afar", template=template.pk)
    data |= {"additional_info": "<p>Twice</p><script>x</script>", "custom": '{"opt_1": "Milan"}'}
    assert browser.post(add, data).status_code == 302
    incident = Incident.objects.latest("pk")
    assert (incident.title, incident.template) == ("Login from afar", template)
    assert (incident.case.severity.name, incident.custom) == ("High", {"opt_1": "Milan"})
    assert incident.case.owner.login == "administrator"
    page = browser.get(url(incident)).content.decode()
    assert '<div class="report"><p>Twice</p></div>' in page


def test_what_the_opening_form_refuses_is_said_beside_the_field(browser: Client) -> None:
    add, before = f"{LIST}add/", Incident.objects.count()
    data = form_data(browser, add, description="x", custom='{"opt_9": 1}')
    assert "There is no such custom field" in shown(browser.post(add, data))
    assert "opt_1, opt_2 and so on" in shown(browser.post(add, data | {"custom": '{"status": 9}'}))
    assert Incident.objects.count() == before


def test_the_form_changes_title_and_custom_fields(
    browser: Client, as_administrator: Actor, incident: Incident
) -> None:
    add_custom_field(as_administrator, section="incidents", label="Site", type="Text")
    page = url(incident)
    data = form_data(browser, page, description="Phish, twice", custom='{"opt_1": "Rome"}')
    assert browser.post(page, data).status_code == 302
    incident = Incident.objects.get(pk=incident.pk)
    assert (incident.title, incident.custom) == ("Phish, twice", {"opt_1": "Rome"})


def test_values_of_removed_fields_stay_and_are_not_asked_for(
    browser: Client, as_administrator: Actor, incident: Incident
) -> None:
    text = {"section": "incidents", "type": "Text"}
    fields = [add_custom_field(as_administrator, **text, label=name) for name in ("Old", "New")]
    change_incident(as_administrator, incident.pk, {"opt_1": "a", "opt_2": "b"})
    remove_custom_field(as_administrator, fields[0].pk)
    data = form_data(browser, url(incident), custom='{"opt_1": "a", "opt_2": "c"}')
    assert browser.post(url(incident), data).status_code == 302
    incident.refresh_from_db()
    assert incident.custom == {"opt_1": "a", "opt_2": "c"}


def test_saving_an_incident_without_a_change_writes_nothing(
    browser: Client, incident: Incident
) -> None:
    before = AuditLog.objects.count()
    assert browser.post(url(incident), form_data(browser, url(incident))).status_code == 302
    assert AuditLog.objects.count() == before


def test_closing_asks_for_a_note_and_keeps_what_was_typed(
    browser: Client, incident: Incident
) -> None:
    IncidentSettings.objects.update(requires_closing_note=True)
    assert "Closing note" in shown(act(browser, "close", incident.pk))
    refused = act(browser, "close", incident.pk, closing_note="", outcome="1")
    assert "This field is required." in shown(refused)
    act(browser, "close", incident.pk, closing_note="Harmless", outcome="1")
    case = Case.objects.get(pk=incident.pk)
    assert (case.closing_note, case.outcome, case.state.name) == ("Harmless", 1, "Closed")
    act(browser, "reopen", incident.pk)
    assert last_audit("case.reopened").case_id == incident.pk


def test_an_action_is_done_to_all_or_none(browser: Client, incident: Incident) -> None:
    act(browser, "close", incident.pk, closing_note="x")
    page = act(browser, "close", 1, incident.pk, closing_note="y")
    assert "The incident is closed already" in shown(page)
    assert Case.objects.get(pk=1).closed_on is None


def test_an_owner_and_an_investigator_are_chosen(
    browser: Client, incident: Incident, colleague: User
) -> None:
    group = Group.objects.get(pk=2)
    act(browser, "change_owner", incident.pk, group=group.pk)
    assert "Analysts (group)" in shown(browser.get(LIST))
    assert "Choose a user or a group." in shown(act(browser, "change_owner", 1, role="x"))
    act(browser, "add_investigator", incident.pk, user=colleague.pk, role="Viewer")
    assert Investigator.objects.get().role == "Viewer"
    assert "colleague (Viewer)" in shown(browser.get(url(incident)))
    assert last_audit("investigator.added").case_id == incident.pk


def test_investigators_have_a_page(browser: Client, incident: Incident, colleague: User) -> None:
    data = {"incident": incident.pk, "user": colleague.pk, "role": "Lead"}
    answer = browser.post(url(Investigator, "add"), data)
    assert answer.status_code == 302, answer.context["errors"]
    row = Investigator.objects.get()
    browser.post(url(row), {"role": "Viewer"})
    assert colleague.case_access.get(case=incident.pk).level == 2
    assert browser.post(url(row, "delete"), {"post": "yes"}).status_code == 302
    assert not colleague.case_access.filter(case=incident.pk).exists()
    assert last_audit("investigator.removed").case_id == incident.pk


def test_relations_have_a_page(browser: Client, incident: Incident) -> None:
    data = {"first": incident.pk, "kind": "parent", "second": 1}
    assert browser.post(url(IncidentRelation, "add"), data).status_code == 302
    circle = {"first": 1, "kind": "parent", "second": incident.pk}
    answer = browser.post(url(IncidentRelation, "add"), circle)
    assert "An incident would be its own parent." in shown(answer)
    row = IncidentRelation.objects.get()
    assert (row.first_id, row.second_id) == (incident.pk, 1)
    assert browser.post(url(row, "delete"), {"post": "yes"}).status_code == 302
    assert last_audit("relation.removed").case_id == incident.pk


def test_a_reader_reads_and_a_deleted_incident_is_only_shown(
    console: Any, reader: User, as_administrator: Actor, browser: Client, incident: Incident
) -> None:
    page = console(reader).get(f"{LIST}1/change/")
    assert 'name="reference"' not in page.content.decode()
    delete_incident(as_administrator, incident.pk)
    deleted = browser.get(url(incident))
    assert "PH-1" in shown(deleted)
    assert 'name="reference"' not in deleted.content.decode()


def test_favourites_are_ones_own(
    browser: Client, console: Any, as_analyst: Actor, analyst: User
) -> None:
    add_favorite(as_analyst, 1)
    page = "/admin/incidents/favoriteincident/"
    assert "soc_id_demo" in shown(console(analyst).get(page))
    assert "soc_id_demo" not in shown(browser.get(page))


def test_without_the_permission_nobody_is_invited(
    console: Any, limited: User, colleague: User
) -> None:
    browser = console(limited)
    act(browser, "add_investigator", 1, user=colleague.pk, role="Viewer")
    data = {"incident": 1, "user": colleague.pk, "role": "Lead"}
    assert browser.post(url(Investigator, "add"), data).status_code == 403
    assert not Investigator.objects.exists()
