"""Subscriptions: a module's register_hooks() computes the complete new set."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .context import Run

MANUAL = "on_manual_trigger_"
# Names of older servers, when the job does not tell them.
ALIASES = {"on_postload_case_info_update": "on_postload_case_update"}


def aliases_of(run: "Run") -> dict[str, str]:
    """Return the older names of hooks."""
    return run.job.get("aliases") or ALIASES


def subscribe(
    run: "Run", name: str, ui_name: str | None, *, is_asynchronous: bool
) -> tuple[bool, list[str]]:
    """Add a subscription of the module of the run."""
    hook = aliases_of(run).get(name, name)
    if hook != name:
        run.log.info("Hook %s is called %s now; registered for that", name, hook)
    if hook not in {one["hook_name"] for one in run.job.get("hooks") or []}:
        run.problems.append(f"Hook {name} is unknown")
        return False, [f"Hook {name} is unknown"]
    is_manual = MANUAL in hook
    ui_name = (ui_name or f"{run.job.get('package')}::{hook}") if is_manual else None
    found: dict[str, Any] = {
        "hook": hook,
        "ui_name": ui_name or "",
        "is_manual": is_manual,
        "run_asynchronously": is_asynchronous,
    }
    if hook != name:
        found["registered_as"] = name
    key = (hook, found["ui_name"])
    run.subscriptions = [one for one in run.subscriptions if (one["hook"], one["ui_name"]) != key]
    run.subscriptions.append(found)
    return True, [f"Hook {name} registered"]


def unsubscribe(run: "Run", name: str) -> tuple[bool, list[str]]:
    """Remove the subscriptions to a hook, silently when there are none."""
    hook = aliases_of(run).get(name, name)
    run.subscriptions = [one for one in run.subscriptions if one["hook"] != hook]
    return True, [f"Hook {name} deregistered"]
