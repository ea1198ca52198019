"""The triage queue of the demonstration: sixty events in every state, some of them sent twice."""

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.utils import timezone

from cases.models import Severity
from incidents.models import Alert, Incident, ListField
from incidents.services.alert_parts import add_alert_ioc, add_alert_note
from incidents.services.alerts import add_alert
from incidents.services.converting import convert_alert, merge_alert
from incidents.services.lists import find_value
from incidents.services.triage import discard_alert, grab_alert
from iocs.models import IocType
from soar.core.actor import Actor

DATA: Path = settings.BASE_DIR / "incidents" / "demo" / "triage.json"
TAKEN_IN_BY, DECIDED_BY = "mara", "tomas"
TOLD = ("source", "external_id", "title", "description", "tags", "content")
Values = dict[str, Any]


def load_triage(analysts: Mapping[str, Actor], customers: Mapping[str, int]) -> int:
    """Take in the events of the demonstration and decide about them; return how many they are.

    `analysts` are the actors by login, `customers` the ids by name. Part of load_demo, after its cases: some
    events join these.
    """
    rows: list[Values] = json.loads(DATA.read_text(encoding="utf-8"))
    now = timezone.now().replace(second=0, microsecond=0)
    types = dict(IocType.objects.values_list("name", "pk"))
    total = 0
    for row in sorted(rows, key=lambda one: cast(int, one["hours"])):
        kind = find_value(ListField.TYPE, row["type"])
        alert, is_new = add_alert(
            analysts[TAKEN_IN_BY],
            type_id=kind.pk if kind else 0,
            customer_id=customers[row["customer"]],
            severity_id=Severity.objects.get(name=row["severity"]).pk,
            created_at=now + dt.timedelta(hours=row["hours"]),
            **{name: row[name] for name in TOLD},
        )
        if is_new:
            total += 1
            _fill(analysts, alert, row, types)
            _decide(analysts, alert, row)
    return total


def _fill(
    analysts: Mapping[str, Actor], alert: Alert, row: Values, types: Mapping[str, int]
) -> None:
    actor = analysts[row.get("owner", TAKEN_IN_BY)]
    for name, value in row["iocs"]:
        add_alert_ioc(actor, alert.pk, type_id=types[name], value=value)
    if "note" in row:
        add_alert_note(actor, alert.pk, **row["note"])


def _decide(analysts: Mapping[str, Actor], alert: Alert, row: Values) -> None:
    state = row["state"]
    actor = analysts[row.get("owner", DECIDED_BY)]
    if state == "grabbed":
        grab_alert(actor, alert.pk)
    elif state == "discarded":
        discard_alert(actor, alert.pk, reason=row["reason"])
    elif state == "converted":
        convert_alert(actor, alert.pk)
    elif state == "merged":
        incident = Incident.objects.get(reference=row["incident"])
        merge_alert(actor, alert.pk, incident_id=incident.pk)
