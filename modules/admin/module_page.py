"""What the page of one module shows."""

from typing import Any

from django.http import HttpRequest

from modules.admin import shown
from modules.admin.forms import ImportForm, LimitsForm, TryForm
from modules.admin.parameter_form import ParameterForm
from modules.admin.run_rows import run_rows
from modules.hooks import HOOKS
from modules.models import Module
from modules.selectors import get_switch, histories, visible_modules, visible_runs
from modules.services.parameters import missing_parameters
from soar.core.admin.base import actor_of

SHOWN_RUNS = 20
Context = dict[str, Any]


def read_module(request: HttpRequest, module_id: int) -> Module | None:
    """Return a module, None when there is none the actor may see."""
    return visible_modules(actor_of(request)).filter(pk=module_id).first()


def module_context(request: HttpRequest, module: Module, **forms: Any) -> Context:
    """Return what the page shows of a module, with forms that were refused."""
    actor = actor_of(request)
    history = histories([module])[module.pk]
    runs = visible_runs(actor).filter(module=module).order_by("-id")[:SHOWN_RUNS]
    parameters = list(module.parameters.all())
    return {
        "module": module,
        "state": {"text": module.state, "type": shown.STATE_COLOURS.get(module.state)},
        "last_run": history.last,
        "rate": shown.rate_of(history),
        "missing": missing_parameters(parameters),
        "switch": get_switch(),
        "parameter_form": ParameterForm(parameters),
        "limits_form": LimitsForm(module),
        "import_form": ImportForm(),
        "try_form": TryForm(module),
        "subscriptions": _subscriptions(module),
        "runs": run_rows(actor, runs, with_objects=True),
        **forms,
    }


def _subscriptions(module: Module) -> list[Context]:
    """Return what the module listens to, what people start first."""
    rows = module.subscriptions.order_by("-is_manual", "hook_name", "ui_name")
    return [
        {
            "row": row,
            "about": HOOKS[row.hook_name].description if row.hook_name in HOOKS else "",
        }
        for row in rows
    ]
