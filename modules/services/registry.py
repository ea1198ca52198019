"""The registry: which modules there are, whether they take runs, and within which limits.

Source: contract iris-modules §2.4. Listing never changes anything, unlike in IRIS.
"""

import logging
import uuid
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from modules.models import Module, ModuleSwitch
from modules.selectors import find_module
from modules.services import gates
from modules.services.configuration import missing_parameters
from modules.services.describing import Description, describe, describe_module
from modules.services.environments import (
    environment_in,
    folder_of,
    shipped_packages,
    shipped_stamp,
)
from modules.services.limits import checked_limits
from modules.services.parameters import define_parameters
from modules.services.subscriptions import refresh_subscriptions, settle
from soar.core.actor import Actor
from soar.core.errors import Conflict, DomainError, Invalid
from soar.core.history import apply_changes
from soar.core.locking import lock_for_transaction
from soar.core.models import User
from soar.core.permissions import Permission
from soar.core.recording import recording
from soar.core.services.users import add_user, set_active

__all__ = [
    "add_module",
    "add_shipped",
    "check_module",
    "disable_module",
    "enable_module",
    "refresh_subscriptions",
    "register",
    "remove_module",
    "reset_breaker",
    "set_paused",
    "update_limits",
    "upgrade",
]
logger = logging.getLogger(__name__)
EXISTS = "Unable to register module: Module already exists in Iris"
CANNOT_IMPORT = "Cannot import module. "
UNHEALTHY = f"{CANNOT_IMPORT}Health check didn't pass. Please check logs below"
CANNOT_ENABLE = "Unable to enable module"
CANNOT_ENABLE_HOOKS = "Unable to update hooks when enabling module"
INVALID_ID = "Invalid module ID"


def add_module(actor: Actor, package: str) -> Module:
    """Register a shipped module, or one installed by `manage.py modules install`; nothing is installed.

    It is active when no mandatory parameter is missing. Raise Forbidden, Conflict when it is registered
    already, or Invalid with the reason it cannot be imported or the log of its health check.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    if Module.objects.filter(package=package).exists():
        raise Conflict(EXISTS)
    if package in shipped_packages():
        return register(actor, "", package, shipped_stamp(), is_active=True)
    folder = folder_of(package)
    if folder is None:
        advice = "install it with `manage.py modules install`"
        raise Invalid(f"{CANNOT_IMPORT}There is no module {package!r} here: {advice}")
    return register(actor, folder, package, uuid.uuid4(), is_active=True)


def add_shipped(actor: Actor) -> list[Module]:
    """Register the modules shipped with Watchfloor that are missing, and renew those that changed.

    New ones are inactive. One that cannot be registered is logged and keeps nobody from starting.
    Return those that were registered or renewed.
    """
    stamp, done = shipped_stamp(), []
    known = {module.package: module for module in Module.objects.all()}
    for package in shipped_packages():
        module = known.get(package)
        try:
            if module is None:
                done.append(register(actor, "", package, stamp, is_active=False))
            elif not module.environment and module.stamp != stamp:
                done.append(upgrade(actor, module.pk, "", stamp))
        except DomainError as error:
            details = "; ".join(error.details)
            logger.warning("module %s: %s %s", package, error.message, details)
    return done


def register(
    actor: Actor, folder: str, package: str, stamp: uuid.UUID, *, is_active: bool
) -> Module:
    """Describe a package, check its health, and make it a module with its defaults and hooks.

    A module that then fails to register its hooks stays, broken. Raise Forbidden, Conflict or Invalid.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    description = _described(folder, package, stamp)
    try:
        with recording(actor) as record:
            lock_for_transaction("modules")
            _require_free_name(package, description.human_name)
            module = Module(package=package, environment=folder, stamp=stamp)
            _describe_as(module, description)
            module.service_user = _service_user(actor, package, description.human_name)
            module.added_by_id = actor.user_id
            module.save()
            define_parameters(module, description.parameters)
            missing = missing_parameters(module.parameters.all())
            module.is_active = is_active and not missing
            module.save(update_fields=["is_active"])
            summary = f"registered module {module.human_name} ({package})"
            after = {"package": package, "version": module.version, "active": module.is_active}
            record("module.registered", module, summary=summary, after=after)
    except IntegrityError as error:
        raise Conflict(EXISTS) from error
    return _refreshed(actor, module)


