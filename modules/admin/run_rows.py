"""Runs as rows of the tables on other pages."""

from collections.abc import Iterable
from typing import Any

from modules.admin import objects, shown
from modules.models import ModuleRun
from soar.core.actor import Actor


def run_rows(
    actor: Actor, runs: Iterable[ModuleRun], *, with_objects: bool
) -> list[dict[str, Any]]:
    """Return what admin/modules/runs_table.html shows of runs."""
    rows = list(runs)
    keys = [key for run in rows for key in objects.keys_of(run)] if with_objects else []
    links = objects.links_to(actor, keys)
    return [
        {
            "run": run,
            "address": objects.address_of(ModuleRun, run.pk),
            "badge": shown.badge_of(run),
            "duration": shown.duration_of(run),
            "links": [links[key] for key in objects.keys_of(run)] if with_objects else [],
        }
        for run in rows
    ]
