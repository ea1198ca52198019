"""Alerts, which Cloud SOAR calls triage events: taken in once, changed, deleted. Source: contract §3.2, §4.5."""

import datetime as dt
from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db.models import QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from cases.models import Customer, Severity
from cases.selectors import find, visible_customers
from cases.services.references import check_references
from incidents.models import Alert, AlertStatus, ListField, ListValue
from incidents.selectors import visible_alerts
from incidents.services.custom_values import checked_values
from iocs.services import drop_unreferenced_iocs
from soar.core.actor import Actor
from soar.core.compiled import CompiledQuery
from soar.core.errors import Conflict, Invalid
from soar.core.history import apply_changes, is_possible_id
from soar.core.inserting import insert_if_absent
from soar.core.permissions import Permission
from soar.core.recording import recording
from soar.core.tags import check_tags

EDITABLE = frozenset(
    {"title", "description", "type_id", "status_id", "severity_id", "tags", "content", "custom"}
)
UNKNOWN_ALERT = "There is no such event."
UNKNOWN_CUSTOMER = "There is no such customer."
SECTION = "triage"
OPEN_STATES = (Alert.State.PENDING, Alert.State.GRABBED)


def add_alert(
    actor: Actor,
    *,
    type_id: int,
    customer_id: int | None = None,
    source: str = "",
    external_id: str = "",
    custom: Mapping[str, Any] | None = None,
    is_complete: bool = True,
    created_at: dt.datetime | None = None,
    **fields: Any,
) -> tuple[Alert, bool]:
    """Take an event in and return it, and whether it is new.

    What a source sent before under the same external ID is returned as it is now. Without `customer_id` it
    is of the first customer the actor may know. Only a complete one must have the custom fields that are
    required. `created_at` is when it came, unless now. Raise Forbidden, or Invalid for a value that is wrong.
    """
    actor.require(Permission.ALERTS_WRITE)
    customer = _customer_of(actor, customer_id)
    known = None
    if external_id and _KNOWN.first(actor=actor, source=source, external_id=external_id):
        known = _taken_in(actor, source, external_id, customer_id)
    if known is not None:
        return known, False
    values = fields | {"type_id": type_id}
    check_alert_references(values)
    check_tags(values.get("tags"))
    alert = Alert(
        customer_id=customer,
        source=source,
        external_id=external_id,
        status_id=AlertStatus.NEW,
        created_at=created_at or timezone.now(),
        created_by_id=actor.user_id,
    )
    _, after = apply_changes(alert, values, EDITABLE)
    alert.custom = checked_values(
        SECTION, custom or {}, is_new=is_complete, facts=partial(facts_of, alert)
    )
    with recording(actor) as record:
        while not insert_if_absent(alert):
            known = _taken_in(actor, source, external_id, customer)  # somebody was faster
            if known is not None:
                return known, False
        after |= {"customer_id": customer, "source": source, "external_id": external_id}
        summary = f"took in event {alert}"
        record("alert.created", alert, summary=summary, after=after | {"custom": alert.custom})
    return alert, True


def update_alert(actor: Actor, alert_id: int, **changes: Any) -> Alert:
    """Change an event; `custom` overlays its custom fields. Raise Forbidden, NotFound or Invalid."""
    actor.require(Permission.ALERTS_WRITE)
    check_alert_references(changes)
    check_tags(changes.get("tags"))
    with recording(actor) as record:
        alert = locked_alert(actor, alert_id)
        custom = changes.pop("custom", None)
        before, after = apply_changes(alert, changes, EDITABLE)
        if custom is not None:
            values = checked_values(SECTION, custom, alert.custom, facts=facts_of(alert))
            old, new = apply_changes(alert, {"custom": values}, EDITABLE)
            before, after = before | old, after | new
        if after:
            alert.save()
            action = "alert.status_changed" if set(after) == {"status_id"} else "alert.updated"
            summary = f"updated event {alert}"
            case_id = alert.incident_id
            record(action, alert, case_id=case_id, summary=summary, before=before, after=after)
    return alert


