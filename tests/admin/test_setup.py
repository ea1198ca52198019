"""Incident set-up in the console: every page writes through services, and says what they refuse."""

from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client

from cases.models import CaseState
from incidents.models import (
    CustomField,
    Folder,
    IncidentLabel,
    IncidentSettings,
    IncidentTemplate,
    ListValue,
    SavedSearch,
)
from incidents.services.custom_fields import add_custom_field
from incidents.services.incidents import open_incident
from incidents.services.saved_searches import add_search
from soar.core.actor import Actor
from soar.core.admin.theme import NAVIGATION
from soar.core.models import AuditLog, User
from tests.admin.conftest import form_data, last_audit, shown, url

pytestmark = pytest.mark.django_db
# Model, what to type on the add page, then on the change page, and the audited actions.
PAGES: list[tuple[type[Model], dict[str, Any], dict[str, Any], str, str]] = [
    (Folder, {"name": "Phish", "parent": 1}, {"name": "Spam"}, "folder", "deleted"),
    (
        IncidentLabel,
        {"name": "Phish", "value": "PH-{counter}"},
        {"value": "PH-{day}"},
        "incident_label",
        "deleted",
    ),
    (
        IncidentTemplate,
        {"name": "Phish", "fields": '{"type": ["Phishing"]}', "label": 1, "tags": "a\nb"},
        {"fields": '{"restriction": "HIGH"}'},
        "incident_template",
        "deleted",
    ),
    (ListValue, {"field": "type", "label": "Fraud"}, {"label": "Swindle"}, "list_value", "deleted"),
    (
        CustomField,
        {"section": "incidents", "type": "List", "label": "Site", "values": "Rome\nMilan"},
        {"values": "Rome\nOslo", "default": '"Oslo"', "visible_when": '{"type": "Physical"}'},
        "custom_field",
        "removed",
    ),
    (
        SavedSearch,
        {"name": "Mine", "columns": "owner\nstatus"},
        {"name": "B"},
        "saved_search",
        "deleted",
    ),
]
IDS = [row[0]._meta.model_name for row in PAGES]


def newest(model: type[Model]) -> Any:
    """Return the row made last."""
    return model._default_manager.order_by("pk").last()


def errors(answer: Any) -> dict[str, list[str]]:
    """Return what the form complains of."""
    assert answer.status_code == 200
    return dict(answer.context["adminform"].form.errors)


@pytest.mark.parametrize("row", PAGES, ids=IDS)
def test_pages_write_through_services(browser: Client, row: Any) -> None:
    model, new, changes, action, ending = row
    assert browser.post(url(model, "add"), new).status_code == 302
    obj = newest(model)
    assert last_audit(f"{action}.created").object_id == obj.pk
    data = form_data(browser, url(obj), **changes)
    assert browser.post(url(obj), data).status_code == 302
    assert last_audit(f"{action}.updated").object_id == obj.pk
    assert browser.post(url(obj, "delete"), {"post": "yes"}).status_code == 302
    assert last_audit(f"{action}.{ending}").object_id == obj.pk


@pytest.mark.parametrize("row", PAGES, ids=IDS)
def test_saving_without_a_change_writes_nothing(browser: Client, row: Any) -> None:
    model, new, *_ = row
    browser.post(url(model, "add"), new)
    obj, before = newest(model), AuditLog.objects.count()
    assert browser.post(url(obj), form_data(browser, url(obj))).status_code == 302
    assert AuditLog.objects.count() == before


@pytest.mark.parametrize("row", PAGES[:5], ids=IDS[:5])
def test_analysts_read_and_do_not_write(console: Any, analyst: User, row: Any) -> None:
    model, new, *_ = row
    browser = console(analyst)
    assert browser.get(url(model, "changelist")).status_code == 200
    assert browser.post(url(model, "add"), new).status_code == 403


def test_lists_are_typed_one_a_line(browser: Client) -> None:
    for row in (PAGES[2], PAGES[4], PAGES[5]):
        browser.post(url(row[0], "add"), row[1])
    assert newest(IncidentTemplate).tags == ["a", "b"]
    assert newest(CustomField).values == ["Rome", "Milan"]
    assert newest(SavedSearch).columns == ["owner", "status"]
    assert "Rome\nMilan" in form_data(browser, url(newest(CustomField)))["values"]


def test_a_new_value_comes_last_unless_told_where(browser: Client) -> None:
    browser.post(url(ListValue, "add"), {"field": "type", "label": "Fraud"})
    assert newest(ListValue).position == 12
    data = {"field": "type", "label": "First", "position": 0}
    browser.post(url(ListValue, "add"), data)
    assert newest(ListValue).position == 0


def test_a_new_status_can_close(browser: Client) -> None:
    data = {"field": "status", "label": "Archived", "is_closed": "on"}
    assert browser.post(url(ListValue, "add"), data).status_code == 302
    assert CaseState.objects.get(name="Archived").is_closed


def test_a_phase_chooses_among_statuses_only(browser: Client) -> None:
    form = browser.get(url(ListValue, "add")).context["adminform"].form
    offered = form.fields["sets_status"].queryset.values_list("field", flat=True)
    assert set(offered) == {"status"}


