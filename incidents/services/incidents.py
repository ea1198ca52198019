"""Opening and changing incidents; opening one is the only way a case comes into being."""

from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from cases.attributes import merge_attributes
from cases.models import Case
from cases.selectors import WRITE, find, visible_cases
from cases.services.access import grant_initial_access
from cases.services.cases import EDITABLE as CASE_EDITABLE
from cases.services.cases import UNKNOWN_CASE, admit, check_case_references, update_case
from cases.services.references import check_references
from cases.services.rich_texts import with_both
from incidents.models import (
    Folder,
    Incident,
    IncidentLabel,
    IncidentSettings,
    IncidentTemplate,
    IncidentType,
    ListField,
    ListValue,
)
from incidents.services.naming import TAKEN, free_reference, next_name
from soar.core.actor import Actor
from soar.core.errors import Conflict, Invalid
from soar.core.history import apply_changes, note
from soar.core.locking import lock_for_transaction
from soar.core.models import ChangeCounter
from soar.core.permissions import Permission
from soar.core.recording import recording

COUNTED_FAMILIES = ("assets", "events", "evidences", "ioc", "notes", "tasks")
LISTED = {
    "kind_id": ListField.KIND,
    "category_id": ListField.CATEGORY,
    "purpose_id": ListField.PURPOSE,
    "phase_id": ListField.PHASE,
}
EDITABLE = frozenset(
    {
        *LISTED,
        "folder_id",
        "template_id",
        "started_at",
        "ended_at",
        "timezone",
        "inhibits_phases",
        "custom",
        "reference",
    }
)


def incident_settings() -> IncidentSettings:
    """Return how this installation handles incidents."""
    return IncidentSettings.objects.filter(pk=IncidentSettings.ONLY).first() or IncidentSettings()


def open_incident(
    actor: Actor,
    *,
    name: str,
    customer_id: int,
    soc_id: str = "",
    reference: str = "",
    label_id: int | None = None,
    type_ids: list[int] | None = None,
    generated_by: str = "",
    custom_attributes: dict[str, Any] | None = None,
    **fields: Any,
) -> Incident:
    """Open an incident with its case, both with one id, owned by the actor.

    Its reference is the one given, the ticket a client of IRIS gave, or the next name of the label, in this
    order; one that is taken gets a suffix. Without a name it is called by its reference. `fields` are the case's and those of EDITABLE; values of custom
    fields are checked by the caller. Raise Forbidden, Conflict for a taken reference where duplicates are
    prohibited, or Invalid for a reference to nothing the actor may use.
    """
    actor.require(Permission.STANDARD_USER)
    operational = {key: fields.pop(key) for key in EDITABLE & fields.keys()}
    values = fields | {"customer_id": customer_id}
    values["soc_id"] = soc_id or reference
    check_case_references(actor, values)
    check_incident_references(operational)
    types = types_of(type_ids or [])
    if types and types[0].classification_id and not values.get("classification_id"):
        values["classification_id"] = types[0].classification_id
    with recording(actor) as record:
        named = _new_reference(reference or soc_id, label_id)
        values["name"] = name or named
        case, after = _new_case(actor, values, custom_attributes)
        incident = Incident(case=case, opened_through=actor.channel, generated_by=generated_by)
        incident.reference = named
        operational.setdefault("folder_id", _first_folder())
        _, more = apply_changes(incident, operational, EDITABLE)
        _insert(incident)
        _add_types(incident, types)
        after |= more | {"customer_id": customer_id, "reference": incident.reference}
        record("case.created", case, case_id=case.pk, summary=f"opened case {case}", after=after)
    return incident


def update_incident(actor: Actor, incident_id: int, **changes: Any) -> Incident:
    """Change an incident, its case included, in one transaction.

    `type_ids` replaces its types; the first one's classification becomes that of the case. A given reference
    becomes the ticket that clients of IRIS see, and a ticket that was the reference stays so. Raise Forbidden,
    NotFound, Conflict or Invalid.
    """
    admit(actor, incident_id, UNKNOWN_CASE)
    type_ids = changes.pop("type_ids", None)
    operational = {key: changes.pop(key) for key in EDITABLE & changes.keys()}
    check_incident_references(operational)
    types = types_of(type_ids) if type_ids is not None else None
    with recording(actor) as record:
        # The case's row is the lock of everything about an incident.
        rows = visible_cases(actor, WRITE).select_for_update(of=("self",))
        case = find(rows, incident_id, UNKNOWN_CASE)
        incident = Incident.objects.get(pk=case.pk)
        incident.case = case
        if types and types[0].classification_id:
            changes.setdefault("classification_id", types[0].classification_id)
        _keep_reference_and_ticket(incident, operational, changes)
        if changes or not (operational or types is not None):
            incident.case = update_case(actor, incident_id, **changes)
        before, after = apply_changes(incident, operational, EDITABLE)
        if after:
            _insert(incident)
        if types is not None:
            _replace_types(incident, types, before, after)
        if before or after:
            summary = f"updated incident {incident.reference}"
            record(
                "incident.updated",
                incident,
                case_id=incident_id,
                summary=summary,
                before=before,
                after=after,
            )
    return incident


