"""What every job of the runner says, whatever it is about."""

import os
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings

from modules.hooks import ALIASES, HOOKS
from modules.models import HookSubscription, Module
from modules.runner.host import Limits
from modules.services.configuration import configuration_for_run

Job = dict[str, Any]
DESCRIBE, REGISTER, RUN = "describe", "register", "run"
MEBIBYTE = 2**20
VISIBLE = "modules"  # the environments themselves


def job_of(module: Module, kind: str) -> Job:
    """Return the job of a registered module, secrets of its configuration in clear.

    A run adds its hook, case, user and data. Raise CannotOpen.
    """
    configuration = configuration_for_run(module)
    subscriptions = module.subscriptions.all()
    return job_of_package(module.package, kind, configuration, subscriptions) | {
        "module_id": module.pk
    }


def job_of_package(
    package: str,
    kind: str,
    configuration: Sequence[dict[str, Any]] = (),
    subscriptions: Iterable[HookSubscription] = (),
) -> Job:
    """Return the job of a package that needs not be registered."""
    return {
        "kind": kind,
        "package": package,
        "module_id": 0,
        "run_id": 0,
        "hook": "",
        "ui_name": None,
        "case_id": None,
        "user": None,
        "configuration": list(configuration),
        "server_settings": server_settings(),
        "hooks": [
            {"id": hook.id, "hook_name": hook.name, "hook_description": hook.description}
            for hook in HOOKS.values()
        ],
        "aliases": dict(ALIASES),
        "subscriptions": [_subscription(one) for one in subscriptions],
        "object_kind": "",
        "data": [],
        "surroundings": {},
        "hidden_paths": hidden_paths(),
    }


def limits_of(module: Module, *, at_most_seconds: float | None = None) -> Limits:
    """Return the limits of a module's runs."""
    seconds = float(module.wall_seconds)
    wall = seconds if at_most_seconds is None else min(seconds, at_most_seconds)
    return Limits(wall_seconds=wall, memory_bytes=module.memory_mb * MEBIBYTE)


def server_settings() -> dict[str, Any]:
    """Return the server settings of IRIS modules read; proxies in both spellings they look for."""
    proxies = {
        name: os.environ.get(name) or os.environ.get(name.upper()) or ""
        for name in ("http_proxy", "https_proxy")
    }
    upper = {name.upper(): value for name, value in proxies.items()}
    return {**proxies, **upper, "prevent_post_mod_repush": False}


def hidden_paths() -> list[str]:
    """Return what of our data directory no module may read: all but the environments."""
    return [str(path) for path in settings.SOAR_DATA_DIR.iterdir() if path.name != VISIBLE]


def _subscription(row: HookSubscription) -> dict[str, Any]:
    return {
        "hook": row.hook_name,
        "ui_name": row.ui_name,
        "is_manual": row.is_manual,
        "run_asynchronously": row.is_asynchronous,
    }
