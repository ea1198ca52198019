"""The only readers of the operational side: an incident and its parts are visible with its case."""

from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Any, TypeVar

from django.db import connection
from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    Model,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Coalesce

from cases.models import CaseIoc, Task, TaskAssignment, TaskStatus
from cases.permissions import READ, cases_with_level
from cases.selectors import Levels, find, visible_case_iocs, visible_cases, visible_customers
from incidents.models import (
    Alert,
    AlertIoc,
    AlertNote,
    Artifact,
    Attachment,
    CustomField,
    ExternalAlert,
    FavoriteIncident,
    FavoriteIoc,
    Folder,
    Incident,
    IncidentLabel,
    IncidentRelation,
    IncidentSettings,
    IncidentTemplate,
    IncidentType,
    Investigator,
    ListValue,
    SavedSearch,
    StoredFile,
    TaskDetails,
    TimelineEntry,
    TimelineMark,
)
from iocs.models import Ioc
from iocs.selectors import visible_catalogue_entries
from soar.core.actor import Actor
from soar.core.models import AuditLog
from soar.core.permissions import Permission

M = TypeVar("M", bound=Model)
# What becomes of an indicator as such, wherever it is seen.
SHARED_ACTIONS = (
    "entity.verdict_set",
    "entity.locked",
    "entity.unlocked",
    "entity.deleted",
    "entity.restored",
)
LATEST_PLACES = 1000


def visible_incidents(actor: Actor, levels: Levels = READ) -> QuerySet[Incident]:
    """Return the incidents of visible cases; deleted ones are not among them."""
    return Incident.objects.filter(case_id__in=visible_cases(actor, levels).order_by().values("pk"))


def visible_incidents_and_deleted(actor: Actor, levels: Levels = READ) -> QuerySet[Incident]:
    """Return the incidents of cases the actor may read, those that can be restored too."""
    cases = cases_with_level(actor).filter(access_level__in=levels)
    return Incident.objects.filter(case_id__in=cases.order_by().values("pk"))


def involving(actor: Actor, incidents: QuerySet[Incident]) -> QuerySet[Incident]:
    """Return those of the incidents that the actor owns, opened or investigates, alone or in a group."""
    groups = User.groups.through.objects.filter(user_id=actor.user_id).values("group_id")
    investigated = Investigator.objects.filter(
        Q(user=actor.user_id) | Q(group__in=groups), incident=OuterRef("pk")
    )
    return incidents.filter(
        Q(case__owner=actor.user_id)
        | Q(case__opened_by=actor.user_id)
        | Q(case__owner_group__in=groups)
        | Q(Exists(investigated))
    )


def in_words(actor: Actor, incidents: QuerySet[Incident]) -> QuerySet[Any]:
    """Return the incidents with all that is shown of them, so that a list needs no query per row.

    Status and severity are `status_label` and `restriction_label`, with the ids of their list values;
    `is_favorite` is the actor's.
    """
    favorites = FavoriteIncident.objects.filter(user=actor.user_id, incident=OuterRef("pk"))
    types = IncidentType.objects.select_related("value")
    return (
        incidents.select_related(
            "case__owner",
            "case__owner_group",
            "case__opened_by",
            *("folder", "kind", "category", "purpose", "phase"),
        )
        .prefetch_related(Prefetch("type_links", types))
        .annotate(
            status_id=F("case__state__list_value"),
            status_label=Coalesce("case__state__list_value__label", "case__state__name"),
            restriction_id=F("case__severity__list_value"),
            restriction_label=Coalesce("case__severity__list_value__label", "case__severity__name"),
            is_favorite=Exists(favorites),
            is_deleted=_is_set("case__deleted_at"),
            is_closed=_is_set("case__closed_on"),
        )
        .defer("case__history", "case__custom_attributes", "case__protagonists")
    )


def get_incident(actor: Actor, incident_id: int) -> Any:
    """Return an incident the actor may read, deleted or not, in words. Raise NotFound."""
    rows = in_words(actor, visible_incidents_and_deleted(actor))
    return find(rows, incident_id, UNKNOWN)


def investigators_of(actor: Actor, incident_id: int) -> QuerySet[Investigator]:
    """Return who investigates an incident the actor may read, deleted or not. Raise NotFound."""
    incident = find(visible_incidents_and_deleted(actor), incident_id, UNKNOWN)
    return incident.investigators.select_related("user", "group")