def upgrade(actor: Actor, module_id: int, folder: str, stamp: uuid.UUID) -> Module:
    """Let a module run from another environment or version, its configuration and limits kept.

    Raise Forbidden, NotFound, Conflict, or Invalid when the new version cannot be used; the old one
    stays then.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    package = find_module(Module.objects.all(), module_id).package
    description = _described(folder, package, stamp)
    with recording(actor) as record:
        lock_for_transaction("modules")
        module = find_module(Module.objects.select_for_update(of=("self",)), module_id)
        _require_free_name("", description.human_name, but=module.pk)
        before = {"version": module.version, "environment": module.environment}
        _describe_as(module, description)
        module.environment, module.stamp = folder, stamp
        module.save()
        define_parameters(module, description.parameters)
        summary = f"renewed module {module.human_name}, version {module.version}"
        after = {"version": module.version, "environment": folder}
        record("module.upgraded", module, summary=summary, before=before, after=after)
    return _refreshed(actor, module)


def check_module(actor: Actor, module_id: int) -> list[str]:
    """Describe a module, check its health, let it register its hooks; return the log of the check.

    Raise Forbidden, NotFound, or Invalid with the log when it is not fit to run; it is broken then.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    module = find_module(Module.objects.all(), module_id)
    try:
        description = describe_module(module)
    except (Invalid, Conflict) as error:
        _note_problem(actor, module_id, error.message)
        raise Invalid(error.message, details=error.details) from error
    if not description.is_healthy:
        _note_problem(actor, module_id, "The health check did not pass")
        raise Invalid("The health check did not pass", details=description.health)
    refresh_subscriptions(actor, module_id)
    return description.health


def enable_module(actor: Actor, module_id: int) -> Module:
    """Let a module take runs, its hooks registered anew and its circuit breaker closed.

    Raise Forbidden, NotFound, or Conflict when it is not configured or cannot register its hooks.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    module = find_module(Module.objects.all(), module_id, INVALID_ID)
    missing = missing_parameters(module.parameters.all())
    if missing:
        details = [f"Mandatory parameters are not set: {', '.join(missing)}"]
        raise Conflict(CANNOT_ENABLE, details=details)
    reset_breaker(actor, module_id)
    try:
        refresh_subscriptions(actor, module_id)
    except Conflict as error:
        raise Conflict(CANNOT_ENABLE_HOOKS, details=error.details or [error.message]) from error
    return _set_active(actor, module_id, is_active=True)


def disable_module(actor: Actor, module_id: int) -> Module:
    """Keep a module from taking runs. Raise Forbidden or NotFound."""
    actor.require(Permission.SERVER_ADMINISTRATOR)
    return _set_active(actor, module_id, is_active=False)


def remove_module(actor: Actor, module_id: int) -> str:
    """Forget a module and its configuration, keep its runs and its environment; return its package.

    Raise Forbidden or NotFound.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        module = find_module(Module.objects.select_for_update(of=("self",)), module_id, INVALID_ID)
        summary = f"removed module {module.human_name}"
        record("module.removed", module, summary=summary, before={"package": module.package})
        module.delete()
    return module.package


def update_limits(actor: Actor, module_id: int, **changes: Any) -> Module:
    """Change the limits of a module. Raise Forbidden, NotFound, or Invalid naming the limit."""
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        module = find_module(Module.objects.select_for_update(of=("self",)), module_id)
        values = checked_limits(module, changes)
        before, after = apply_changes(module, values, frozenset(values))
        if after:
            module.save(update_fields=list(after))
            summary = f"changed limits of module {module.human_name}"
            record("module.limits_changed", module, summary=summary, before=before, after=after)
    return module


