"""Readers of modules and their runs."""

from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Cast

from cases.selectors import visible_cases
from modules.hooks import resolve
from modules.models import HookSubscription, Module, ModuleRun, ModuleSwitch
from soar.core.actor import Actor
from soar.core.errors import NotFound
from soar.core.history import is_possible_id

MANUAL_PREFIX = "on_manual_trigger_"
RATED_RUNS = 100  # so many of the last runs make a module's success rate
RATED = (ModuleRun.Status.SUCCESS, *ModuleRun.FAILED)


def visible_runs(actor: Actor) -> QuerySet[ModuleRun]:
    """Return the runs of visible cases, and of those that belong to none the actor's own.

    Administrators see all that belong to none.
    """
    in_cases = Q(case_id__in=visible_cases(actor).order_by().values("pk"))
    outside = Q(case_id=None)
    if not actor.is_administrator:
        outside &= Q(user_login=actor.login)
    return ModuleRun.objects.filter(in_cases | outside)


def runs_on(actor: Actor, kind: str, object_id: int, case_id: int | None) -> QuerySet[ModuleRun]:
    """Return the visible runs on one object, newest first.

    Targets are found in the text of their JSON, whose keys each database orders in its own way.
    """
    rows = visible_runs(actor).filter(case_id=case_id, object_kind=kind)
    found = Q(_targets__contains=f'"id": {object_id},') | Q(
        _targets__contains=f'"id": {object_id}}}'
    )
    return rows.alias(_targets=Cast("targets", TextField())).filter(found).order_by("-id")


def with_history(modules: QuerySet[Module]) -> QuerySet[Any]:
    """Return modules with their last run and how many of the last hundred that ended well or badly did
    end well: `last_run_id`, `last_status`, `last_at`, `rated_runs`, `good_runs`.
    """
    last = ModuleRun.objects.filter(module=OuterRef("pk")).order_by("-id")
    of_module = ModuleRun.objects.filter(module=OuterRef(OuterRef("pk")), status__in=RATED)
    recent = of_module.order_by("-id").values("pk")[:RATED_RUNS]

    def count(**conditions: Any) -> Subquery:
        rows = ModuleRun.objects.filter(pk__in=recent, **conditions).order_by()
        return Subquery(rows.values("module").annotate(number=Count("pk")).values("number"))

    return modules.annotate(
        last_run_id=Subquery(last.values("pk")[:1]),
        last_status=Subquery(last.values("status")[:1]),
        last_at=Subquery(last.values("queued_at")[:1]),
        rated_runs=count(),
        good_runs=count(status=ModuleRun.Status.SUCCESS),
    )


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