def relations_of(actor: Actor, incident_id: int) -> QuerySet[IncidentRelation]:
    """Return how an incident the actor may read belongs with others he may read. Raise NotFound."""
    find(visible_incidents_and_deleted(actor), incident_id, UNKNOWN)
    rows = visible_relations(actor).filter(Q(first=incident_id) | Q(second=incident_id))
    return rows.select_related("first", "second")


def of_type(condition: Q) -> Q:
    """Return the condition that incidents have a type whose link meets a condition."""
    return Q(Exists(IncidentType.objects.filter(condition, incident=OuterRef("pk"))))


def with_custom_value(name: str, value: Any) -> Q:
    """Return the condition that incidents have a value in a custom field, of a list all its values.

    PostgreSQL answers it from its index on all custom fields; elsewhere it is compared row by row.
    """
    if connection.vendor == "postgresql":
        return Q(custom__contains={name: value})
    has = Q(custom__has_key=name)  # so that its contrary is true of incidents without the field
    if not isinstance(value, list):
        return has & Q(**{f"custom__{name}": value})
    return has & Q(*(Q(**{f"custom__{name}__icontains": json.dumps(one)}) for one in value))


def with_tag(tag: str) -> Q:
    """Return the condition that incidents have a tag, without regard to case.

    PostgreSQL answers it from its index on the tags of cases; elsewhere it is compared row by row.
    """
    if connection.vendor == "postgresql":
        return Q(_HasTag(F("case__tags"), Value(tag, output_field=TextField())))
    return Q(case__tags__iregex=rf"(^|,)\s*{re.escape(tag)}\s*(,|$)")


class _HasTag(Func):
    """Tell whether a list of tags has one; the first part is what the index case_by_tag is on."""

    template = "(regexp_split_to_array(lower(%(expressions)s)])"
    arg_joiner = r"), '\s*,\s*') @> ARRAY[lower("
    output_field = BooleanField()


def _is_set(column: str) -> Any:
    condition = Q(**{f"{column}__isnull": False})
    return ExpressionWrapper(condition, output_field=BooleanField())


def _of_visible_incidents(queryset: QuerySet[M], actor: Actor, levels: Levels) -> QuerySet[M]:
    ids = visible_cases(actor, levels).order_by().values("pk")
    return queryset.filter(incident_id__in=ids)


def visible_investigators(actor: Actor, levels: Levels = READ) -> QuerySet[Investigator]:
    """Return who investigates visible incidents."""
    return _of_visible_incidents(Investigator.objects.all(), actor, levels)


def visible_relations(actor: Actor) -> QuerySet[IncidentRelation]:
    """Return the relations between two visible incidents."""
    ids = visible_cases(actor).order_by().values("pk")
    return IncidentRelation.objects.filter(first_id__in=ids, second_id__in=ids)


def visible_artifacts(actor: Actor, levels: Levels = READ) -> QuerySet[Artifact]:
    """Return the artifacts of visible incidents."""
    return _of_visible_incidents(Artifact.objects.all(), actor, levels)


def visible_external_alerts(actor: Actor, levels: Levels = READ) -> QuerySet[ExternalAlert]:
    """Return the raw alerts of visible incidents."""
    return _of_visible_incidents(ExternalAlert.objects.all(), actor, levels)


def visible_timeline_entries(actor: Actor, levels: Levels = READ) -> QuerySet[TimelineEntry]:
    """Return what was written into the war rooms of visible incidents."""
    return _of_visible_incidents(TimelineEntry.objects.all(), actor, levels)


def visible_timeline_marks(actor: Actor, levels: Levels = READ) -> QuerySet[TimelineMark]:
    """Return what was decided about steps in the war rooms of visible incidents."""
    return _of_visible_incidents(TimelineMark.objects.all(), actor, levels)


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
    his = TaskAssignment.objects.filter(task=OuterRef("pk"), user=user_id)
    of_his_groups = TaskDetails.objects.filter(task=OuterRef("pk"), group__user=user_id)
    return tasks.filter(Q(Exists(his)) | Q(Exists(of_his_groups)))


def overdue(tasks: QuerySet[Task], *, is_overdue: bool) -> QuerySet[Task]:
    """Return those of the tasks that should have ended by now and did not, or all others."""
    late = TaskDetails.objects.filter(task=OuterRef("pk"), due_at__lt=timezone.now())
    ended = Q(status__in=(TaskStatus.DONE, TaskStatus.CANCELED))
    condition = Q(Exists(late)) & ~ended
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


