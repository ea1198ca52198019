"""Every registered model: its pages open, with a constant number of queries, for all who may."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from cases.services.customers import add_customer
from modules.models import ModuleRun
from soar.core.actor import Actor
from soar.core.admin.base import ServiceAdmin
from soar.core.models import User
from tests.admin.conftest import World, add_case, fill_case, logged_in, url
from tests.cast import enrolled, enrolled_outsider, enrolled_reader

OUR_APPS = ("core", "cases", "iocs", "incidents", "modules")
# Rows that show on the page of another model.
ON_OTHER_PAGES = {
    "core.groupprofile",
    "cases.assetioc",
    "cases.eventasset",
    "cases.eventioc",
    "cases.taskassignment",
    "incidents.alertioc",
    "incidents.alertnote",
    "incidents.storedfile",
    "incidents.taskdetails",
    "incidents.timelinemark",
    "incidents.incidenttype",
    "incidents.labelcounter",
    "incidents.favoriteioc",
    "iocs.catalogueentry",
    "modules.hooksubscription",
    "modules.moduleparameter",
    "modules.modulerunlog",
    "modules.moduleswitch",
}
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label_lower)


def test_every_model_has_a_page() -> None:
    ours = {
        model._meta.label_lower
        for name in OUR_APPS
        for model in apps.get_app_config(name).get_models()
    }
    registered = {model._meta.label_lower for model in MODELS}
    assert ours - ON_OTHER_PAGES <= registered


def test_every_page_goes_through_services() -> None:
    assert all(isinstance(page, ServiceAdmin) for page in admin.site._registry.values())


@dataclass
class Stage:
    """The browsers of some people, and how many queries each list took before and after it grew."""

    browsers: dict[str, Client]
    few: dict[Any, int]
    many: dict[Any, int]


@pytest.fixture(scope="module")
def stage(for_module: Actor) -> Stage:
    """Several of everything in case 1, made once."""
    people = {
        "administrator": User.objects.get(pk=for_module.user_id),
        "reader": enrolled_reader(),
        "outsider": enrolled_outsider(add_customer(for_module, name="Other Client")),
        "guest": enrolled("guest"),
    }
    browsers = {who: logged_in(user) for who, user in people.items()}
    counts = [_grown(for_module, browsers["administrator"], suffixes) for suffixes in ("1", "234")]
    return Stage(browsers, *counts)


def _grown(actor: Actor, browser: Client, suffixes: str) -> dict[Any, int]:
    """Add one more of everything per suffix, and return how many queries each list takes then."""
    for suffix in suffixes:
        fill_case(actor, suffix)
        add_case(actor, f"Case {suffix}")
        enrolled(f"user{suffix}")
        ModuleRun.objects.create(hook_name="on_manual_trigger", case_id=1, user_login="guest")
    return {model: _queries(browser, url(model, "changelist")) for model in MODELS}


def _queries(browser: Client, address: str) -> int:
    """Return how many queries a page takes that was open before."""
    assert browser.get(address).status_code == 200
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address).status_code == 200
    return len(queries)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)
def test_pages_open(stage: Stage, model: Any) -> None:
    browser, page = stage.browsers["administrator"], admin.site._registry[model]
    assert browser.get(url(model, "changelist"), {"q": "a b"}).status_code == 200
    assert browser.get(url(model, "add")).status_code == (200 if page.services.add else 403)
    obj = model._default_manager.first()
    if obj is not None:
        assert browser.get(url(obj)).status_code == 200
        assert browser.get(url(obj, "history")).status_code == 200
        expected = 200 if page.services.delete else 403
        assert browser.get(url(obj, "delete")).status_code == expected


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)
@pytest.mark.parametrize("who", ["reader", "outsider", "guest"])
def test_pages_never_fail_for_others(stage: Stage, model: Any, who: str) -> None:
    obj = model._default_manager.first()
    pages = [url(model, "changelist"), url(model, "add")]
    if obj is not None:
        pages += [url(obj), url(obj, "history"), url(obj, "delete")]
    assert {stage.browsers[who].get(page).status_code for page in pages} <= {200, 302, 403}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)
def test_lists_take_a_constant_number_of_queries(stage: Stage, model: Any) -> None:
    assert stage.many[model] == stage.few[model]


FILTERED = [model for model in MODELS if admin.site._registry[model].list_filter]
ODD = ("x", "9" * 30, "\0")


@pytest.mark.parametrize("model", FILTERED, ids=lambda model: model._meta.label_lower)
def test_odd_filters_never_fail(browser: Client, model: Any) -> None:
    page = browser.get(url(model, "changelist"))
    names = [
        name for spec in page.context["cl"].filter_specs for name in spec.expected_parameters()
    ]
    for value in ODD:
        for name in names:
            answer = browser.get(url(model, "changelist"), {name: value})
            assert answer.status_code in {200, 302, 400}, (name, value)


def test_odd_pages_orders_and_selections_never_fail(browser: Client, world: World) -> None:
    address = url(world.asset, "changelist")
    for value in ODD:
        for name in ("o", "p", "id", "all", "_popup", "_to_field", "nonsense"):
            assert browser.get(address, {name: value}).status_code in {200, 302, 400}
        data = {"action": "delete_selected", "_selected_action": [value], "post": "yes"}
        assert browser.post(address, data).status_code == 302


def test_a_case_list_shows_only_visible_cases(
    console: Any, outsider: User, outsider_case: Any, analyst: User
) -> None:
    page = console(analyst).get(url(outsider_case, "changelist")).content.decode()
    assert "Initial Demo" in page
    assert escape(outsider_case.name) not in page


def test_a_hidden_object_is_like_a_missing_one(
    console: Any, analyst: User, outsider_case: Any
) -> None:
    browser = console(analyst)
    pages = {}
    for pk in (outsider_case.pk, 424242):
        answer = browser.get(f"/admin/cases/case/{pk}/change/", follow=True)
        text = [str(message) for message in answer.context["messages"]]
        pages[pk] = [answer.redirect_chain, *(line.replace(f"“{pk}”", "N") for line in text)]
        assert escape(outsider_case.name) not in answer.content.decode()
    assert pages[outsider_case.pk] == pages[424242]
