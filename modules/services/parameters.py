"""Writing the configuration of a module: parameter by parameter, as a whole, or by a new version."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from modules.models import Module, ModuleParameter
from modules.selectors import find_module
from modules.services.configuration import (
    configuration_for_run,
    missing_parameters,
    public_configuration,
    secrets_of,
    stored_value,
)
from modules.services.describing import Definition
from modules.services.masking import restored_text
from modules.services.sealing import CannotOpen, seal
from modules.services.subscriptions import refresh_subscriptions
from modules.services.values import JSON, accepted, is_given, is_sealed, is_secret
from soar.core.actor import Actor
from soar.core.errors import Invalid, NotFound
from soar.core.permissions import Permission
from soar.core.recording import MASK, Record, recording

__all__ = [
    "configuration_for_run",
    "define_parameters",
    "export_configuration",
    "import_configuration",
    "missing_parameters",
    "public_configuration",
    "secrets_of",
    "set_parameter",
    "set_parameters",
]
UNKNOWN = "Invalid parameter"
PARTIAL = "Configuration is partially imported, we got errors with the followings:"
INVALID_DATA = "Invalid data"
MOST_PARAMETERS = 1000


def set_parameter(actor: Actor, module_id: int, name: str, value: Any) -> ModuleParameter:
    """Give a parameter a value, None or "" for none, and let the module register its hooks again.

    A secret that comes back as it is shown, masked, keeps its value. Raise Forbidden, NotFound, Invalid
    naming `value`, or Conflict when the value is saved but the module could not register its hooks.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        module = find_module(Module.objects.select_for_update(of=("self",)), module_id, UNKNOWN)
        parameter = module.parameters.filter(name=name).first()
        if parameter is None:
            raise NotFound(UNKNOWN)
        try:
            _set(record, module, parameter, value)
        except Invalid as error:
            raise Invalid.field("value", error.message) from error
    refresh_subscriptions(actor, module_id)
    return parameter


def set_parameters(actor: Actor, module_id: int, values: Mapping[str, Any]) -> Module:
    """Give several parameters values, all or none, and let the module register its hooks again, once.

    Raise like set_parameter; Invalid names each parameter whose value is refused.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        module = find_module(Module.objects.select_for_update(of=("self",)), module_id)
        by_name = {row.name: row for row in module.parameters.all()}
        problems: dict[str, list[str]] = {}
        for name, value in values.items():
            if name not in by_name:
                raise NotFound(UNKNOWN)
            try:
                _set(record, module, by_name[name], value)
            except Invalid as error:
                problems[name] = [error.message]
        if problems:
            raise Invalid("Data error", problems)
    return refresh_subscriptions(actor, module_id)


def export_configuration(actor: Actor, module_id: int) -> dict[str, Any]:
    """Return the name and all parameters of a module, without secrets. Raise Forbidden or NotFound."""
    actor.require(Permission.SERVER_ADMINISTRATOR)
    module = find_module(Module.objects.all(), module_id)
    return {
        "module_name": module.human_name,
        "module_configuration": public_configuration(module),
    }


def import_configuration(actor: Actor, module_id: int, entries: Sequence[Any]) -> Module:
    """Take the values of an exported configuration over and let the module register its hooks again.

    A secret without a value keeps the one it has. Raise Forbidden, NotFound, Invalid naming the
    parameters that could not be saved after all others were, or Conflict like set_parameter.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    if len(entries) > MOST_PARAMETERS or not all(isinstance(one, Mapping) for one in entries):
        raise Invalid(INVALID_DATA)
    with recording(actor) as record:
        module = find_module(Module.objects.select_for_update(of=("self",)), module_id)
        saved, problems = _import_all(module, entries)
        if saved:
            summary = f"imported the configuration of module {module.human_name}"
            record(
                "module.configuration_imported",
                module,
                summary=summary,
                after={"parameters": sorted(saved)},
            )
    if saved:
        module = refresh_subscriptions(actor, module_id)
    if problems:
        lines = [f"- Unable to save parameter {name}" for name in problems]
        details = [f"{name}: {reason}" for name, reason in problems.items()]
        raise Invalid("\n".join([PARTIAL, *lines]), details=details)
    return module


