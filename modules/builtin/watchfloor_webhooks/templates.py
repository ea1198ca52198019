"""Fills the bodies that operators write: JSON in which {path} stands for a value of the delivery."""

import re
from typing import Any

PLACEHOLDER = re.compile(r"\{([a-z_][\w.]{0,200})(\|[^{}]{0,200})?\}")


class TemplateError(Exception):
    """A template asks for what the delivery does not have; the text names it and what there is."""


def filled(template: Any, values: dict[str, Any]) -> Any:
    """Return a template with its placeholders replaced.

    A text that is one placeholder becomes the value itself, inside a longer text it is written out.
    {path|other} is `other` where the path leads nowhere. Values are never looked at again, so what an
    attacker wrote into an IOC stays text. Raise TemplateError.
    """
    if isinstance(template, dict):
        return {key: filled(part, values) for key, part in template.items()}
    if isinstance(template, list):
        return [filled(part, values) for part in template]
    if not isinstance(template, str):
        return template
    whole = PLACEHOLDER.fullmatch(template)
    if whole:
        return _value(whole, values)
    return PLACEHOLDER.sub(lambda match: _written(_value(match, values)), template)


def _written(value: Any) -> str:
    return "" if value is None else str(value)


def _value(match: re.Match[str], values: dict[str, Any]) -> Any:
    path, default = match[1], match[2]
    found: Any = values
    for step in path.split("."):
        if isinstance(found, dict) and step in found:
            found = found[step]
        elif isinstance(found, list) and step.isdigit() and int(step) < len(found):
            found = found[int(step)]
        elif default is not None:
            return default[1:]
        else:
            raise TemplateError(f'the template asks for {{{path}}}: no "{step}"{_offered(found)}')
    return found


def _offered(found: Any) -> str:
    if isinstance(found, dict):
        return f", there are {', '.join(sorted(map(str, found)))}"
    if isinstance(found, list):
        return f", there are {len(found)} elements"
    return ", it has no parts"
