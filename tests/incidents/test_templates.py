"""Incident templates: whatever is kept in one can begin an incident (contract §3.9)."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from incidents.models import IncidentTemplate
from incidents.services.custom_fields import add_custom_field
from incidents.services.templates import add_template, delete_template, update_template
from soar.core.actor import Actor
from soar.core.errors import Forbidden, Invalid, NotFound
from soar.core.models import AuditLog, User
from soar.core.services.users import set_active

pytestmark = pytest.mark.django_db
FIELDS = {
    "description": "Somebody clicked",
    "additional_info": "<p>Ask him</p>",
    "timezone": "Europe/Rome",
    "inhibit_phases": False,
    "status": "containment",
    "restriction": 14,
    "incident_kind": "27",
    "type": ["Phishing", 18],
    "owner": {"group": 2},
    "tags": "mail, user",
    "purpose": "",
    "phase": None,
}
KEPT = {
    "description": "Somebody clicked",
    "additional_info": "<p>Ask him</p>",
    "timezone": "Europe/Rome",
    "inhibit_phases": False,
    "status": 3,
    "restriction": 14,
    "incident_kind": 27,
    "type": [17, 18],
    "owner": {"group": 2},
    "tags": ["mail", "user"],
}


def test_defaults_are_kept_in_one_form(as_administrator: Actor) -> None:
    template = add_template(as_administrator, name=" Phishing ", fields=FIELDS)
    template.refresh_from_db()
    assert (template.name, template.fields) == ("Phishing", KEPT)
    assert AuditLog.objects.latest("id").action == "incident_template.created"


def test_custom_values_are_checked(as_administrator: Actor) -> None:
    add_custom_field(as_administrator, section="incidents", label="N", type="Numeric Textbox")
    template = add_template(as_administrator, name="T", fields={"opt_1": "7"})
    assert template.fields == {"opt_1": 7}


@pytest.mark.parametrize("owner", [1, "1", "ADMINISTRATOR"])
def test_an_owner_is_a_user_by_id_or_name(as_administrator: Actor, owner: Any) -> None:
    assert add_template(as_administrator, name="T", fields={"owner": owner}).fields == {"owner": 1}


@pytest.mark.parametrize(("word", "kept"), [(True, True), ("off", False), ("1", True)])
def test_a_flag_may_be_a_word_of_a_form(as_administrator: Actor, word: Any, kept: bool) -> None:
    template = add_template(as_administrator, name="T", fields={"inhibit_phases": word})
    assert template.fields == {"inhibit_phases": kept}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nonsense", 1),
        ("incidentid", "INC-1"),
        ("closingtime", "2026-01-01"),
        ("opt_1", "x"),
        ("status", "Nowhere"),
        ("status", 17),
        ("type", ["Phishing", "Nowhere"]),
        ("owner", 999_999),
        ("owner", "nobody"),
        ("owner", {"group": 999}),
        ("owner", {"user": 1}),
        ("owner", True),
        ("inhibit_phases", "perhaps"),
        ("inhibit_phases", [True]),
        ("owner", "9" * 18),
        ("description", "x" * 201),
        ("description", {"a": 1}),
        ("tags", ["x"] * 101),
        ("tags", [{"a": 1}]),
        ("tags", {"a": 1}),
    ],
)
def test_a_default_no_incident_could_have_is_named(
    as_administrator: Actor, name: str, value: Any
) -> None:
    with pytest.raises(Invalid) as refusal:
        add_template(as_administrator, name="T", fields={name: value})
    assert set(refusal.value.fields) == {f"fields.{name}"}
    assert not IncidentTemplate.objects.exists()


def test_all_wrong_defaults_are_named_at_once(as_administrator: Actor) -> None:
    with pytest.raises(Invalid) as refusal:
        add_template(as_administrator, name="T", fields={"status": "x", "opt_5": 1, "type": "y"})
    assert set(refusal.value.fields) == {"fields.status", "fields.opt_5", "fields.type"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", ""),
        ("name", "taken"),
        ("category", "x" * 201),
        ("fields", [1]),
        ("label_id", 999),
        ("folder_id", 999),
        ("investigators", {"user": 1}),
        ("investigators", [1]),
        ("investigators", [{"role": "Lead"}]),
        ("investigators", [{"user": 1, "group": 1}]),
        ("investigators", [{"user": 999_999}]),
        ("investigators", [{"group": "Analysts"}]),
        ("investigators", [{"user": 1, "role": "x" * 101}]),
        ("investigators", [{"user": 1, "level": 4}]),
        ("notes", "text"),
        ("notes", [{"additional_info": "x"}]),
        ("notes", [{"title": "x" * 155}]),
        ("notes", [{"title": "x", "additional_info": 1}]),
        ("notes", [{"title": "x", "more": 1}]),
    ],
)
def test_odd_templates_are_refused(as_administrator: Actor, name: str, value: Any) -> None:
    add_template(as_administrator, name="Taken")
    with pytest.raises(Invalid) as refusal:
        add_template(as_administrator, **{"name": "T", name: value})
    assert set(refusal.value.fields) == {name}


def test_investigators_and_notes_are_kept_in_one_form(
    as_administrator: Actor, analyst: User
) -> None:
    template = add_template(
        as_administrator,
        name="T",
        investigators=[{"user": "Analyst"}, {"group": 2, "role": "Help"}, {"user": analyst.pk}],
        notes=[{"title": " Call "}],
    )
    who = [{"user": analyst.pk, "role": ""}, {"group": 2, "role": "Help"}]
    assert template.investigators == who
    assert template.notes == [{"title": "Call", "additional_info": ""}]


def test_who_left_is_no_owner_and_no_investigator(as_administrator: Actor, analyst: User) -> None:
    set_active(as_administrator, analyst.pk, active=False)
    for values in (
        {"fields": {"owner": analyst.pk}},
        {"fields": {"owner": "analyst"}},
        {"investigators": [{"user": analyst.pk}]},
    ):
        with pytest.raises(Invalid):
            add_template(as_administrator, name="T", **values)


def test_a_template_changes_in_part_and_its_fields_as_a_whole(as_administrator: Actor) -> None:
    template = add_template(as_administrator, name="T", category="C", fields={"restriction": 14})
    update_template(as_administrator, template.pk, fields={"status": 1}, label_id=1)
    template.refresh_from_db()
    assert (template.category, template.fields, template.label_id) == ("C", {"status": 1}, 1)
    line = AuditLog.objects.latest("id")
    assert line.details["before"]["fields"] == {"restriction": 14}


def test_a_template_is_deleted(as_administrator: Actor) -> None:
    template = add_template(as_administrator, name="T")
    delete_template(as_administrator, template.pk)
    assert AuditLog.objects.latest("id").action == "incident_template.deleted"
    with pytest.raises(NotFound):
        delete_template(as_administrator, template.pk)


@pytest.mark.parametrize(
    "write",
    [
        partial(add_template, name="A"),
        lambda actor: update_template(actor, 1, name="A"),
        lambda actor: delete_template(actor, 1),
    ],
)
def test_only_administrators_write_templates(
    as_analyst: Actor, write: Callable[[Actor], object]
) -> None:
    with pytest.raises(Forbidden):
        write(as_analyst)
