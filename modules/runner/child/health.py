"""What a module says of itself, and whether a server may take it. Contract iris-modules §2.4."""

import re
from typing import Any

from .interface import IrisModuleInterface, IrisModuleTypes
from .loader import describe
from .records import plain

LOWEST, HIGHEST = "1.1", "1.2.0"
PIPELINE = (
    "pipeline_internal_name",
    "pipeline_human_name",
    "pipeline_args",
    "pipeline_update_support",
    "pipeline_import_support",
)
VERSION = re.compile(r"v?(\d+(?:\.\d+)*)(.*)", re.IGNORECASE | re.DOTALL)


def description_of(module: IrisModuleInterface) -> dict[str, Any]:
    """Return what an installation stores about a module, with the lines of its health check."""
    health, is_ready = _health(module)
    provides = _said(module.is_providing_pipeline)
    return {
        "module_name": str(_said(module.get_module_name) or ""),
        "description": str(_said(module.get_module_description) or ""),
        "version": str(_said(module.get_module_version)),
        "interface_version": str(_said(module.get_interface_version)),
        "type": str(_said(module.get_module_type)),
        "pipeline_support": bool(provides),
        "pipeline_info": plain(_said(module.pipeline_get_info)) or {},
        "configuration": _parameters(module),
        "is_ready": is_ready,
        "health": health,
        "is_healthy": not health and is_ready,
    }


def _said(method: Any) -> Any:
    """Return the answer of an overridable method, or None when it fails; the health check reports that."""
    try:
        return method()
    except Exception:  # noqa: BLE001 - third-party code
        return None


def _parameters(module: IrisModuleInterface) -> list[dict[str, Any]]:
    found = _said(module.get_init_configuration)
    return [plain(one) for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _health(module: IrisModuleInterface) -> tuple[list[str], bool]:
    lines: list[str] = []
    is_ready = False
    try:
        lines += _identity_problems(module)
        lines += _version_problems(module.get_interface_version())
        lines += _type_problems(module)
        lines += _parameter_problems(module.get_init_configuration())
        is_ready = bool(module.is_ready())
        if not is_ready:
            lines.append("The module says it is not ready")
    except BaseException as error:  # noqa: BLE001 - third-party code
        lines.append(f"The health check failed: {describe(error)}")
    return lines, is_ready


def _identity_problems(module: IrisModuleInterface) -> list[str]:
    return [] if str(module.get_module_name() or "").strip() else ["The module has no name"]


def _version_problems(version: Any) -> list[str]:
    parsed = parsed_version(str(version))
    if parsed is None:
        return [f"Interface version {version!r} is no version"]
    if not parsed_version(LOWEST) <= parsed <= parsed_version(HIGHEST):  # type: ignore[operator]
        return [f"Interface version {version} is not between {LOWEST} and {HIGHEST}"]
    return []


def parsed_version(text: str) -> tuple[tuple[int, ...], int] | None:
    """Return a version in an order that sorts 1.2 like 1.2.0 and 1.2rc1 before it."""
    found = VERSION.fullmatch(text.strip())
    if found is None:
        return None
    numbers = [int(part) for part in found[1].split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    rest = found[2].strip(" .-_").lower()
    if not rest:
        return tuple(numbers), 0
    if re.match(r"(a|b|c|rc|alpha|beta|pre|preview|dev)[.\-_]?\d*", rest):
        return tuple(numbers), -1
    return (tuple(numbers), 1) if re.match(r"(post|rev|r)[.\-_]?\d*|\+|\d", rest) else None


def _type_problems(module: IrisModuleInterface) -> list[str]:
    kind, provides = module.get_module_type(), bool(module.is_providing_pipeline())
    if kind not in tuple(IrisModuleTypes):
        return [f"Type {kind!r} is neither module_pipeline nor module_processor"]
    if kind == IrisModuleTypes.module_processor and provides:
        return ["A module_processor must not provide a pipeline"]
    if not provides:
        return []
    info = module.pipeline_get_info()
    if not isinstance(info, dict):
        return ["The pipeline information is no dictionary"]
    missing = [name for name in PIPELINE if info.get(name) in (None, "", [], {})]
    return [f"The pipeline information lacks {name}" for name in missing]


def _parameter_problems(parameters: Any) -> list[str]:
    if not isinstance(parameters, list):
        return ["The configuration is no list of parameters"]
    lines = []
    for one in parameters:
        if not isinstance(one, dict) or not one.get("param_name"):
            lines.append(f"A parameter has no param_name: {str(one)[:100]}")
    return lines
