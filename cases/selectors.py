"""The only readers of investigations: each returns what the actor may see, and nothing else."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from cases.models import (
    Asset,
    AssetIoc,
    Case,
    CaseIoc,
    Customer,
    CustomerMembership,
    Event,
    EventAsset,
    EventIoc,
    Evidence,
    GlobalTask,
    GroupCaseAccess,
    Note,
    NoteDirectory,
    Task,
    TaskAssignment,
    UserCaseAccess,
)
from cases.permissions import READ, WRITE, cases_with_level, visible_customers
from iocs.models import Ioc
from soar.core.actor import Actor
from soar.core.errors import Forbidden, NotFound
from soar.core.history import is_possible_id
from soar.core.models import AuditLog, ChangeCounter
from soar.core.permissions import AccessLevel, Permission

M = TypeVar("M", bound=Model)
Levels = tuple[AccessLevel, ...]
SHOWN_WITH_CASE = ("customer", "owner", "opened_by", "state", "classification", "reviewer")


def visible_cases(actor: Actor, levels: Levels = READ) -> QuerySet[Case]:
    """Return the cases on which the actor has one of the levels, annotated with `access_level`."""
    return cases_with_level(actor).filter(access_level__in=levels, deleted_at=None)


def _of_visible_cases(queryset: QuerySet[M], actor: Actor, levels: Levels) -> QuerySet[M]:
    return queryset.filter(case_id__in=visible_cases(actor, levels).order_by().values("pk"))


def visible_assets(actor: Actor, levels: Levels = READ) -> QuerySet[Asset]:
    """Return the assets of visible cases."""
    return _of_visible_cases(Asset.objects.all(), actor, levels)


def visible_case_iocs(actor: Actor, levels: Levels = READ) -> QuerySet[CaseIoc]:
    """Return the IOCs of visible cases."""
    return _of_visible_cases(CaseIoc.objects.all(), actor, levels)


def visible_note_directories(actor: Actor, levels: Levels = READ) -> QuerySet[NoteDirectory]:
    """Return the note directories of visible cases."""
    return _of_visible_cases(NoteDirectory.objects.all(), actor, levels)


def visible_notes(actor: Actor, levels: Levels = READ) -> QuerySet[Note]:
    """Return the notes of visible cases."""
    return _of_visible_cases(Note.objects.all(), actor, levels)


def visible_events(actor: Actor, levels: Levels = READ) -> QuerySet[Event]:
    """Return the timeline events of visible cases."""
    return _of_visible_cases(Event.objects.all(), actor, levels)


def visible_tasks(actor: Actor, levels: Levels = READ) -> QuerySet[Task]:
    """Return the tasks of visible cases."""
    return _of_visible_cases(Task.objects.all(), actor, levels)


def visible_evidences(actor: Actor, levels: Levels = READ) -> QuerySet[Evidence]:
    """Return the evidence of visible cases."""
    return _of_visible_cases(Evidence.objects.all(), actor, levels)


def visible_asset_iocs(actor: Actor) -> QuerySet[AssetIoc]:
    """Return the links between assets and IOCs of visible cases."""
    return AssetIoc.objects.filter(asset__case_id__in=_ids(actor))


def visible_event_assets(actor: Actor) -> QuerySet[EventAsset]:
    """Return the links between events and assets of visible cases."""
    return EventAsset.objects.filter(event__case_id__in=_ids(actor))


def visible_event_iocs(actor: Actor) -> QuerySet[EventIoc]:
    """Return the links between events and IOCs of visible cases."""
    return EventIoc.objects.filter(event__case_id__in=_ids(actor))


def visible_task_assignments(actor: Actor) -> QuerySet[TaskAssignment]:
    """Return who has the tasks of visible cases."""
    return TaskAssignment.objects.filter(task__case_id__in=_ids(actor))


def _ids(actor: Actor) -> QuerySet[Case, Any]:
    return visible_cases(actor).order_by().values("pk")


def visible_iocs(actor: Actor) -> QuerySet[Ioc]:
    """Return the observables that visible cases hold."""
    return Ioc.objects.filter(pk__in=visible_case_iocs(actor).order_by().values("ioc"))


def visible_user_access(actor: Actor) -> QuerySet[UserCaseAccess]:
    """Return the levels of users on visible cases, to administrators."""
    rows = UserCaseAccess.objects.filter(case_id__in=_ids(actor))
    return rows if actor.is_administrator else rows.none()


def visible_group_access(actor: Actor) -> QuerySet[GroupCaseAccess]:
    """Return the levels of groups on visible cases, to administrators."""
    rows = GroupCaseAccess.objects.filter(case_id__in=_ids(actor))
    return rows if actor.is_administrator else rows.none()


def visible_memberships(actor: Actor) -> QuerySet[CustomerMembership]:
    """Return the members of visible customers, to administrators."""
    customers = visible_customers(actor).order_by().values("pk")
    rows = CustomerMembership.objects.filter(customer_id__in=customers)
    return rows if actor.is_administrator else rows.none()


def visible_global_tasks(actor: Actor) -> QuerySet[GlobalTask]:
    """Return the global tasks: everyone who may work at all sees them (contract §5)."""
    return GlobalTask.objects.all()


def visible_activities(actor: Actor) -> QuerySet[AuditLog]:
    """Return the activity lines: his own, those of visible cases, or all with the permission."""
    if actor.may(Permission.ALL_ACTIVITIES_READ):
        return AuditLog.objects.all()
    in_cases = AuditLog.objects.filter(case_id__in=visible_cases(actor).order_by().values("pk"))
    return in_cases | AuditLog.objects.filter(case_id=None, actor_id=actor.user_id)


def find(queryset: QuerySet[M], pk: int, message: str) -> M:
    """Return the row of an id from outside; raise NotFound(message) when there is none."""
    row = queryset.filter(pk=pk).first() if is_possible_id(pk) else None
    if row is None:
        raise NotFound(message)
    return row


def get_case(actor: Actor, case_id: int, levels: Levels = READ) -> Case:
    """Return a case, or raise Forbidden whether it is hidden or missing."""
    case = visible_cases(actor, levels).filter(pk=case_id) if is_possible_id(case_id) else None
    found = case.first() if case is not None else None
    if found is None:
        raise Forbidden(case_id=case_id)
    return found


def get_case_or_unknown(actor: Actor, case_id: int, unknown: str) -> Case:
    """Return a case the actor may read.

    An administrator is told `unknown` (NotFound) for a missing case and one that denies him, anybody
    else gets Forbidden for both: neither learns which it was (contract §3, cases).
    """
    rows = visible_cases(actor).select_related(*SHOWN_WITH_CASE)
    found = rows.filter(pk=case_id).first() if is_possible_id(case_id) else None
    if found is None and actor.is_administrator:
        raise NotFound(unknown)
    if found is None:
        raise Forbidden(case_id=case_id)
    return found


def get_customer(actor: Actor, customer_id: int) -> Customer:
    """Return a customer the actor may know of, or raise NotFound."""
    return find(visible_customers(actor), customer_id, "Invalid Customer ID")


def missing_ids(wanted: Iterable[int], found: Iterable[int]) -> set[int]:
    """Return which of the wanted ids were not found."""
    return set(wanted) - set(found)


def get_counter(case_id: int, family: str) -> dict[str, Any]:
    """Return {value, updated_at} of one family of a case the caller was already admitted to."""
    row = ChangeCounter.objects.filter(case_id=case_id, family=family).values("value", "updated_at")
    return dict(row.first() or {"value": 0, "updated_at": None})


__all__ = ["READ", "WRITE", "visible_customers"]
