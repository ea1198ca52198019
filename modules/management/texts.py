"""How the commands about modules show them."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from modules.models import Module
from modules.runner.host import Ending, Outcome
from modules.services.configuration import public_configuration
from modules.services.describing import reason_of

NOTHING = "-"
LONGEST_VALUE = 60


def table_of(modules: Iterable[Module]) -> str:
    """Return the modules as a table."""
    rows = [("package", "name", "version", "active", "state", "reason")]
    rows += [
        (
            module.package,
            module.human_name,
            module.version or NOTHING,
            "yes" if module.is_active else "no",
            module.state,
            module.state_reason.partition("\n")[0],
        )
        for module in modules
    ]
    return _aligned(rows)


def state_of(module: Module) -> str:
    """Return in a line or two where a module stands."""
    lines = [f"{module.package} {module.version}: {module.state}, {_activity(module)}"]
    lines += [f"  {line}" for line in module.state_reason.splitlines()]
    hooks = list(module.subscriptions.values_list("hook_name", "ui_name"))
    lines.append(f"  registered on {len(hooks)} hooks")
    lines += [f"    {name} {ui_name}".rstrip() for name, ui_name in hooks[:100]]
    return "\n".join(lines)


def configuration_of(module: Module) -> str:
    """Return the parameters of a module as a table, secrets only as set or not."""
    rows = [("parameter", "type", "mandatory", "value")]
    rows += [
        (one["param_name"], one["type"], "yes" if one["mandatory"] else "no", _shown(one))
        for one in public_configuration(module)
    ]
    return _aligned(rows)


def outcome_of(outcome: Outcome) -> str:
    """Return what a dry run did: how it ended, its log, its diff and what it would have made."""
    result = outcome.result or {}
    is_success = outcome.ending is Ending.FINISHED and result.get("status") == "success"
    ending = "failure" if outcome.ending is Ending.FINISHED else outcome.ending.value
    word = "success" if is_success else f"{ending}: {reason_of(outcome)}"
    lines = [f"{word} after {outcome.seconds:.2f} s, nothing was applied"]
    lines += _section("log", [_log_line(one) for one in result.get("logs") or []])
    lines += _section("changes", _changes(result.get("diffs") or []))
    lines += _section("new objects", [_json(one) for one in result.get("creations") or []])
    lines += _section("output", (outcome.output or "").splitlines())
    lines += _section("traceback", (result.get("traceback") or "").splitlines())
    return "\n".join(lines)


def _changes(diffs: list[dict[str, Any]]) -> list[str]:
    lines = []
    for diff in diffs:
        place = f"{diff.get('kind')} {diff.get('id')}"
        for name, (old, new) in (diff.get("changes") or {}).items():
            lines.append(f"{place} {name}: {_json(old)} -> {_json(new)}")
        for tab, fields in (diff.get("attributes") or {}).items():
            for name, attribute in (fields or {}).items():
                lines.append(f"{place} attribute {tab} / {name}: {_json(attribute)}")
            if not fields:
                lines.append(f"{place} attribute tab {tab}")
    return lines


def _section(title: str, lines: list[str]) -> list[str]:
    return [f"-- {title}", *(f"   {line}" for line in lines)] if lines else []


def _log_line(line: Any) -> str:
    if not isinstance(line, dict):
        return str(line)
    return f"{line.get('level', '')} {line.get('text', '')}"


def _shown(parameter: dict[str, Any]) -> str:
    if parameter["is_secret"]:
        return "(set)" if parameter["is_set"] else NOTHING
    if not parameter["is_set"]:
        return NOTHING
    text = " ".join(str(parameter["value"]).split())
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def _activity(module: Module) -> str:
    return "active" if module.is_active else "inactive"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