def _import_all(module: Module, entries: Sequence[Any]) -> tuple[set[str], dict[str, str]]:
    """Save what can be saved; return its names, and the reasons by name of what cannot."""
    by_name = {row.name: row for row in module.parameters.all()}
    saved: set[str] = set()
    problems: dict[str, str] = {}
    for entry in entries:
        name = str(entry.get("param_name", ""))
        try:
            _import_one(by_name.get(name), entry)
        except Invalid as error:
            problems[name] = error.message
        else:
            saved.add(name)
    return saved, problems


def define_parameters(module: Module, definitions: Sequence[Definition]) -> None:
    """Give a module the parameters its version declares; part of the caller's transaction.

    What was configured stays where the type still allows it; else, and for what is new, the default
    counts. Parameters that are gone are deleted.
    """
    kept = {row.name: row for row in module.parameters.all()}
    ModuleParameter.objects.filter(module=module).exclude(
        name__in=[one.name for one in definitions]
    ).delete()
    for position, definition in enumerate(definitions):
        old = kept.get(definition.name)
        value = definition.default
        if old is not None and old.is_set:
            value = _carried_over(old, definition)
        row = old or ModuleParameter(module=module, name=definition.name)
        row.position = position
        row.human_name, row.description = definition.human_name, definition.description
        row.type, row.section = definition.kind, definition.section
        row.is_mandatory, row.default = definition.is_mandatory, definition.default
        _store(row, value)
        row.save()


def _carried_over(old: ModuleParameter, definition: Definition) -> Any:
    try:
        value = stored_value(old)
        return value if old.type == definition.kind else accepted(definition.kind, value)
    except (CannotOpen, Invalid):
        return definition.default


def _set(record: Record, module: Module, parameter: ModuleParameter, value: Any) -> None:
    before = parameter.value
    _store(parameter, _checked(parameter, value))
    parameter.save()
    name = parameter.name
    record(
        "module.parameter_set",
        module,
        summary=f"set parameter {name} of module {module.human_name}",
        before={"parameter": name, "value": _for_audit(parameter, before)},
        after={"parameter": name, "value": _for_audit(parameter, parameter.value)},
    )


def _import_one(parameter: ModuleParameter | None, entry: Mapping[str, Any]) -> None:
    if parameter is None:
        raise Invalid("There is no such parameter")
    if "value" not in entry:
        return
    value = entry["value"]
    keeps = is_secret(parameter.type, parameter.name) or entry.get("is_set") is True
    if value is None and keeps:
        return
    _store(parameter, _checked(parameter, value))
    parameter.save()


def _checked(parameter: ModuleParameter, value: Any) -> Any:
    """Return a value from outside as it is stored, masks replaced. Raise Invalid."""
    is_whole = is_secret(parameter.type, parameter.name)
    if is_whole and value == MASK:
        return _old_value(parameter)
    value = accepted(parameter.type, value)
    if parameter.type == JSON and isinstance(value, str):
        old = _old_value(parameter)
        return restored_text(value, old if isinstance(old, str | None) else json.dumps(old))
    return value


def _old_value(parameter: ModuleParameter) -> Any:
    try:
        return stored_value(parameter)
    except CannotOpen:
        return None


def _store(parameter: ModuleParameter, value: Any) -> None:
    parameter.is_set = is_given(value)
    if is_sealed(parameter.type, parameter.name):
        parameter.value = None
        sealed = seal(parameter.module_id, parameter.name, value) if parameter.is_set else ""
        parameter.sealed = sealed
    else:
        parameter.value = value if parameter.is_set else None
        parameter.sealed = ""


def _for_audit(parameter: ModuleParameter, value: Any) -> Any:
    return MASK if is_sealed(parameter.type, parameter.name) else value
