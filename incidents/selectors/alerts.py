"""Readers of alerts."""

from django.db.models import (
    Q,
    QuerySet,
)

from cases.selectors import (
    visible_customers,
)
from incidents.models import (
    Alert,
    AlertIoc,
    AlertNote,
)
from soar.core.actor import Actor
from soar.core.permissions import Permission

SHOWN_WITH_ALERT = (
    "type",
    "status__list_value",
    "severity__list_value",
    "customer",
    "owner",
    "created_by",
)


def visible_alerts(actor: Actor) -> QuerySet[Alert]:
    """Return the alerts of customers the actor may know, to those who may read or write alerts."""
    if not actor.may(Permission.ALERTS_READ, Permission.ALERTS_WRITE, Permission.ALERTS_DELETE):
        return Alert.objects.none()
    return Alert.objects.filter(customer__in=visible_customers(actor).order_by().values("pk"))


def alerts_as_shown(actor: Actor) -> QuerySet[Alert]:
    """Return the visible alerts with all that lists and pages show of one."""
    return visible_alerts(actor).select_related(*SHOWN_WITH_ALERT)


def involving_alerts(actor: Actor, alerts: QuerySet[Alert]) -> QuerySet[Alert]:
    """Return those of the alerts that the actor owns or took in."""
    return alerts.filter(Q(owner=actor.user_id) | Q(created_by=actor.user_id))


def visible_alert_iocs(actor: Actor) -> QuerySet[AlertIoc]:
    """Return the indicators of visible alerts."""
    return AlertIoc.objects.filter(alert__in=visible_alerts(actor).order_by().values("pk"))


def visible_alert_notes(actor: Actor) -> QuerySet[AlertNote]:
    """Return the notes on visible alerts."""
    return AlertNote.objects.filter(alert__in=visible_alerts(actor).order_by().values("pk"))
