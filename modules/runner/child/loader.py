"""Find a module's class, or say exactly what its author or the installation did wrong. Contract iris-modules §2.1."""

import importlib
import importlib.util
import os
import sys
import traceback
from types import ModuleType
from typing import Any

from .interface import IrisModuleInterface
from .namespaces import reason_for

ATTRIBUTE = "__iris_module_interface"
HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib costs 5 ms here


class NotUsable(Exception):
    """The module cannot be loaded; the text says why, `trace` where."""

    def __init__(self, reason: str, trace: str = "") -> None:
        super().__init__(reason)
        self.trace = trace


def load(package: str) -> type[IrisModuleInterface]:
    """Return the class of a module. Raise NotUsable with the reason."""
    module = _import_package(package)
    name = _class_name(package, module)
    submodule = _import_submodule(package, name)
    found = getattr(submodule, name, None)
    if found is None:
        raise NotUsable(f"{package}/{name}.py has no class {name}")
    if not isinstance(found, type):
        raise NotUsable(f"{name} in {package}/{name}.py is {_kind(found)}, not a class")
    if not issubclass(found, IrisModuleInterface):
        raise NotUsable(
            f"Class {name} does not derive from iris_interface.IrisModuleInterface.IrisModuleInterface"
        )
    return found


def instance_of(module: type[IrisModuleInterface]) -> IrisModuleInterface:
    """Return an instance. Raise NotUsable with the reason."""
    try:
        return module()
    except BaseException as error:  # noqa: BLE001 - third-party code
        reason = describe(error)
        raise NotUsable(
            f"Class {module.__name__} cannot be made: {reason}", trace_of(error)
        ) from None


def _import_package(package: str) -> ModuleType:
    if not package.isidentifier():
        raise NotUsable(f"{package!r} is no package name: letters, digits and underscores only")
    module = _import(package, f"Package {package} cannot be imported")
    if getattr(module, "__file__", None) is None:
        raise NotUsable(_without_init(package, module))
    if not hasattr(module, "__path__"):
        raise NotUsable(f"{package} is one file; a module is a package, a folder with __init__.py")
    return module


def _without_init(package: str, module: ModuleType) -> str:
    for folder in getattr(module, "__path__", []):
        for name in sorted(os.listdir(folder)):  # noqa: PTH208 - see HERE
            if name != "__init__.py" and name.replace(" ", "").lower() == "__init__.py":
                return (
                    f"The file of package {package} is called {name!r}; rename it to '__init__.py'"
                )
    return f"Package {package} has no __init__.py"


def _class_name(package: str, module: ModuleType) -> str:
    if not hasattr(module, ATTRIBUTE):
        raise NotUsable(_without_attribute(package, module))
    name = getattr(module, ATTRIBUTE)
    if not isinstance(name, str):
        raise NotUsable(
            f"{ATTRIBUTE} of {package} must be a string, the name of the class; it is {_kind(name)}"
        )
    if not name.isidentifier():
        raise NotUsable(
            f"{ATTRIBUTE} of {package} is {name!r}, which is no class name"
            + ("; it contains a space" if " " in name else "")
        )
    return name


def _without_attribute(package: str, module: ModuleType) -> str:
    for name in vars(module):
        if name.strip("_").lower() == ATTRIBUTE.strip("_"):
            wrong = "ends with underscores" if name.endswith("_") else "is spelled differently"
            return f"{package}/__init__.py has {name}, which {wrong}; it must be {ATTRIBUTE}"
    return f"{package}/__init__.py has no {ATTRIBUTE}; it must name the class of the module, as a string"


def _import_submodule(package: str, name: str) -> ModuleType:
    full = f"{package}.{name}"
    if full not in sys.modules and importlib.util.find_spec(full) is None:
        raise NotUsable(
            f"Package {package} has no file {name}.py, which {ATTRIBUTE} promises{_near(package, name)}"
        )
    return _import(full, f"{package}/{name}.py cannot be imported")


def _near(package: str, name: str) -> str:
    for folder in sys.modules[package].__path__:
        for file in sorted(os.listdir(folder)):  # noqa: PTH208 - see HERE
            if file != f"{name}.py" and file.replace(" ", "").lower() == f"{name}.py".lower():
                return f"; there is {file!r}"
    return ""


def _import(name: str, problem: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name == name:
            raise NotUsable(f"Package {name} is not installed in this environment") from None
        raise NotUsable(f"{problem}: {describe(error)}", trace_of(error)) from None
    except BaseException as error:  # noqa: BLE001 - third-party code
        raise NotUsable(f"{problem}: {describe(error)}", trace_of(error)) from None


def describe(error: BaseException) -> str:
    """Return an error as one line; what Watchfloor does not offer gets its reason."""
    if isinstance(error, MemoryError):
        return "MemoryError: the memory limit of the module is reached"
    if isinstance(error, SystemExit):
        return f"it ended the process with sys.exit({'' if error.code is None else error.code})"
    words = str(error)
    if isinstance(error, SyntaxError):
        words = f"{error.msg} ({os.path.basename(error.filename or '')}, line {error.lineno})"  # noqa: PTH119
    if isinstance(error, ImportError) and not isinstance(error, ModuleNotFoundError):
        top = (error.name or "").partition(".")[0]
        if top in ("app", "iris_interface"):
            words = f"{words}: Watchfloor does not offer it. {reason_for(error.name or '')}".strip()
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def trace_of(error: BaseException) -> str:
    """Return the traceback from where the module's own code begins."""
    found = error.__traceback__
    while found is not None and _is_ours(found.tb_frame.f_code.co_filename):
        found = found.tb_next
    return "".join(traceback.format_exception(type(error), error, found))


def _is_ours(filename: str) -> bool:
    return filename.startswith((HERE, "<frozen importlib")) or "/importlib/" in filename


def _kind(value: Any) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else f"a {type(value).__name__}"
