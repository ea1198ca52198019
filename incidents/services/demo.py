"""The demonstration: cases of two customers and sixty events, made through the services."""

import datetime as dt
import json
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cases.models import Customer
from cases.services.assets import add_asset
from cases.services.cases import close_case
from cases.services.customers import add_customer, set_membership
from cases.services.evidences import add_evidence
from cases.services.iocs import add_ioc
from cases.services.notes import add_note, add_note_directory
from cases.services.tasks import add_task
from cases.services.timeline import add_event
from incidents.services.bootstrap import ANALYSTS_ID, generated_password
from incidents.services.demo_further import load_further
from incidents.services.demo_set_up import load_set_up
from incidents.services.demo_triage import load_triage
from incidents.services.incidents import open_incident
from incidents.services.reference import reference_rows
from soar.core.actor import Actor, system_actor
from soar.core.locking import lock_for_transaction
from soar.core.models import User
from soar.core.permissions import AccessLevel
from soar.core.services.users import add_user, set_groups

DIRECTORY: Path = settings.BASE_DIR / "incidents" / "demo"
CUSTOMERS = {
    "Northwind Logistics": "Freight forwarder, 900 employees, six sites",
    "Brightwater Health": "Group of clinics with a patient portal",
}
ANALYSTS = {"mara": "Mara Lindqvist", "tomas": "Tomás Ferreira", "aiko": "Aiko Tanabe"}
Values = dict[str, Any]


class _Ids:
    """Ids of reference rows by the names they are shipped with."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, int]] = {}

    def get(self, table: str, name: str) -> int:
        """Return the id of a name."""
        if table not in self.tables:
            self.tables[table] = {row["name"]: row["id"] for row in reference_rows(table)}
        return self.tables[table][name]


def load_demo() -> int:
    """Add the demonstration and return how many full cases it has; 0 when it is there already.

    The database must be seeded. The analysts get passwords nobody knows; an administrator sets new ones.
    """
    with transaction.atomic():
        lock_for_transaction("demo")
        if Customer.objects.filter(name__in=CUSTOMERS).exists():
            return 0
        administrator = system_actor(
            User.objects.filter(groups__name="Administrators").earliest("pk")
        )
        customers = {
            name: add_customer(administrator, name=name, description=description).pk
            for name, description in CUSTOMERS.items()
        }
        load_set_up(administrator)
        analysts = _add_analysts(administrator, list(customers.values()))
        paths = sorted(DIRECTORY.glob("[0-9]*.json"))
        ids = _Ids()
        for path in paths:
            values = json.loads(path.read_text(encoding="utf-8"))
            _add_case(analysts, customers[values["customer"]], values, ids)
        load_further(analysts, customers)
        load_triage(analysts, customers)
    return len(paths)


def _add_analysts(administrator: Actor, customer_ids: list[int]) -> dict[str, Actor]:
    analysts = {}
    for login, name in ANALYSTS.items():
        user, _ = add_user(
            administrator,
            login=login,
            name=name,
            email=f"{login}@watchfloor.example",
            password=generated_password(),
        )
        user = set_groups(administrator, user.pk, group_ids=[ANALYSTS_ID])
        for pk in customer_ids:
            set_membership(administrator, pk, user_id=user.pk, level=AccessLevel.FULL_ACCESS)
        analysts[login] = Actor.of(user, "system")
    return analysts


def _add_case(analysts: dict[str, Actor], customer_id: int, values: Values, ids: _Ids) -> None:
    owner = analysts[values["owner"]]
    incident = open_incident(
        owner,
        **{name: values[name] for name in ("name", "description", "soc_id", "tags", "outcome")},
        customer_id=customer_id,
        classification_id=ids.get("case_classifications", values["classification"]),
        severity_id=ids.get("severities", values["severity"]),
        state_id=ids.get("case_states", values["state"]),
    )
    case_id = cast(int, incident.pk)
    ioc_ids = _add_iocs(owner, case_id, values["iocs"], ids)
    asset_ids = _add_assets(owner, case_id, values["assets"], ioc_ids, ids)
    _add_events(owner, case_id, values["events"], asset_ids, ioc_ids, ids)
    _add_notes(owner, case_id, values["notes"])
    _add_tasks(list(analysts.values()), case_id, values["tasks"], ids)
    for evidence in values["evidences"]:
        evidence["type_id"] = ids.get("evidence_types", evidence.pop("type"))
        add_evidence(owner, case_id, **evidence)
    if values["is_closed"]:
        close_case(owner, case_id)


def _add_iocs(owner: Actor, case_id: int, rows: list[Values], ids: _Ids) -> list[int]:
    found = []
    for row in rows:
        type_id, tlp_id = ids.get("ioc_types", row.pop("type")), ids.get("tlp", row.pop("tlp"))
        case_ioc, _ = add_ioc(owner, case_id, type_id=type_id, tlp_id=tlp_id, **row)
        found.append(case_ioc.ioc_id)
    return found


def _add_assets(
    owner: Actor, case_id: int, rows: list[Values], ioc_ids: list[int], ids: _Ids
) -> list[int]:
    found = []
    for row in rows:
        row["type_id"] = ids.get("asset_types", row.pop("type"))
        row["analysis_status_id"] = ids.get("analysis_statuses", row.pop("analysis_status"))
        links = [ioc_ids[place] for place in row.pop("iocs")]
        found.append(add_asset(owner, case_id, ioc_ids=links, **row).pk)
    return found


def _add_events(
    owner: Actor,
    case_id: int,
    rows: list[Values],
    asset_ids: list[int],
    ioc_ids: list[int],
    ids: _Ids,
) -> None:
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    for row in rows:
        moment = now + dt.timedelta(hours=row["hours"])
        add_event(
            owner,
            case_id,
            title=row["title"],
            source=row["source"],
            date=moment,
            local_date=moment,
            tz="+00:00",
            category_id=ids.get("event_categories", row["category"]),
            asset_ids=[asset_ids[place] for place in row["assets"]],
            ioc_ids=[ioc_ids[place] for place in row["iocs"]],
            is_in_summary=row["category"] in {"Initial Access", "Impact", "Remediation"},
        )


def _add_notes(owner: Actor, case_id: int, directories: dict[str, list[Values]]) -> None:
    for name, notes in directories.items():
        directory = add_note_directory(owner, case_id, name=name)
        for note in notes:
            add_note(owner, case_id, directory_id=directory.pk, **note)


def _add_tasks(analysts: list[Actor], case_id: int, rows: list[Values], ids: _Ids) -> None:
    for place, row in enumerate(rows):
        actor = analysts[(case_id + place) % len(analysts)]
        status_id = ids.get("task_statuses", row["status"])
        add_task(
            actor, case_id, title=row["title"], status_id=status_id, assignee_ids=[actor.user_id]
        )
