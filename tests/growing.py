"""A case, and an installation around it, with any number of objects of every kind, made in bulk."""

import datetime as dt
from typing import Any

from django.contrib.auth.models import Group
from django.db import models

from cases.models import (
    AnalysisStatus,
    Asset,
    AssetIoc,
    AssetType,
    Case,
    CaseClassification,
    CaseIoc,
    Customer,
    Event,
    EventAsset,
    EventCategory,
    EventIoc,
    Evidence,
    GlobalTask,
    Note,
    NoteDirectory,
    Task,
    TaskAssignment,
    UserCaseAccess,
)
from iocs.models import Ioc, IocType
from iocs.models.iocs import fingerprint
from modules.models import HookSubscription, Module, ModuleParameter, ModuleRun
from soar.core.models import AuditLog, User
from soar.core.services.api_keys import issue_key
from tests.cast import ADMINISTRATORS

MOMENT = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
BATCH = 500


def _bulk(model: type[models.Model], rows: list[dict[str, Any]]) -> list[Any]:
    made = [model(**row) for row in rows]
    return list(model._default_manager.bulk_create(made, batch_size=BATCH))


def grow_case(case: Case, count: int, *, mark: str = "x") -> None:
    """Add `count` objects of every family to a case, each linked to one of the others."""
    mine = {"case": case, "user_id": 1}
    numbers = range(count)
    iocs = grow_iocs(case, count, mark=mark)
    kind = {"type_id": 1, "analysis_status_id": 1}
    assets = _bulk(Asset, [mine | kind | {"name": f"{mark}{n}"} for n in numbers])
    when = {"date": MOMENT, "local_date": MOMENT, "tz": "+00:00"}
    events = _bulk(Event, [mine | when | {"title": f"{mark}{n}"} for n in numbers])
    _bulk(AssetIoc, [{"asset": assets[n], "case_ioc": iocs[n]} for n in numbers])
    _bulk(EventAsset, [{"event": events[n], "asset": assets[n]} for n in numbers])
    _bulk(EventIoc, [{"event": events[n], "case_ioc": iocs[n]} for n in numbers])
    groups = _bulk(NoteDirectory, [mine | {"name": f"{mark}{n}"} for n in numbers])
    _bulk(Note, [mine | {"title": f"{mark}{n}", "directory": groups[n]} for n in numbers])
    _bulk(Evidence, [mine | {"filename": f"{mark}{n}"} for n in numbers])
    by = {"status_id": 1, "opened_by_id": 1, "updated_by_id": 1}
    tasks = _bulk(Task, [by | {"case": case, "title": f"{mark}{n}"} for n in numbers])
    _bulk(TaskAssignment, [{"task": task, "user_id": 1} for task in tasks])


def grow_iocs(case: Case, count: int, *, mark: str = "x") -> list[CaseIoc]:
    """Add `count` new indicators to a case."""
    values = [f"{mark}{number}.example.org" for number in range(count)]
    iocs = _bulk(Ioc, [{"type_id": 1, "value": v, "value_hash": fingerprint(v)} for v in values])
    text = {
        "description": "Seen by the proxy " * 3,
        "tags": "a,b",
        "history": {"1.0": {"user": "x"}},
    }
    return _bulk(
        CaseIoc, [text | {"case": case, "ioc": one, "tlp_id": 1, "user_id": 1} for one in iocs]
    )


def grow_house(case: Case, count: int, *, mark: str = "x") -> None:
    """Add `count` cases sharing the case's objects, customers, users, tasks, runs and lookups."""
    names = [f"{mark}{number}" for number in range(count)]
    customers = _bulk(Customer, [{"name": name} for name in names])
    opened = {"opened_on": MOMENT.date(), "owner_id": 1, "opened_by_id": 1}
    cases = _bulk(Case, [opened | {"name": n, "customer": case.customer} for n in names])
    _bulk(Case, [opened | {"name": c.name, "customer": c} for c in customers])
    shared = case.case_iocs.order_by("id").first()
    asset = {"user_id": 1, "type_id": 1, "analysis_status_id": 1}
    if shared is not None:
        _bulk(CaseIoc, [{"case": c, "ioc": shared.ioc, "tlp_id": 1, "user_id": 1} for c in cases])
        _bulk(Asset, [asset | {"case": c, "name": "x0"} for c in cases])
    _grow_users(case, names)
    by = {"status_id": 1, "opened_by_id": 1, "updated_by_id": 1, "assignee_id": 1}
    _bulk(GlobalTask, [by | {"title": name} for name in names])
    _bulk(ModuleRun, [{"hook_name": n, "case_id": case.pk, "user_login": "a"} for n in names])
    _grow_modules(names)
    line = {
        "actor_login": "a",
        "channel": "iris",
        "action": "x.y",
        "object_type": "x",
        "actor_id": 1,
    }
    _bulk(AuditLog, [line | {"case_id": c.pk, "summary": "grew"} for c in cases])
    for lookup in (AnalysisStatus, EventCategory, AssetType, IocType):
        _bulk(lookup, [{"name": name} for name in names])
    _bulk(CaseClassification, [{"name": name, "name_expanded": name} for name in names])


def _grow_modules(names: list[str]) -> None:
    by = {"service_user_id": 1, "added_by_id": 1, "is_active": True}
    modules = _bulk(Module, [by | {"package": name, "human_name": name} for name in names])
    shared = {"hook_name": "on_manual_trigger_ioc", "is_manual": True}
    _bulk(HookSubscription, [shared | {"module": one, "ui_name": one.package} for one in modules])
    part = {"position": 0, "name": "url", "human_name": "URL", "type": "string"}
    _bulk(ModuleParameter, [part | {"module": one} for one in modules])


def _grow_users(case: Case, names: list[str]) -> None:
    people = [{"login": name, "name": name, "email": f"{name}@example.org"} for name in names]
    users = _bulk(User, people)
    _bulk(UserCaseAccess, [{"case": case, "user": user, "level": 2} for user in users])
    membership = User.groups.through
    group = Group.objects.get(pk=ADMINISTRATORS)
    _bulk(membership, [{"user_id": user.pk, "group_id": group.pk} for user in users])
    for user in users:
        issue_key(user)