def reset_breaker(actor: Actor, module_id: int) -> Module:
    """Forget the failures of a module, so that it takes runs again at once."""
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        module = find_module(Module.objects.select_for_update(of=("self",)), module_id, INVALID_ID)
        if module.failures_in_a_row or module.broken_until:
            before = {"failures_in_a_row": module.failures_in_a_row, "state": module.state}
            module.failures_in_a_row, module.broken_until = 0, None
            settle(module, list(module.parameters.all()))
            module.save(
                update_fields=["failures_in_a_row", "broken_until", "state", "state_reason"]
            )
            gates.let_all_start(module.pk)
            summary = f"reset the circuit breaker of module {module.human_name}"
            record("module.breaker_reset", module, summary=summary, before=before)
    return module


def set_paused(actor: Actor, *, is_paused: bool, reason: str = "") -> ModuleSwitch:
    """Keep every module from starting runs, or let them again. Raise Forbidden."""
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        changes = {
            "is_paused": is_paused,
            "reason": reason[:300] if is_paused else "",
            "changed_at": timezone.now(),
            "changed_by": actor.login,
        }
        switch, _ = ModuleSwitch.objects.update_or_create(pk=ModuleSwitch.ONLY, defaults=changes)
        action, word = ("paused", "paused") if is_paused else ("resumed", "resumed")
        after = {"is_paused": is_paused, "reason": switch.reason}
        record(f"modules.{action}", switch, summary=f"{word} all modules", after=after)
    return switch


def _described(folder: str, package: str, stamp: uuid.UUID) -> Description:
    try:
        description = describe(environment_in(folder, package, str(stamp)))
    except Invalid as error:
        raise Invalid(f"{CANNOT_IMPORT}{error.message}", details=error.details) from error
    if not description.is_healthy or description.kind not in Module.Kind.values:
        raise Invalid(UNHEALTHY, details=description.health)
    return description


def _describe_as(module: Module, description: Description) -> None:
    module.human_name, module.description = description.human_name, description.description
    module.version = description.version
    module.interface_version = description.interface_version
    module.kind, module.pipeline = description.kind, description.pipeline


def _require_free_name(package: str, human_name: str, *, but: int = 0) -> None:
    others = Module.objects.exclude(pk=but)
    if package and others.filter(package=package).exists():
        raise Conflict(EXISTS)
    if others.filter(human_name=human_name).exists():
        raise Conflict(f"Unable to register module: There is a module named {human_name} already")


def _service_user(actor: Actor, package: str, human_name: str) -> User:
    """Return the account a module writes as, which opens no door; one of an earlier life is used again."""
    login = f"module_{package}"
    user = User.objects.filter(login__iexact=login).first()
    if user is None:
        email = f"{login}@modules.invalid"
        user, _ = add_user(
            actor, login=login, name=human_name, email=email, password="", is_service_account=True
        )
        return set_active(actor, user.pk, active=False)
    if user.is_active or not user.is_service_account:
        raise Conflict(f"Unable to register module: {login} is a user who is no service account")
    return user


def _refreshed(actor: Actor, module: Module) -> Module:
    try:
        return refresh_subscriptions(actor, module.pk)
    except Conflict as error:
        logger.warning("module %s: %s %s", module.package, error.message, "; ".join(error.details))
        return find_module(Module.objects.all(), module.pk)


def _set_active(actor: Actor, module_id: int, *, is_active: bool) -> Module:
    word = "enabled" if is_active else "disabled"
    with recording(actor) as record:
        module = find_module(Module.objects.select_for_update(of=("self",)), module_id, INVALID_ID)
        if module.is_active != is_active:
            module.is_active = is_active
            module.save(update_fields=["is_active"])
            record(f"module.{word}", module, summary=f"{word} module {module.human_name}")
    return module


def _note_problem(actor: Actor, module_id: int, problem: str) -> None:
    with recording(actor) as record:
        module = find_module(Module.objects.select_for_update(of=("self",)), module_id)
        before = {"state": module.state, "reason": module.state_reason}
        settle(module, list(module.parameters.all()), problem=problem)
        module.save(update_fields=["state", "state_reason"])
        after = {"state": module.state, "reason": module.state_reason}
        if before != after:
            summary = f"module {module.human_name} is {module.state}"
            record("module.broken", module, summary=summary, before=before, after=after)