@pytest.mark.parametrize(
    ("model", "data", "culprit", "text"),
    [
        (Folder, {"name": "incidents"}, "name", "There is a folder of this name here already."),
        (IncidentLabel, {"name": "A", "value": "{x}"}, "value", "{x} is not a part of names."),
        (
            IncidentTemplate,
            {"name": "T", "fields": '{"status": "x"}'},
            "__all__",
            "fields.status: Status has no value x.",
        ),
        (
            ListValue,
            {"field": "type", "label": "PHISHING"},
            "label",
            "The field has a value of this label already.",
        ),
        (
            CustomField,
            {"section": "notes", "type": "List", "label": "A"},
            "values",
            "A list has 1 to 100 values.",
        ),
    ],
)
def test_what_a_service_refuses_stands_beside_its_field(
    browser: Client, model: type[Model], data: dict[str, Any], culprit: str, text: str
) -> None:
    count = model._default_manager.count()
    assert errors(browser.post(url(model, "add"), data)) == {culprit: [text]}
    assert model._default_manager.count() == count


def test_a_folder_with_incidents_is_not_deleted(browser: Client, as_administrator: Actor) -> None:
    open_incident(as_administrator, name="x", customer_id=1, folder_id=1)
    answer = browser.post(url(Folder.objects.get(), "delete"), {"post": "yes"}, follow=True)
    assert "The folder is not empty" in shown(answer)
    assert Folder.objects.count() == 1


def test_another_label_becomes_the_default(browser: Client) -> None:
    data = {"name": "A", "value": "A-{counter}", "is_default": "on"}
    assert browser.post(url(IncidentLabel, "add"), data).status_code == 302
    assert [label.name for label in IncidentLabel.objects.filter(is_default=True)] == ["A"]


def test_the_page_of_a_label_tells_how_far_it_is(browser: Client, as_administrator: Actor) -> None:
    data = {"name": "A", "value": "A-{counter:03d}", "is_default": "on"}
    browser.post(url(IncidentLabel, "add"), data)
    open_incident(as_administrator, name="x", customer_id=1)
    text = shown(browser.get(url(newest(IncidentLabel))))
    assert "A-002" in text
    assert "in all: 1" in text


def test_fields_of_json_say_what_goes_into_them(browser: Client) -> None:
    for model, names in (
        (IncidentTemplate, ("fields", "investigators", "notes")),
        (CustomField, ("default", "visible_when")),
    ):
        form = browser.get(url(model, "add")).context["adminform"].form
        assert all("{" in form.fields[name].help_text for name in names)


def test_section_and_type_of_a_field_are_fixed(browser: Client, as_administrator: Actor) -> None:
    field = add_custom_field(as_administrator, section="notes", label="A", type="Text")
    form = browser.get(url(field)).context["adminform"].form
    assert not {"section", "type"} & set(form.fields)
    assert "opt_1" in shown(browser.get(url(field)))


def test_a_calculation_is_typed_as_json(browser: Client) -> None:
    formula = '{"operation": "difference", "of": ["closingtime", "openingtime"]}'
    data = {"section": "incidents", "type": "Calculation", "label": "Took", "default": formula}
    assert browser.post(url(CustomField, "add"), data).status_code == 302
    assert newest(CustomField).default["of"] == ["closingtime", "openingtime"]


def test_the_settings_change_and_nothing_else(browser: Client) -> None:
    settings = IncidentSettings.objects.get()
    data = form_data(browser, url(settings), requires_closing_note="on")
    assert browser.post(url(settings), data).status_code == 302
    assert last_audit("incident_settings.updated").object_id == settings.pk
    assert browser.get(url(IncidentSettings, "add")).status_code == 403
    assert browser.post(url(settings, "delete"), {"post": "yes"}).status_code == 403


def test_extensions_are_typed_one_a_line(browser: Client) -> None:
    settings = IncidentSettings.objects.get()
    assert "of two extensions the last one counts" in shown(browser.get(url(settings)))
    for text, kept in ((".PDF\r\npng\r\n", ["pdf", "png"]), ("", [])):
        data = form_data(browser, url(settings), allowed_extensions=text)
        assert browser.post(url(settings), data).status_code == 302
        settings.refresh_from_db()
        assert settings.allowed_extensions == kept
    wrong = form_data(browser, url(settings), allowed_extensions="tar.gz")
    assert "is no extension" in shown(browser.post(url(settings), wrong))


def test_nobody_sees_the_searches_of_others(
    browser: Client, console: Any, analyst: User, as_analyst: Actor
) -> None:
    search = add_search(as_analyst, name="Secret plan")
    assert "Secret plan" not in shown(browser.get(url(SavedSearch, "changelist")))
    assert browser.get(url(search)).status_code == 302
    assert "Secret plan" in shown(console(analyst).get(url(SavedSearch, "changelist")))


def test_the_navigation_leads_to_every_page() -> None:
    led_to = {label.lower() for _, entries in NAVIGATION for _, _, label in entries}
    assert led_to == {model._meta.label_lower for model in admin.site._registry}


def test_the_navigation_leads_to_them(browser: Client) -> None:
    text = shown(browser.get("/admin/"))
    for title in ("Incident templates", "Incident labels", "Folders", "List values"):
        assert title in text
