"""Readers of modules and their runs."""

from django.db.models import Q, QuerySet

from cases.selectors import visible_cases
from modules.hooks import resolve
from modules.models import HookSubscription, Module, ModuleRun
from soar.core.actor import Actor
from soar.core.errors import NotFound
from soar.core.history import is_possible_id

MANUAL_PREFIX = "on_manual_trigger_"


def visible_runs(actor: Actor) -> QuerySet[ModuleRun]:
    """Return the runs of visible cases, and the actor's own that belong to none."""
    in_cases = Q(case_id__in=visible_cases(actor).order_by().values("pk"))
    return ModuleRun.objects.filter(in_cases | Q(case_id=None, user_login=actor.login))


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
