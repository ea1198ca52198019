"""Reference data: the rows every installation has, with the ids clients know (contract §4)."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.auth.models import Permission as DjangoPermission
from django.db import models, transaction

from cases.models import (
    AnalysisStatus,
    AssetType,
    AttributeDefinition,
    CaseClassification,
    CaseState,
    EventCategory,
    EvidenceType,
    ReviewStatus,
    Severity,
    TaskStatus,
)
from incidents.models import (
    AlertStatus,
    Folder,
    IncidentLabel,
    IncidentSettings,
    ListField,
    ListValue,
)
from incidents.services.lists import COUNTERPARTS
from iocs.models import IocType, Tlp
from soar.core.locking import align_sequences, lock_for_transaction
from soar.core.models import GroupProfile
from soar.core.permissions import Permission

DIRECTORY: Path = settings.BASE_DIR / "soar" / "core" / "reference"
TABLES: dict[str, type[models.Model]] = {
    "alert_statuses": AlertStatus,
    "analysis_statuses": AnalysisStatus,
    "asset_types": AssetType,
    "attribute_definitions": AttributeDefinition,
    "case_classifications": CaseClassification,
    "case_states": CaseState,
    "event_categories": EventCategory,
    "evidence_types": EvidenceType,
    "ioc_types": IocType,
    "review_statuses": ReviewStatus,
    "severities": Severity,
    "task_statuses": TaskStatus,
    "tlp": Tlp,
    # After what they stand for
    "list_values": ListValue,
    "folders": Folder,
    "incident_labels": IncidentLabel,
    "incident_settings": IncidentSettings,
}
# What administrators may take away for good: shipped into an empty table only.
ONCE = frozenset({"list_values", "folders", "incident_labels"})
Row = dict[str, Any]


def seed_reference() -> int:
    """Add the reference rows and groups that are missing by id, and return how many there were.

    What an administrator renamed stays, and so does a name he gave to another row. A state, severity or
    alert status that another door made gets the list value it goes by here.
    """
    with transaction.atomic():
        lock_for_transaction("seed")
        added = sum(_add_missing(name, table) for name, table in TABLES.items())
        added += _add_missing_groups(reference_rows("groups"))
        align_sequences(*TABLES.values(), Group)
        added += sum(_add_list_values(field) for field in COUNTERPARTS)
    return added


def reference_rows(name: str) -> list[Row]:
    """Return the shipped rows of one table, in the names of our models."""
    rows: list[Row] = json.loads((DIRECTORY / f"{name}.json").read_text(encoding="utf-8"))
    return rows


def _add_missing(name: str, table: type[models.Model]) -> int:
    known = set(table._default_manager.values_list("pk", flat=True))
    if known and name in ONCE:
        return 0
    missing = [table(**row) for row in reference_rows(name) if row["id"] not in known]
    table._default_manager.bulk_create(missing, ignore_conflicts=True)
    return len(missing)


def _add_list_values(field: ListField) -> int:
    attribute, table = COUNTERPARTS[field]
    taken = dict(ListValue.objects.filter(field=field).values_list("label", "position"))
    labels, last = {label.lower() for label in taken}, max(taken.values(), default=0)
    without = list(table._default_manager.filter(list_value=None).order_by("pk"))
    for position, row in enumerate(without, start=last + 1):
        name = str(row)
        label = f"{name} ({row.pk})" if name.lower() in labels else name
        labels.add(label.lower())
        ListValue.objects.create(field=field, label=label, position=position, **{attribute: row})
    return len(without)


def _add_missing_groups(rows: list[Row]) -> int:
    known = set(Group.objects.values_list("pk", flat=True))
    missing = [row for row in rows if row["id"] not in known]
    Group.objects.bulk_create(Group(id=row["id"], name=row["name"]) for row in missing)
    GroupProfile.objects.bulk_create(
        GroupProfile(
            group_id=row["id"],
            description=row["description"],
            auto_follow=row["auto_follow"],
            auto_follow_access_level=row["auto_follow_access_level"],
        )
        for row in missing
    )
    held = DjangoPermission.objects.filter(content_type__app_label="core")
    by_codename = dict(held.values_list("codename", "pk"))
    links = Group.permissions.through
    links._default_manager.bulk_create(
        links(group_id=row["id"], permission_id=by_codename[bit.codename])
        for row in missing
        for bit in Permission
        if bit & row["mask"]
    )
    return len(missing)
