"""Readers of modules and their runs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Exists,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    Window,
)
from django.db.models.functions import Cast, Coalesce, RowNumber, StrIndex

from cases.models import Case
from cases.selectors import visible_case_iocs, visible_cases
from modules.hooks import resolve
from modules.models import HookSubscription, Module, ModuleRun, ModuleSwitch
from soar.core.actor import Actor
from soar.core.compiled import CompiledQuery
from soar.core.errors import NotFound
from soar.core.history import is_possible_id

MANUAL_PREFIX = "on_manual_trigger_"
RATED_RUNS = 100  # so many of the last runs make a module's success rate
REMEMBERED = 20_000  # among so many runs of all
SEARCHED = 10_000  # so many runs of a case are searched for those on one object
RATED = (ModuleRun.Status.SUCCESS, *ModuleRun.FAILED)


@dataclass
class History:
    """How a module did lately: its last run, and of the last that ended well or badly, those that did well."""

    last: ModuleRun | None
    rated: int = 0
    good: int = 0


def visible_runs(actor: Actor) -> QuerySet[ModuleRun]:
    """Return the runs of visible cases, and of those that belong to none the actor's own.

    Administrators see all that belong to none, or to a case that was deleted.
    """
    in_cases = Q(case_id__in=visible_cases(actor).order_by().values("pk"))
    outside = Q(case_id=None)
    if actor.is_administrator:
        outside = ~Q(Exists(Case.objects.filter(pk=OuterRef("case_id"))))
    else:
        outside &= Q(user_login=actor.login)
    return ModuleRun.objects.filter(in_cases | outside)


def runs_on(actor: Actor, kind: str, object_id: int, case_id: int | None) -> QuerySet[ModuleRun]:
    """Return the visible runs on one object, newest first, among the last of its case.

    Targets are found in the text of their JSON, whose keys each database orders in its own way.
    """
    of_case = ModuleRun.objects.filter(case_id=case_id)
    return _on_object(visible_runs(actor).filter(case_id=case_id), of_case, kind, object_id)


def runs_about_ioc(actor: Actor, ioc_id: int) -> QuerySet[ModuleRun]:
    """Return the runs on an indicator in the visible cases that hold it, newest first, among their last."""
    cases = visible_case_iocs(actor).filter(ioc_id=ioc_id).order_by().values("case_id")
    of_cases = ModuleRun.objects.filter(case_id__in=cases)
    return _on_object(of_cases, of_cases, "ioc", ioc_id)


def _good_runs(actor: Actor, ioc: int, inside: str, at_end: str) -> QuerySet[ModuleRun, Any]:
    """Return the ids of what runs_about_ioc finds and what ended well, in one query for any indicator."""
    cases = visible_case_iocs(actor).filter(ioc_id=ioc).order_by().values("case_id")
    of_cases = ModuleRun.objects.filter(case_id__in=cases)
    newest = of_cases.order_by("-id").values("pk")
    too_old = Coalesce(Subquery(newest[SEARCHED : SEARCHED + 1]), 0)
    targets = Cast("targets", TextField())
    found = of_cases.alias(
        _inside=StrIndex(targets, Value(inside)), _at_end=StrIndex(targets, Value(at_end))
    ).filter(Q(_inside__gt=0) | Q(_at_end__gt=0))
    good = found.filter(object_kind="ioc", pk__gt=too_old, status=ModuleRun.Status.SUCCESS)
    return good.order_by("-id").values_list("pk")


_GOOD_RUNS = CompiledQuery(_good_runs, ioc=int, inside=str, at_end=str)


def good_runs_about_ioc(actor: Actor, ioc_id: int, count: int) -> list[ModuleRun]:
    """Return the last runs on an indicator that ended well, with their modules, newest first."""
    inside, at_end = _texts_of_target(ioc_id)
    found = _GOOD_RUNS.rows(actor=actor, ioc=ioc_id, inside=inside, at_end=at_end)
    ids = [pk for (pk,) in found[:count]]
    if not ids:
        return []
    return list(ModuleRun.objects.filter(pk__in=ids).select_related("module").order_by("-id"))


def _texts_of_target(object_id: int) -> tuple[str, str]:
    return f'"id": {object_id},', f'"id": {object_id}}}'


def _on_object(
    rows: QuerySet[ModuleRun], searched: QuerySet[ModuleRun], kind: str, object_id: int
) -> QuerySet[ModuleRun]:
    """Return those of the runs that are on an object and among the last of the searched ones."""
    newest = searched.order_by("-id").values_list("pk", flat=True)
    too_old = newest[SEARCHED : SEARCHED + 1].first() or 0
    inside, at_end = _texts_of_target(object_id)
    found = Q(_targets__contains=inside) | Q(_targets__contains=at_end)
    rows = rows.filter(object_kind=kind, pk__gt=too_old)
    return rows.alias(_targets=Cast("targets", TextField())).filter(found).order_by("-id")


def histories(modules: Iterable[Module]) -> dict[int, History]:
    """Return how modules did lately, with a constant number of queries however many runs there are."""
    ids = [module.pk for module in modules]
    runs = ModuleRun.objects.filter(module__in=ids).order_by()
    newest = dict(runs.values_list("module").annotate(newest=Max("pk")))
    last = ModuleRun.objects.only("module", "status", "queued_at").in_bulk(list(newest.values()))
    found = {pk: History(last.get(newest.get(pk, 0))) for pk in ids}
    oldest = max(newest.values(), default=0) - REMEMBERED
    place = Window(RowNumber(), partition_by="module", order_by=F("pk").desc())
    rated = runs.filter(pk__gt=oldest, status__in=RATED).annotate(place=place)
    for module_id, status in rated.filter(place__lte=RATED_RUNS).values_list("module", "status"):
        found[module_id].rated += 1
        found[module_id].good += status == ModuleRun.Status.SUCCESS
    return found


def modules_with_runs(actor: Actor) -> QuerySet[Module]:
    """Return the modules that have a run the actor may see."""
    return Module.objects.filter(Exists(visible_runs(actor).filter(module=OuterRef("pk"))))


def get_switch() -> ModuleSwitch:
    """Return the kill switch; one that was never touched is off."""
    return ModuleSwitch.objects.first() or ModuleSwitch(pk=ModuleSwitch.ONLY)


def visible_modules(actor: Actor) -> QuerySet[Module]:
    """Return the modules, to administrators: their configuration is part of them."""
    return Module.objects.all() if actor.is_administrator else Module.objects.none()


def visible_subscriptions(actor: Actor) -> QuerySet[HookSubscription]:
    """Return what the modules listen to, to administrators."""
    rows = HookSubscription.objects.select_related("module")
    return rows if actor.is_administrator else rows.none()


def manual_subscriptions(kind: str) -> QuerySet[HookSubscription]:
    """Return what analysts may call by hand on objects of a kind: what active modules offer."""
    hook = resolve(f"{MANUAL_PREFIX}{kind}")
    rows = HookSubscription.objects.select_related("module").order_by("id")
    if hook is None:
        return rows.none()
    return rows.filter(module__is_active=True, hook_name=hook.name)


def find_module(modules: QuerySet[Module], module_id: int, message: str = "") -> Module:
    """Return the module of an id from outside. Raise NotFound."""
    module = modules.filter(pk=module_id).first() if is_possible_id(module_id) else None
    if module is None:
        raise NotFound(message or f"Module ID {module_id} not found")
    return module


def module_named(name: str) -> Module:
    """Return the module of a package or of the name people read. Raise NotFound."""
    rows = Module.objects.filter(Q(package=name) | Q(human_name__iexact=name))
    module = rows.order_by("pk").first()
    if module is None:
        raise NotFound(f"There is no module {name}")
    return module


def queues() -> list[str]:
    """Return the queues that modules have of their own."""
    return list(Module.objects.exclude(queue="").values_list("queue", flat=True).distinct())
