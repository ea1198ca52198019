"""Taking snapshots: always the same number of queries, however much hangs on the objects."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Prefetch, QuerySet

from cases.models import (
    Asset,
    Case,
    CaseIoc,
    Event,
    EventAsset,
    EventIoc,
    Evidence,
    GlobalTask,
    Note,
    NoteDirectory,
    Task,
    TaskAssignment,
)
from incidents.models import Alert, AlertIoc
from iocs.models import IocType
from modules.snapshots import alerts, shapes
from modules.snapshots.shapes import Shape

MAXIMUM_DIRECTORIES = 1000  # of a case, that modules can look up
IOC_TYPE = {  # as shapes.ioc_type, but every run asks for all of them
    "type_id": F("pk"),
    "type_name": F("name"),
    "type_description": F("description"),
    "type_taxonomy": F("taxonomy"),
    "type_validation_regex": F("validation_regex"),
    "type_validation_expect": F("validation_expect"),
}
OF_CASE = ("case__customer", "user")
OF_TASK = ("status", "opened_by", "updated_by")


@dataclass(frozen=True)
class Kind:
    """How objects of one kind are read: the rows with all they show, and the column of their id."""

    rows: QuerySet[Any]
    shape: Callable[[Any], Shape]
    key: str = "pk"
    is_in_case: bool = True


def _with(rows: QuerySet[Any], *related: str, links: tuple[Prefetch, ...] = ()) -> QuerySet[Any]:
    return rows.order_by().select_related(*related).prefetch_related(*links)


def _links(name: str, rows: QuerySet[Any], *related: str) -> Prefetch:
    return Prefetch(name, rows.select_related(*related).order_by("pk"))


KINDS: dict[str, Kind] = {
    "ioc": Kind(_with(CaseIoc.objects.all(), *OF_CASE, "ioc__type", "tlp"), shapes.ioc, "ioc_id"),
    "asset": Kind(_with(Asset.objects.all(), *OF_CASE, "type", "analysis_status"), shapes.asset),
    "note": Kind(_with(Note.objects.all(), *OF_CASE, "directory"), shapes.note),
    "event": Kind(
        _with(
            Event.objects.all(),
            *OF_CASE,
            "category",
            links=(
                _links("asset_links", EventAsset.objects.all(), "asset"),
                _links("ioc_links", EventIoc.objects.all(), "case_ioc__ioc"),
            ),
        ),
        shapes.event,
    ),
    "evidence": Kind(_with(Evidence.objects.all(), *OF_CASE, "type"), shapes.evidence),
    "task": Kind(
        _with(
            Task.objects.all(),
            "case__customer",
            *OF_TASK,
            links=(_links("assignments", TaskAssignment.objects.all(), "user"),),
        ),
        shapes.task,
    ),
    "global_task": Kind(
        _with(GlobalTask.objects.all(), *OF_TASK, "assignee"), shapes.global_task, is_in_case=False
    ),
    "alert": Kind(
        _with(
            Alert.objects.all(),
            "severity",
            "status",
            "type__classification",
            "customer",
            "owner",
            "created_by",
            links=(_links("alert_iocs", AlertIoc.objects.all(), "ioc__type"),),
        ),
        alerts.alert,
        is_in_case=False,
    ),
    "case": Kind(
        _with(
            Case.objects.all(),
            "customer",
            "owner",
            "opened_by",
            "reviewer",
            "state",
            "severity",
            "classification",
            "review_status",
        ),
        shapes.case,
        is_in_case=False,
    ),
}


def take(kind: str, object_id: int, case_id: int | None) -> Shape | None:
    """Return what a module is shown of an object, or None when it is gone.

    The id of an IOC is that of the observable, read in the context of the case. Nobody is asked whether
    he may see it: whoever fired the hook or chose the object could.
    """
    return take_many(kind, [object_id], case_id).get(object_id)


def take_many(kind: str, object_ids: Iterable[int], case_id: int | None) -> dict[int, Shape]:
    """Return the snapshots of those of the objects that exist, by id."""
    known = KINDS.get(kind)
    if known is None:
        return {}
    rows = known.rows.filter(**{f"{known.key}__in": set(object_ids)})
    if known.is_in_case:
        rows = rows.filter(case_id=case_id)
    head = {"__kind__": kind, "case_id": case_id}
    return {getattr(row, known.key): head | known.shape(row) for row in rows}


def stand_in(kind: str, object_id: int, case_id: int | None, known: Shape) -> Shape:
    """Return what a module is handed for a deleted object: its id with what is known of it.

    A plain number for modules that only want one (contract §3.3, deletions).
    """
    case = Case.objects.select_related("customer").filter(pk=case_id or 0).first()
    return {
        "__kind__": kind,
        "__deleted__": True,
        "id": object_id,
        "case_id": case_id,
        **({"case": shapes.case_columns(case)} if case is not None else {}),
        **known,
    }


def surroundings(case_id: int | None) -> Shape:
    """Return what modules can look up besides their objects: their case, its directories, IOC types."""
    directories = NoteDirectory.objects.filter(case_id=case_id or 0).order_by("pk")
    return {
        "case": take("case", case_id, None) if case_id is not None else None,
        "note_directories": [
            shapes.note_directory(row) for row in directories[:MAXIMUM_DIRECTORIES]
        ],
        "ioc_types": list(IocType.objects.order_by("pk").values(**IOC_TYPE)),
    }
