"""Modules hear of triage events, and are shown them under the names of IRIS."""

import json
from collections.abc import Callable

import pytest

from incidents.models import Alert
from incidents.services.alert_parts import add_alert_ioc
from incidents.services.alerts import delete_alert, update_alert
from incidents.services.converting import convert_alert, merge_alert
from incidents.services.triage import discard_alert, grab_alert, restore_alert
from modules.hooks import hooks_of_event, last_known
from modules.snapshots import take
from soar.core.actor import Actor
from soar.core.models import AuditLog

pytestmark = pytest.mark.django_db
Make = Callable[..., Alert]


def fired(last: int) -> list[str]:
    """Return the hooks of alerts that what was written since an audit row fires."""
    rows = AuditLog.objects.filter(pk__gt=last, action__startswith="alert.").order_by("id")
    hooks = [one.hook for row in rows for one in hooks_of_event(row.action, row.details)]
    return [hook.removeprefix("on_postload_alert_") for hook in hooks]


def test_every_decision_fires_its_hook(
    make_alert: Make, as_analyst: Actor, as_administrator: Actor
) -> None:
    last = AuditLog.objects.latest("id").pk
    first, second = make_alert(), make_alert()
    update_alert(as_analyst, first.pk, title="x")
    update_alert(as_analyst, first.pk, status_id=4)
    grab_alert(as_analyst, first.pk)
    discard_alert(as_analyst, first.pk)
    restore_alert(as_analyst, first.pk)
    convert_alert(as_analyst, first.pk)
    merge_alert(as_analyst, second.pk, incident_id=1)
    delete_alert(as_administrator, second.pk)
    statuses = ["status_update"] * 4
    expected = ["create", "create", "update", *statuses, "escalate", "merge", "delete"]
    assert fired(last) == expected


def test_a_module_is_shown_an_event_by_the_names_of_iris(alert: Alert, as_analyst: Actor) -> None:
    add_alert_ioc(as_analyst, alert.pk, type_id=1, value="evil.example")
    shown = take("alert", alert.pk, None)
    assert shown is not None
    assert json.loads(json.dumps(shown, allow_nan=False)) == shown
    assert (shown["alert_id"], shown["alert_source_ref"]) == (alert.pk, "MG-1")
    assert (shown["status"]["status_name"], shown["user"]["name"]) == ("New", "Analyst")
    assert [one["ioc_value"] for one in shown["iocs"]] == ["evil.example"]


def test_a_module_is_told_what_was_known_of_a_deleted_event(
    alert: Alert, as_administrator: Actor
) -> None:
    delete_alert(as_administrator, alert.pk)
    row = AuditLog.objects.get(action="alert.deleted")
    known = last_known(row.action, row.object_id, row.details)
    assert (known["alert_id"], known["alert_source_ref"]) == (row.object_id, "MG-1")
    assert take("alert", row.object_id or 0, None) is None