def delete_alert(actor: Actor, alert_id: int) -> None:
    """Delete an event for good, with all that is on it. Raise Forbidden or NotFound."""
    actor.require(Permission.ALERTS_DELETE)
    with recording(actor) as record:
        alert = locked_alert(actor, alert_id)
        names = ("title", "source", "external_id", "customer_id", "type_id", "state", "incident_id")
        before = {name: getattr(alert, name) for name in names}
        summary = f"deleted event {alert}"
        record("alert.deleted", alert, case_id=alert.incident_id, summary=summary, before=before)
        ioc_ids = list(alert.alert_iocs.values_list("ioc_id", flat=True))
        alert.delete()
        drop_unreferenced_iocs(ioc_ids)


def locked_alert(actor: Actor, alert_id: int) -> Alert:
    """Return an event whose row is held until the transaction ends. Raise NotFound."""
    rows = visible_alerts(actor).select_for_update(of=("self",))
    return find(rows, alert_id, UNKNOWN_ALERT)


def require_open(alert: Alert) -> None:
    """Raise Conflict unless an event still waits for a decision."""
    if alert.state == Alert.State.DISCARDED:
        raise Conflict("Already discarded", details=[f"Triage event {alert.pk} was discarded."])
    if alert.state == Alert.State.CONVERTED:
        raise Conflict("Already converted", details=[f"Triage event {alert.pk} was converted."])


def check_alert_references(values: Mapping[str, Any]) -> None:
    """Raise Invalid naming every value of an event that refers to nothing."""
    check_references(
        status_id=(AlertStatus, values.get("status_id"), "There is no such status."),
        severity_id=(Severity, values.get("severity_id"), "There is no such severity."),
    )
    if "type_id" in values:
        pk = values["type_id"]
        if not is_possible_id(pk) or not _TYPES.first(type_id=pk):
            raise Invalid.field("type_id", "There is no such type.")


def facts_of(alert: Alert) -> dict[str, Any]:
    """Return what conditions of custom fields may ask for, by the names of the wire."""
    labels = _LABELS.first(type_id=alert.type_id, status_id=alert.status_id)
    type_label, status_label = labels or ("", "")
    return {
        "type": type_label,
        "status": status_label,
        "source": alert.source,
        "state": alert.state,
    }


def _taken_in(actor: Actor, source: str, external_id: str, customer_id: int | None) -> Alert | None:
    """Return the event that a source sent under an external ID, of one customer if that is given."""
    rows = visible_alerts(actor).filter(source=source, external_id=external_id)
    if customer_id is not None:
        rows = rows.filter(customer=customer_id)
    return rows.order_by("pk").first()


def _known(actor: Actor, source: str, external_id: str) -> QuerySet[Alert, Any]:
    rows = visible_alerts(actor).filter(source=source, external_id=external_id)
    return rows.order_by().values_list("pk")[:1]


def _first_customer(actor: Actor) -> QuerySet[Customer, Any]:
    return visible_customers(actor).order_by("pk").values_list("pk")[:1]


def _types(type_id: int) -> QuerySet[ListValue, Any]:
    return ListValue.objects.filter(field=ListField.TYPE, pk=type_id).order_by().values_list("pk")


def _labels(type_id: int, status_id: int) -> QuerySet[ListValue, Any]:
    states = AlertStatus.objects.filter(pk=status_id).order_by()
    status = states.values(shown=Coalesce("list_value__label", "name"))
    rows = ListValue.objects.filter(pk=type_id).order_by()
    return rows.annotate(status_label=Subquery(status)).values_list("label", "status_label")


# What every event that comes in asks for; sources send them by the thousand (bench/).
_KNOWN = CompiledQuery(_known, source=str, external_id=str)
_FIRST_CUSTOMER = CompiledQuery(_first_customer)
_TYPES = CompiledQuery(_types, type_id=int)
_LABELS = CompiledQuery(_labels, type_id=int, status_id=int)


def _customer_of(actor: Actor, given: int | None) -> int:
    """Return the customer of a new event. Raise Invalid."""
    if given is None:
        row = _FIRST_CUSTOMER.first(actor=actor)
        found = row[0] if row else None
    else:
        customers = visible_customers(actor).filter(pk=given if is_possible_id(given) else 0)
        found = customers.values_list("pk", flat=True).first()
    if found is None:
        raise Invalid.field("customer_id", UNKNOWN_CUSTOMER)
    return int(found)
