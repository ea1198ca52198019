"""Alerts, which Cloud SOAR calls triage events: taken in once, changed, deleted. Source: contract §3.2, §4.5."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from cases.models import Severity
from cases.selectors import find, visible_customers
from cases.services.references import check_references
from incidents.models import Alert, AlertStatus, ListField, ListValue
from incidents.selectors import visible_alerts
from incidents.services.custom_values import checked_values
from iocs.services import drop_unreferenced_iocs
from soar.core.actor import Actor
from soar.core.errors import Conflict, Invalid
from soar.core.history import apply_changes, is_possible_id
from soar.core.inserting import insert_if_absent
from soar.core.permissions import Permission
from soar.core.recording import recording

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
    among = visible_alerts(actor).filter(source=source, external_id=external_id)
    if customer_id is not None:
        among = among.filter(customer=customer)
    known = among.order_by("pk").first() if external_id else None
    if known is not None:
        return known, False
    values = fields | {"type_id": type_id}
    check_alert_references(values)
    alert = Alert(
        customer_id=customer,
        source=source,
        external_id=external_id,
        status_id=AlertStatus.NEW,
        created_at=created_at or timezone.now(),
        created_by_id=actor.user_id,
    )
    _, after = apply_changes(alert, values, EDITABLE)
    alert.custom = checked_values(SECTION, custom or {}, is_new=is_complete, facts=facts_of(alert))
    with recording(actor) as record:
        while not insert_if_absent(alert):
            known = among.filter(customer=customer).first()  # somebody was faster
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
        types = ListValue.objects.filter(field=ListField.TYPE)
        if not is_possible_id(pk) or not types.filter(pk=pk).exists():
            raise Invalid.field("type_id", "There is no such type.")


def facts_of(alert: Alert) -> dict[str, Any]:
    """Return what conditions of custom fields may ask for, by the names of the wire."""
    return {
        "type": alert.type.label,
        "status": alert.status.label,
        "source": alert.source,
        "state": alert.state,
    }


def _customer_of(actor: Actor, given: int | None) -> int:
    """Return the customer of a new event. Raise Invalid."""
    customers = visible_customers(actor).order_by("pk")
    if given is not None:
        customers = customers.filter(pk=given if is_possible_id(given) else 0)
    found = customers.values_list("pk", flat=True).first()
    if found is None:
        raise Invalid.field("customer_id", UNKNOWN_CUSTOMER)
    return found
