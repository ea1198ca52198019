"""Readers of module runs."""

from django.db.models import Q, QuerySet

from cases.selectors import visible_cases
from modules.models import ModuleRun
from soar.core.actor import Actor


def visible_runs(actor: Actor) -> QuerySet[ModuleRun]:
    """Return the runs of visible cases, and the actor's own that belong to none."""
    in_cases = Q(case_id__in=visible_cases(actor).order_by().values("pk"))
    return ModuleRun.objects.filter(in_cases | Q(case_id=None, user_login=actor.login))
