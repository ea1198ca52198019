"""Opening incidents from fields and templates, with all that comes with a new one. Source: §3.1, §3.9."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from cases.models import CaseState
from cases.permissions import WRITE
from cases.selectors import visible_customers
from cases.services.notes import add_note, add_note_directory
from cases.services.references import check_references
from incidents.models import Incident, IncidentLabel, IncidentTemplate
from incidents.services.artifacts import add_artifact
from incidents.services.closing import require_note
from incidents.services.fields import Values, custom_of, values_of
from incidents.services.incidents import open_incident
from incidents.services.investigators import (
    add_investigators,
    add_named_in_template,
    let_owner_in,
)
from incidents.services.parties import find_party
from incidents.services.phases import status_of_phase
from incidents.services.relations import PARENT, add_relation
from soar.core.actor import Actor
from soar.core.errors import Invalid
from soar.core.history import is_possible_id
from soar.core.permissions import Permission
from soar.core.recording import recording

NO_TEMPLATE = "There is no such template."
NO_CUSTOMER = "You may open incidents of no customer."
NOTES = "Notes"
LONGEST_TITLE = 150


@dataclass(frozen=True, slots=True)
class Extras:
    """What a new incident gets besides its fields.

    `artifacts` are (field, value), `investigators` are {"user" or "group": whom, "role": text}.
    """

    artifacts: Iterable[tuple[str, str]] = ()
    investigators: Iterable[Mapping[str, Any]] = ()
    parent_id: int | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a new incident begins: template, label, folder and customer, each optional."""

    template_id: int | None = None
    label_id: int | None = None
    folder_id: int | None = None
    customer_id: int | None = None
    generated_by: str = ""


NOTHING_MORE = Extras()


def open_from_fields(
    actor: Actor, fields: Mapping[str, Any], origin: Origin, extras: Extras = NOTHING_MORE
) -> Incident:
    """Open an incident from fields by the names of the contract, those of a template below them.

    Without a customer it is the caller's first one that he may write. Raise Forbidden, also for investigators
    without INVESTIGATORS_MANAGE unless the template names them, Conflict for a taken
    incident ID where duplicates are prohibited or a skipped phase, or Invalid naming what is wrong.
    """
    actor.require(Permission.STANDARD_USER)
    with recording(actor):
        template = _template(origin.template_id)
        given = _with_template(fields, template)
        values = values_of(given)
        values |= custom_of(given, values)
        _set_status(values)
        values |= _place(origin, template, values)
        owner = find_party(given["owner"], "owner") if "owner" in given else None
        customer_id = origin.customer_id
        incident = open_incident(
            actor,
            name=values.pop("name", ""),
            customer_id=first_customer(actor) if customer_id is None else customer_id,
            generated_by=origin.generated_by,
            **values,
        )
        if owner is not None:
            chosen_by = actor if "owner" in fields else None
            let_owner_in(incident.case, owner, chosen_by=chosen_by)
        _add_extras(actor, cast(int, incident.pk), template, extras)
    return incident


def first_customer(actor: Actor) -> int:
    """Return the customer of what names none: the first the actor may write, else the first he knows.

    Raise Invalid when he knows none.
    """
    customers = visible_customers(actor).order_by("pk")
    own = customers.filter(memberships__user=actor.user_id, memberships__level__in=WRITE)
    found = own.first() or customers.first()
    if found is None:
        raise Invalid.field("customer_id", NO_CUSTOMER)
    return found.pk


def _template(template_id: int | None) -> IncidentTemplate | None:
    if template_id is None:
        return None
    rows = IncidentTemplate.objects.filter(pk=template_id)
    template = rows.first() if is_possible_id(template_id) else None
    if template is None:
        raise Invalid.field("template_id", NO_TEMPLATE)
    return template


def _with_template(
    fields: Mapping[str, Any], template: IncidentTemplate | None
) -> Mapping[str, Any]:
    """Return the fields over those of a template; its tags are those of an incident that has no others."""
    if template is None:
        return fields
    defaults = {"tags": template.tags} if template.tags else {}
    return {**defaults, **template.fields, **fields}


def _set_status(values: Values) -> None:
    """Let a phase bring its status, unless one was given, and a closed one ask for its note."""
    phase_id = values.get("phase_id")
    if phase_id is not None and not values.get("inhibits_phases"):
        state_id = status_of_phase(None, phase_id)
        if state_id is not None:
            values.setdefault("state_id", state_id)
    state_id = values.get("state_id", CaseState.OPEN)
    if CaseState.objects.filter(pk=state_id, is_closed=True).exists():
        require_note(values.get("closing_note"))


def _place(origin: Origin, template: IncidentTemplate | None, values: Values) -> Values:
    """Return label, folder and template of a new incident. Raise Invalid for an unknown label."""
    place: Values = {"template_id": origin.template_id}
    label_id = origin.label_id
    if label_id is None and template is not None:
        label_id = template.label_id
    if label_id is not None:
        check_references(label_id=(IncidentLabel, label_id, "There is no such incident label."))
        place["label_id"] = label_id
    folder_id = origin.folder_id
    if folder_id is None and "folder_id" not in values and template is not None:
        folder_id = template.folder_id
    if folder_id is not None:
        place["folder_id"] = folder_id
    return place


def _add_extras(
    actor: Actor, incident_id: int, template: IncidentTemplate | None, extras: Extras
) -> None:
    for name, value in extras.artifacts:
        add_artifact(actor, incident_id, field=name, value=value)
    if template is not None:
        _add_template_parts(actor, incident_id, template)
    invited = list(extras.investigators)
    if invited:
        add_investigators(actor, incident_id, invited)
    if extras.parent_id is not None:
        other_id = extras.parent_id
        add_relation(actor, incident_id, other_id=other_id, relation=PARENT, field="parent_id")


def _add_template_parts(actor: Actor, incident_id: int, template: IncidentTemplate) -> None:
    """Add what the template names; who left since or is denied is left out, the incident is opened."""
    for entry in template.investigators:
        with suppress(Invalid):
            add_named_in_template(actor, incident_id, [entry])
    if not template.notes:
        return
    directory = add_note_directory(actor, incident_id, name=NOTES)
    for entry in template.notes:
        add_note(
            actor,
            incident_id,
            title=str(entry.get("title") or NOTES)[:LONGEST_TITLE],
            content_html=str(entry.get("additional_info") or ""),
            directory_id=directory.pk,
        )
