"""Reading the configuration of a module: for its runs in clear, for people without secrets."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from modules.models import Module, ModuleParameter
from modules.services.masking import masked_text, masked_value, secret_leaves
from modules.services.sealing import CannotOpen, unseal
from modules.services.values import JSON, cast, is_given, is_secret

Shown = dict[str, Any]


def stored_value(parameter: ModuleParameter) -> Any:
    """Return the value of a parameter in clear, None when it has none. Raise CannotOpen."""
    if parameter.sealed:
        return unseal(parameter.module_id, parameter.name, parameter.sealed)
    return parameter.value


def configuration_for_run(module: Module) -> list[Shown]:
    """Return the parameters as a run of the module needs them, secrets in clear. Raise CannotOpen."""
    return [
        _described(parameter, parameter.default)
        | {"value": cast(parameter.type, stored_value(parameter))}
        for parameter in module.parameters.all()
    ]


def public_configuration(module: Module) -> list[Shown]:
    """Return the parameters fit to be shown: secrets only tell whether they are set."""
    return [public_parameter(parameter) for parameter in module.parameters.all()]


def public_parameter(parameter: ModuleParameter) -> Shown:
    """Return one parameter fit to be shown, its default without secrets too."""
    return _described(parameter, _shown(parameter, parameter.default)) | {
        "value": shown_value(parameter),
        "is_set": parameter.is_set,
        "is_secret": is_secret(parameter.type, parameter.name),
    }


def shown_value(parameter: ModuleParameter) -> Any:
    """Return the value of a parameter without secrets: None for one that is secret as a whole."""
    try:
        return _shown(parameter, stored_value(parameter))
    except CannotOpen:
        return None


def secrets_of(module: Module) -> list[str]:
    """Return every secret text of a configuration, for masking logs. Raise CannotOpen."""
    found: list[str] = []
    for parameter in module.parameters.all():
        value = stored_value(parameter)
        if not is_given(value):
            continue
        if is_secret(parameter.type, parameter.name):
            found.append(str(value))
        elif parameter.type == JSON:
            found += _secrets_of_text(value) if isinstance(value, str) else secret_leaves(value)
    return found


def missing_parameters(parameters: Iterable[ModuleParameter]) -> list[str]:
    """Return the names of the mandatory parameters that have no value."""
    return [row.name for row in parameters if row.is_mandatory and not row.is_set]


def unopened_parameters(parameters: Sequence[ModuleParameter]) -> list[str]:
    """Return the names of the secrets that do not open any more."""
    closed = []
    for parameter in parameters:
        try:
            stored_value(parameter)
        except CannotOpen:
            closed.append(parameter.name)
    return closed


def _described(parameter: ModuleParameter, default: Any) -> Shown:
    shown = {
        "param_name": parameter.name,
        "param_human_name": parameter.human_name,
        "param_description": parameter.description,
        "default": default,
        "mandatory": parameter.is_mandatory,
        "type": parameter.type,
    }
    return shown | ({"section": parameter.section} if parameter.section else {})


def _shown(parameter: ModuleParameter, value: Any) -> Any:
    if not is_given(value):
        return value
    if is_secret(parameter.type, parameter.name):
        return None
    if parameter.type != JSON:
        return value
    return masked_text(value) if isinstance(value, str) else masked_value(value)


def _secrets_of_text(text: str) -> list[str]:
    try:
        return secret_leaves(json.loads(text))
    except ValueError:
        return [text]