def types_of(type_ids: list[int]) -> list[ListValue]:
    """Return incident types by id, in order and once each. Raise Invalid."""
    rows = ListValue.objects.filter(field=ListField.TYPE).in_bulk(type_ids)
    missing = [pk for pk in type_ids if pk not in rows]
    if missing:
        raise Invalid.field("type_ids", f"There is no incident type {missing[0]}.")
    return [rows[pk] for pk in dict.fromkeys(type_ids)]


def check_incident_references(values: dict[str, Any]) -> None:
    """Raise Invalid naming every value that refers to nothing, or to a value of another field."""
    check_references(
        folder_id=(Folder, values.get("folder_id"), "There is no such folder."),
        template_id=(IncidentTemplate, values.get("template_id"), "There is no such template."),
    )
    wanted = {name: values[name] for name in LISTED if values.get(name) is not None}
    fields = dict(ListValue.objects.filter(pk__in=wanted.values()).values_list("pk", "field"))
    errors = {
        name: ["There is no such value."]
        for name, pk in wanted.items()
        if fields.get(pk) != LISTED[name]
    }
    if errors:
        raise Invalid("Data error", errors)


def _first_folder() -> int | None:
    return Folder.objects.order_by("pk").values_list("pk", flat=True).first()


def _new_reference(wanted: str, label_id: int | None) -> str:
    """Return the reference of a new incident; one that comes of a label is never refused."""
    if wanted:
        # Two who want the same one at once get two, or one of them is refused as duplicates are.
        lock_for_transaction(f"incident reference {wanted}")
        prohibits = incident_settings().prohibits_duplicates
        return free_reference(wanted[:200], prohibits_duplicates=prohibits)
    labels = IncidentLabel.objects.all()
    label = labels.filter(is_default=True).first() or labels.order_by("pk").first()
    if label_id is not None:
        label = find(labels, label_id, "There is no such incident label.")
    name = next_name(label) if label is not None else "INC"
    return free_reference(name, prohibits_duplicates=False)


def _insert(incident: Incident) -> None:
    """Save an incident whose reference somebody else may have taken meanwhile."""
    try:
        incident.save()
    except IntegrityError as error:
        raise Conflict(TAKEN) from error


def _keep_reference_and_ticket(
    incident: Incident, operational: dict[str, Any], changes: dict[str, Any]
) -> None:
    prohibits = incident_settings().prohibits_duplicates
    if operational.get("reference"):
        wanted = str(operational["reference"])
        operational["reference"] = free_reference(
            wanted, prohibits_duplicates=prohibits, but=incident.pk
        )
        changes.setdefault("soc_id", operational["reference"])
    elif changes.get("soc_id") and incident.case.soc_id == incident.reference:
        operational["reference"] = free_reference(
            changes["soc_id"][:200], prohibits_duplicates=False, but=incident.pk
        )


def _new_case(
    actor: Actor, values: dict[str, Any], custom_attributes: dict[str, Any] | None
) -> tuple[Case, dict[str, Any]]:
    """Save a new case of the actor's and return it with the values it began with."""
    case = Case(opened_by_id=actor.user_id, owner_id=actor.user_id)
    case.opened_on = timezone.now().date()
    values["custom_attributes"] = merge_attributes("case", custom_attributes)
    _, after = apply_changes(case, with_both(values, "description"), CASE_EDITABLE)
    if case.state.is_closed:
        case.closed_at, case.closed_on = timezone.now(), case.opened_on
    note(actor, case, "opened case")
    case.save()
    grant_initial_access(case, actor.user_id)
    ChangeCounter.objects.bulk_create(
        ChangeCounter(case_id=case.pk, family=family) for family in COUNTED_FAMILIES
    )
    return case, after


def _add_types(incident: Incident, types: list[ListValue]) -> None:
    IncidentType.objects.bulk_create(IncidentType(incident=incident, value=one) for one in types)


def _replace_types(
    incident: Incident, types: list[ListValue], before: dict[str, Any], after: dict[str, Any]
) -> None:
    """Give an incident other types, and note both in what is recorded."""
    before["types"] = list(incident.type_links.values_list("value_id", flat=True))
    after["types"] = [one.pk for one in types]
    incident.type_links.all().delete()
    _add_types(incident, types)
