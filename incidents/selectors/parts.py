"""Readers of what incidents have: artifacts, raw alerts, tasks, their war rooms."""

from django.db.models import (
    Count,
    Exists,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
)
from django.utils import timezone

from cases.models import CaseIoc, Task, TaskAssignment, TaskStatus
from cases.permissions import READ
from cases.selectors import (
    Levels,
    visible_case_iocs,
    visible_cases,
    visible_tasks,
)
from incidents.models import (
    Artifact,
    ExternalAlert,
    FavoriteIoc,
    TaskDetails,
    TimelineEntry,
    TimelineMark,
)
from incidents.selectors.incidents import of_visible_incidents
from soar.core.actor import Actor


def visible_artifacts(actor: Actor, levels: Levels = READ) -> QuerySet[Artifact]:
    """Return the artifacts of visible incidents."""
    return of_visible_incidents(Artifact.objects.all(), actor, levels)


def visible_external_alerts(actor: Actor, levels: Levels = READ) -> QuerySet[ExternalAlert]:
    """Return the raw alerts of visible incidents."""
    return of_visible_incidents(ExternalAlert.objects.all(), actor, levels)


def visible_timeline_entries(actor: Actor, levels: Levels = READ) -> QuerySet[TimelineEntry]:
    """Return what was written into the war rooms of visible incidents."""
    return of_visible_incidents(TimelineEntry.objects.all(), actor, levels)


def visible_timeline_marks(actor: Actor, levels: Levels = READ) -> QuerySet[TimelineMark]:
    """Return what was decided about steps in the war rooms of visible incidents."""
    return of_visible_incidents(TimelineMark.objects.all(), actor, levels)


def visible_task_details(actor: Actor, levels: Levels = READ) -> QuerySet[TaskDetails]:
    """Return the details of tasks of visible cases."""
    ids = visible_cases(actor, levels).order_by().values("pk")
    return TaskDetails.objects.filter(task__case_id__in=ids)


def visible_incident_tasks(actor: Actor) -> QuerySet[Task]:
    """Return the tasks of visible incidents with all that is shown of them."""
    shown = ("status", "details__group", "details__authorizer", "details__priority")
    people = TaskAssignment.objects.select_related("user").order_by("pk")
    return (
        visible_tasks(actor)
        .select_related(*shown)
        .prefetch_related(Prefetch("assignments", people))
    )


def task_status_ids() -> dict[str, int]:
    """Return the ids of the states of tasks by their names."""
    return dict(TaskStatus.objects.order_by("pk").values_list("name", "pk"))


def given_to(user_id: int, tasks: QuerySet[Task]) -> QuerySet[Task]:
    """Return those of the tasks that a user has, himself or in a group."""
    his = TaskAssignment.objects.filter(user=user_id).order_by().values("task_id")
    of_his_groups = TaskDetails.objects.filter(group__user=user_id).order_by().values("task_id")
    return tasks.filter(pk__in=his.union(of_his_groups))


def overdue(tasks: QuerySet[Task], *, is_overdue: bool) -> QuerySet[Task]:
    """Return those of the tasks that should have ended by now and did not, or all others."""
    late = TaskDetails.objects.filter(due_at__lt=timezone.now()).order_by().values("task_id")
    ended = Q(status__in=(TaskStatus.DONE, TaskStatus.CANCELED))
    condition = Q(pk__in=late) & ~ended
    return tasks.filter(condition if is_overdue else ~condition)


def visible_entities_of(actor: Actor, incident_id: int) -> QuerySet[CaseIoc]:
    """Return what a visible incident says of its indicators.

    Annotated with `is_favorite` and with `incident_count`, in how many visible incidents each is.
    """
    seen = visible_case_iocs(actor).filter(ioc=OuterRef("ioc")).order_by().values("ioc")
    favorites = FavoriteIoc.objects.filter(user=actor.user_id, ioc=OuterRef("ioc"))
    return (
        visible_case_iocs(actor)
        .filter(case_id=incident_id)
        .select_related("ioc__type", "user")
        .annotate(
            incident_count=Subquery(seen.annotate(count=Count("pk")).values("count")),
            is_favorite=Exists(favorites),
        )
    )
