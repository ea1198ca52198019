"""What is written in the console goes through services: audited, or refused with a message."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import Client
from django.utils.html import escape

from cases import models as cases
from cases.services.access import set_user_access
from incidents.models import AlertStatus
from iocs.models import Ioc, IocType, Tlp
from soar.core.actor import Actor
from soar.core.models import AuditLog, User
from soar.core.permissions import AccessLevel
from tests.admin.conftest import World, add_case, form_data, last_audit, url

NOW = {"date_0": "2026-03-01", "date_1": "10:00:00"}

# Model, what to type on the add page, then on the change page, and the first part of the audited actions.
EDITABLE: list[tuple[type[Model], dict[str, Any], dict[str, Any], str]] = [
    (cases.Case, {"name": "Phish", "customer": 1, "severity": 4}, {"tags": "mail"}, "case"),
    (
        cases.Asset,
        {"case": 1, "name": "pc", "type": 1, "analysis_status": 1},
        {"ip": "192.0.2.7"},
        "asset",
    ),
    (cases.CaseIoc, {"case": 1, "type": 1, "tlp": 1, "value": "x.example"}, {"tags": "c2"}, "ioc"),
    (cases.NoteDirectory, {"case": 1, "name": "Raw"}, {"name": "Sorted"}, "note_directory"),
    (cases.Note, {"directory": 1, "title": "Call"}, {"content": "He said"}, "note"),
    (cases.Event, {"case": 1, "title": "Login", "category": 1, **NOW}, {"source": "EDR"}, "event"),
    (
        cases.Task,
        {"case": 1, "title": "Ask", "status": 1, "assignee_ids": [1]},
        {"tags": "t"},
        "task",
    ),
    (
        cases.GlobalTask,
        {"title": "Patch", "status": 1, "assignee": 1},
        {"tags": "t"},
        "global_task",
    ),
    (cases.Evidence, {"case": 1, "filename": "a.img"}, {"file_hash": "ab"}, "evidence"),
    (cases.Customer, {"name": "ACME"}, {"sla": "4h"}, "customer"),
    (cases.AssetType, {"name": "Toaster", "description": "d"}, {"description": "e"}, "asset_type"),
    (
        cases.CaseClassification,
        {"name": "x:y", "name_expanded": "X: Y", "description": "d"},
        {"description": "e"},
        "case_classification",
    ),
    (IocType, {"name": "smell", "description": "d"}, {"taxonomy": "t"}, "ioc_type"),
    (Tlp, {"name": "pink", "bscolor": "danger"}, {"bscolor": "info"}, "tlp"),
    (cases.AnalysisStatus, {"name": "Stuck"}, {"name": "Unstuck"}, "analysis_status"),
    (cases.CaseState, {"name": "Nap"}, {"description": "d"}, "case_state"),
    (cases.EventCategory, {"name": "Odd"}, {"name": "Even"}, "event_category"),
    (cases.EvidenceType, {"name": "Pebble"}, {"description": "d"}, "evidence_type"),
    (cases.ReviewStatus, {"name": "Twice"}, {"name": "Thrice"}, "review_status"),
    (cases.Severity, {"name": "Doom"}, {"description": "d"}, "severity"),
    (cases.TaskStatus, {"name": "Nap", "bscolor": "muted"}, {"bscolor": "info"}, "task_status"),
    (AlertStatus, {"name": "Nap"}, {"description": "d"}, "alert_status"),
    (
        Group,
        {"name": "Tier 3", "bits": [1], "auto_follow_access_level": 0},
        {"description": "d"},
        "group",
    ),
]
READ_ONLY = {
    "axes.accessattempt",
    "core.apitoken",
    "core.auditlog",
    "core.auditseal",
    "core.changecounter",
    "core.irisapikey",
    "core.outboxevent",
    "incidents.externalalert",
    "incidents.favoriteincident",
    "incidents.timelineentry",
    "modules.modulerun",
}
TESTED_APART = {  # other services: tests below and in the files named after what they are about
    "cases.attributedefinition",
    "cases.customermembership",
    "cases.groupcaseaccess",
    "cases.usercaseaccess",
    "core.user",
    "incidents.alert",
    "incidents.artifact",
    "incidents.attachment",
    "incidents.customfield",
    "incidents.folder",
    "incidents.incident",
    "incidents.incidentlabel",
    "incidents.incidentrelation",
    "incidents.incidentsettings",
    "incidents.incidenttemplate",
    "incidents.investigator",
    "incidents.listvalue",
    "incidents.savedsearch",
    "iocs.ioc",
    "modules.module",
}


def newest(model: type[Model]) -> Any:
    return model._default_manager.latest("pk")


def test_no_model_is_left_out() -> None:
    named = {model._meta.label_lower for model, *_ in EDITABLE} | READ_ONLY | TESTED_APART
    assert named == {model._meta.label_lower for model in admin.site._registry}


@pytest.mark.parametrize("row", EDITABLE, ids=lambda row: row[0]._meta.label_lower)
def test_add_change_and_delete_are_audited(browser: Client, row: Any) -> None:
    model, new, change, action = row
    answer = browser.post(url(model, "add"), new)
    assert answer.status_code == 302, answer.context["errors"]
    obj = newest(model)
    assert last_audit(f"{action}.created").object_id == obj.pk
    answer = browser.post(url(obj), form_data(browser, url(obj), **change))
    assert answer.status_code == 302, answer.context["errors"]
    assert last_audit(f"{action}.updated").object_id == obj.pk
    assert browser.post(url(obj, "delete"), {"post": "yes"}).status_code == 302
    assert last_audit(f"{action}.deleted").object_id == obj.pk
    assert not model._default_manager.filter(pk=obj.pk).exists()
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("row", EDITABLE, ids=lambda row: row[0]._meta.label_lower)
def test_delete_selected_is_audited(browser: Client, row: Any) -> None:
    model, new, _, action = row
    browser.post(url(model, "add"), new)
    pk = newest(model).pk
    data = {"action": "delete_selected", "_selected_action": [pk], "post": "yes"}
    browser.post(url(model, "changelist"), data)
    assert last_audit(f"{action}.deleted").object_id == pk


@pytest.mark.parametrize("row", EDITABLE, ids=lambda row: row[0]._meta.label_lower)
def test_saving_without_a_change_writes_nothing(browser: Client, row: Any) -> None:
    model, new, *_ = row
    browser.post(url(model, "add"), new)
    obj, before = newest(model), AuditLog.objects.count()
    assert browser.post(url(obj), form_data(browser, url(obj))).status_code == 302
    assert AuditLog.objects.count() == before


@pytest.mark.parametrize("label", sorted(READ_ONLY))
def test_read_only_pages_refuse_every_write(browser: Client, world: World, label: str) -> None:
    model = next(model for model in admin.site._registry if model._meta.label_lower == label)
    assert browser.post(url(model, "add"), {}).status_code == 403
    obj = model._default_manager.first()
    if obj is not None:
        assert browser.post(url(obj), {}).status_code == 403
        assert browser.post(url(obj, "delete"), {"post": "yes"}).status_code == 403


def test_a_case_opened_in_the_console_is_an_incident(browser: Client) -> None:
    browser.post(url(cases.Case, "add"), {"name": "Phish", "customer": 1, "severity": 4})
    case = newest(cases.Case)
    assert (case.incident.opened_through, case.owner_id) == ("admin", 1)


def test_selected_cases_are_closed_and_reopened(browser: Client, case: cases.Case) -> None:
    data = {"_selected_action": [case.pk]}
    browser.post(url(case, "changelist"), {"action": "close", **data})
    assert last_audit("case.closed").case_id == case.pk
    browser.post(url(case, "changelist"), {"action": "reopen", **data})
    assert last_audit("case.reopened").case_id == case.pk


def test_links_are_kept_to_the_case(browser: Client, world: World, as_administrator: Actor) -> None:
    other = add_case(as_administrator, "Other")
    browser.post(
        url(cases.Asset, "add"), {"case": other.pk, "name": "far", "type": 1, "analysis_status": 1}
    )
    far = newest(cases.Asset)
    links = {"asset_ids": [world.asset.pk], "ioc_ids": [world.case_ioc.pk]}
    page = url(world.event)
    assert browser.post(page, form_data(browser, page, **links)).status_code == 302
    assert list(world.event.assets.all()) == [world.asset]
    assert last_audit("event.updated").details["after"]["ioc_ids"] == [world.case_ioc.ioc_id]
    answer = browser.post(page, form_data(browser, page, asset_ids=[far.pk]))
    assert answer.status_code == 200
    assert "asset_ids" in answer.context["adminform"].form.errors


def test_the_value_of_an_ioc_can_be_corrected(browser: Client, world: World) -> None:
    page = url(world.case_ioc)
    browser.post(page, form_data(browser, page, value="right.example"))
    world.case_ioc.refresh_from_db()
    assert world.case_ioc.ioc.value == "right.example"


def test_an_ioc_already_in_the_case_is_refused_in_the_form(browser: Client, world: World) -> None:
    data = {"case": 1, "type": 1, "tlp": 1, "value": world.case_ioc.ioc.value, "tags": "kept"}
    answer = browser.post(url(cases.CaseIoc, "add"), data)
    assert answer.context["adminform"].form.errors["value"] == ["IOC already exists in this case"]
    assert answer.context["adminform"].form["tags"].value() == "kept"


def test_a_refusal_keeps_what_was_typed(
    console: Any, as_administrator: Actor, analyst: User, case: cases.Case
) -> None:
    set_user_access(as_administrator, 1, user_id=analyst.pk, level=AccessLevel.READ_ONLY)
    data = {"case": 1, "name": "pc", "type": 1, "analysis_status": 1, "tags": "kept"}
    answer = console(analyst).post(url(cases.Asset, "add"), data)
    form = answer.context["adminform"].form
    assert (form.non_field_errors(), form["tags"].value()) == (["Permission denied"], "kept")
    assert not cases.Asset.objects.filter(name="pc").exists()


def test_a_referenced_row_is_not_deleted_but_explained(browser: Client, world: World) -> None:
    asset_type = cases.AssetType.objects.get(pk=1)
    answer = browser.post(url(asset_type, "delete"), {"post": "yes"}, follow=True)
    assert "Cannot delete a referenced asset type" in answer.content.decode()
    status = cases.TaskStatus.objects.get(pk=1)
    answer = browser.post(url(status, "delete"), {"post": "yes"}, follow=True)
    assert "Cannot delete a referenced task status" in answer.content.decode()


def test_deleting_a_selection_is_all_or_nothing(browser: Client, world: World) -> None:
    browser.post(url(cases.TaskStatus, "add"), {"name": "Nap", "bscolor": "muted"})
    free = newest(cases.TaskStatus).pk
    data = {"action": "delete_selected", "_selected_action": [free, 1], "post": "yes"}
    answer = browser.post(url(cases.TaskStatus, "changelist"), data, follow=True)
    assert "Cannot delete a referenced task status" in answer.content.decode()
    assert cases.TaskStatus.objects.filter(pk=free).exists()


@pytest.mark.parametrize("pk", [cases.CaseState.OPEN, cases.CaseState.CLOSED])
def test_protected_case_states_stay(browser: Client, pk: int) -> None:
    answer = browser.post(url(cases.CaseState(pk=pk), "delete"), {"post": "yes"}, follow=True)
    assert "protected" in answer.content.decode()
    assert cases.CaseState.objects.filter(pk=pk).exists()


def test_the_initial_case_is_not_deleted_but_explained(browser: Client, case: cases.Case) -> None:
    answer = browser.post(url(case, "delete"), {"post": "yes"}, follow=True)
    assert "Cannot delete a primary case" in answer.content.decode()


LEVELS = [
    (cases.UserCaseAccess, {"case": 1}, "user", "case.access_changed"),
    (cases.CustomerMembership, {"customer": 1}, "user", "customer.membership_changed"),
    (cases.GroupCaseAccess, {"case": 1}, "group", "case.access_changed"),
]


@pytest.mark.parametrize("row", LEVELS, ids=lambda row: row[0]._meta.label_lower)
def test_access_is_given_changed_and_taken(browser: Client, colleague: User, row: Any) -> None:
    model, place, who, action = row
    whom = colleague.pk if who == "user" else Group.objects.create(name="Tier 3").pk
    browser.post(url(model, "add"), {**place, who: whom, "level": 2})
    obj = newest(model)
    assert (getattr(obj, f"{who}_id"), obj.level) == (whom, AccessLevel.READ_ONLY)
    browser.post(url(obj), {"level": 4})
    assert last_audit(action).details["after"]["level"] == AccessLevel.FULL_ACCESS
    browser.post(url(obj, "delete"), {"post": "yes"})
    assert last_audit(action).details["after"]["level"] is None
    assert not model._default_manager.filter(pk=obj.pk).exists()


def test_attributes_are_defined_as_json(browser: Client) -> None:
    definition = cases.AttributeDefinition.objects.first()
    content = '{"Tab": {"Field": {"type": "input_string", "mandatory": false, "value": ""}}}'
    assert browser.post(url(definition), {"content": content}).status_code == 302
    assert last_audit("attributes.defined").object_id == definition.pk


HOSTILE_JSON = ["[" * 100_000, '"\\u0000"', "NaN", '"\\ud800"', "[1]", '{"Tab": 1}', "{"]


@pytest.mark.parametrize("text", HOSTILE_JSON, ids=range(len(HOSTILE_JSON)))
def test_hostile_json_is_an_error_in_the_form(browser: Client, text: str) -> None:
    definition = cases.AttributeDefinition.objects.first()
    assert browser.post(url(definition), {"content": text}).status_code == 200


@pytest.mark.parametrize("text", HOSTILE_JSON[:5], ids=range(5))
def test_custom_attributes_must_be_an_object(browser: Client, case: cases.Case, text: str) -> None:
    data = form_data(browser, url(case), custom_attributes=text)
    assert browser.post(url(case), data).status_code == 200


def test_hostile_ids_find_nothing(browser: Client, case: cases.Case) -> None:
    for pk in ("99999999999999999999999", "-1", "x", "1%00"):
        address = url(case).replace("/1/", f"/{pk}/")
        assert browser.get(address).status_code in {302, 404}
    assert browser.get(url(case, "changelist"), {"p": "x"}).status_code in {200, 302}
    data = {"case": "99999999999999999999999", "name": "x", "type": 1, "analysis_status": 1}
    assert browser.post(url(cases.Asset, "add"), data).status_code == 200


def test_markup_is_shown_as_text(browser: Client, case: cases.Case) -> None:
    text = "<script>alert(1)</script>"
    browser.post(url(case), form_data(browser, url(case), name=text, description=text))
    for page in (url(case), url(case, "changelist"), url(case, "history"), url(case, "delete")):
        assert text not in browser.get(page).content.decode()
    browser.post(url(cases.Customer, "add"), {"name": text})
    assert text not in browser.get(url(newest(AuditLog))).content.decode()


def test_history_is_the_audit_trail(browser: Client, world: World) -> None:
    page = browser.get(url(world.asset, "history")).content.decode()
    assert "asset.created" in page
    assert "added asset &quot;host-0&quot;" in page


def test_the_choices_of_a_form_are_the_visible_ones(
    console: Any, analyst: User, outsider_case: cases.Case
) -> None:
    browser = console(analyst)
    data = {"case": outsider_case.pk, "name": "pc", "type": 1, "analysis_status": 1}
    hidden = browser.post(url(cases.Asset, "add"), data)
    missing = browser.post(url(cases.Asset, "add"), {**data, "case": 424242})
    errors = [answer.context["adminform"].form.errors for answer in (hidden, missing)]
    assert errors[0] == errors[1] != {}
    assert escape(outsider_case.name) not in hidden.content.decode()
    query = {"app_label": "cases", "model_name": "asset", "field_name": "case", "term": ""}
    found = browser.get("/admin/autocomplete/", query).json()["results"]
    assert outsider_case.pk not in {int(row["id"]) for row in found}


def test_an_autocomplete_of_a_case_offers_that_case_only(
    browser: Client, world: World, as_administrator: Actor
) -> None:
    other = add_case(as_administrator, "Other")
    query = {"app_label": "cases", "model_name": "event", "field_name": "assets", "term": "\0"}
    found = browser.get("/admin/autocomplete/", {**query, "case": 1}).json()["results"]
    assert [row["text"] for row in found] == ["host-0 (case #1)"]
    assert browser.get("/admin/autocomplete/", {**query, "case": other.pk}).json()["results"] == []


def test_observables_are_seen_through_cases_only(
    console: Any, world: World, outsider: User
) -> None:
    page = console(outsider).get(url(Ioc, "changelist")).content.decode()
    assert world.case_ioc.ioc.value not in page


def test_reading_a_case_is_not_writing_it(console: Any, reader: User, world: World) -> None:
    browser = console(reader)
    for obj in (world.asset, world.event, world.task, world.case_ioc):
        assert browser.get(url(obj)).status_code == 200
        assert browser.post(url(obj), {"title": "x"}).status_code == 403
        assert browser.post(url(obj, "delete"), {"post": "yes"}).status_code == 403
        data = {"action": "delete_selected", "_selected_action": [obj.pk], "post": "yes"}
        browser.post(url(obj, "changelist"), data)
        assert type(obj)._default_manager.filter(pk=obj.pk).exists()


def test_the_search_page_survives_odd_page_numbers(browser: Client) -> None:
    assert browser.get("/admin/search/", {"s": "case", "page": "x"}).status_code == 404
    assert browser.get("/admin/search/", {"s": "case"}).status_code == 200


def test_a_filter_does_not_name_a_hidden_row(
    console: Any, analyst: User, outsider_case: cases.Case, browser: Client
) -> None:
    query = {"case__id__exact": outsider_case.pk}
    address = url(cases.Asset, "changelist")
    assert escape(outsider_case.name) not in console(analyst).get(address, query).content.decode()
    assert escape(outsider_case.name) in browser.get(address, query).content.decode()
    query = {"customer__id__exact": outsider_case.customer_id}
    page = console(analyst).get(url(cases.Case, "changelist"), query).content.decode()
    assert outsider_case.customer.name not in page


@pytest.mark.parametrize(("path", "code"), [("nowhere/", 404), ("core/auditlog/add/", 403)])
def test_a_page_that_is_refused_leads_back_to_the_console(
    browser: Client, path: str, code: int
) -> None:
    answer = browser.get(f"/admin/{path}")
    assert answer.status_code == code
    assert 'href="/admin/"' in answer.content.decode()
