"""Further incidents of the demonstration, so that there is one in every state: reopened and deleted ones too."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from django.conf import settings

from incidents.services.closing import close_incident, reopen_incident
from incidents.services.deleting import delete_incident
from incidents.services.editing import change_incident
from incidents.services.opening import Origin, open_from_fields
from soar.core.actor import Actor

DATA: Path = settings.BASE_DIR / "incidents" / "demo" / "further.json"


def load_further(analysts: Mapping[str, Actor], customers: Mapping[str, int]) -> int:
    """Open the incidents and let each come to its end; return how many they are.

    `analysts` are the actors by login, `customers` the ids by name. Part of load_demo.
    """
    rows: list[dict[str, Any]] = json.loads(DATA.read_text(encoding="utf-8"))
    for row in rows:
        actor = analysts[row["owner"]]
        origin = Origin(customer_id=customers[row["customer"]])
        incident = open_from_fields(actor, row["fields"], origin)
        _end(actor, cast(int, incident.pk), row)
    return len(rows)


def _end(actor: Actor, incident_id: int, row: Mapping[str, Any]) -> None:
    end = row["end"]
    if end == "reopened":
        close_incident(actor, incident_id, closing_note=row["note"], outcome=1)
        reopen_incident(actor, incident_id, status=row["status"], reason=row["reason"])
    elif end == "lessons":
        change_incident(actor, incident_id, {"status": row["status"], "closing_note": row["note"]})
    elif end == "deleted":
        delete_incident(actor, incident_id)