# What shows an indicator to whoever sees one of its records there.
ENTITY_PLACES: tuple[Callable[[Actor], QuerySet[Any]], ...] = (
    visible_case_iocs,
    visible_alert_iocs,
    visible_catalogue_entries,
)


def visible_entities(actor: Actor) -> QuerySet[Ioc]:
    """Return the indicators of visible cases and alerts and of his own catalogue; deleted ones too."""
    held = (Q(Exists(visible(actor).filter(ioc=OuterRef("pk")))) for visible in ENTITY_PLACES)
    return Ioc.objects.filter(reduce(or_, held))


def all_visible_entities(actor: Actor) -> QuerySet[Ioc]:
    """Return what visible_entities does, for lists: collected once, where that looks each of them up."""
    held = (Q(pk__in=visible(actor).order_by().values("ioc")) for visible in ENTITY_PLACES)
    return Ioc.objects.filter(reduce(or_, held))


def visible_entity_lines(actor: Actor, ioc_id: int) -> QuerySet[AuditLog]:
    """Return what was done to an indicator: for all, in visible cases and alerts, and by himself."""
    places = {
        "cases.caseioc": visible_case_iocs(actor).filter(ioc_id=ioc_id),
        "incidents.alertioc": visible_alert_iocs(actor).filter(ioc_id=ioc_id),
        "iocs.catalogueentry": visible_catalogue_entries(actor).filter(ioc_id=ioc_id),
    }
    told = Q(action__in=SHARED_ACTIONS) | Q(actor_id=actor.user_id)
    condition = Q(object_type="iocs.ioc", object_id=ioc_id) & told
    for label, rows in places.items():
        # As numbers: the index of the trail serves those, not a subquery that is one of several.
        ids = list(rows.order_by("-pk").values_list("pk", flat=True)[:LATEST_PLACES])
        condition |= Q(object_type=label, object_id__in=ids)
    return AuditLog.objects.filter(condition)


def visible_attachments(actor: Actor, levels: Levels = READ) -> QuerySet[Attachment]:
    """Return the files on visible incidents and alerts, and those he put on indicators himself.

    Others see the same indicator through cases of theirs, which nobody else need know of.
    """
    return Attachment.objects.filter(
        Q(incident_id__in=visible_cases(actor, levels).order_by().values("pk"))
        | Q(alert_id__in=visible_alerts(actor).order_by().values("pk"))
        | Q(ioc__isnull=False, user=actor.user_id)
    )


def visible_stored_files(actor: Actor) -> QuerySet[StoredFile]:
    """Return the stored bytes some visible attachment names."""
    return StoredFile.objects.filter(pk__in=visible_attachments(actor).order_by().values("file"))


def visible_favorite_incidents(actor: Actor) -> QuerySet[FavoriteIncident]:
    """Return his own favourites among visible incidents."""
    rows = FavoriteIncident.objects.filter(user=actor.user_id)
    return _of_visible_incidents(rows, actor, READ)


def visible_favorite_iocs(actor: Actor) -> QuerySet[FavoriteIoc]:
    """Return his own favourite entities."""
    return FavoriteIoc.objects.filter(user=actor.user_id)


def visible_saved_searches(actor: Actor) -> QuerySet[SavedSearch]:
    """Return his own searches."""
    return SavedSearch.objects.filter(user=actor.user_id)


# --- set-up, which every user may read


def visible_list_values(actor: Actor) -> QuerySet[ListValue]:
    """Return the list values."""
    return ListValue.objects.all()


def visible_folders(actor: Actor) -> QuerySet[Folder]:
    """Return the folders."""
    return Folder.objects.all()


def visible_incident_labels(actor: Actor) -> QuerySet[IncidentLabel]:
    """Return the naming schemes."""
    return IncidentLabel.objects.all()


def visible_incident_templates(actor: Actor) -> QuerySet[IncidentTemplate]:
    """Return the templates."""
    return IncidentTemplate.objects.all()


def visible_custom_fields(actor: Actor) -> QuerySet[CustomField]:
    """Return the custom fields there are; removed ones are not among them."""
    return CustomField.objects.filter(removed_at=None)


def visible_incident_settings(actor: Actor) -> QuerySet[IncidentSettings]:
    """Return how this installation works."""
    return IncidentSettings.objects.all()
