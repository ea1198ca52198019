"""The namespaces modules import: put into sys.modules before the module, in front of whatever pip installed."""

import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from . import context, interface, schemas, services, sql, status
from .models import MODELS
from .refusals import REFUSED, SQL, Refusal, RefusingModule
from .session import db

OURS = ("app", "iris_interface")
PUBLIC = {name: getattr(status, name) for name in dir(status) if name.startswith(("I2", "II"))}
STATUS = PUBLIC | {"merge_status": status.merge_status, "QueuingHandler": status.QueuingHandler}
INTERFACE = {
    name: getattr(interface, name)
    for name in ("IrisModuleInterface", "IrisModuleTypes", "IrisPipelineTypes")
}
SERVICES = "app.datamgmt"
HANDLER = "app.iris_engine.module_handler"


def _of(*names: str) -> dict[str, Any]:
    return {name: getattr(services, name) for name in names}


MODULES: dict[str, dict[str, Any]] = {
    "iris_interface": {"__version__": "1.2.0"},
    "iris_interface.IrisInterfaceStatus": STATUS,
    "iris_interface.IrisModuleInterface": INTERFACE | STATUS,
    "app": {"db": db, "app": services.app, "celery": services.celery},
    SERVICES: {},
    f"{SERVICES}.iris_engine": {},
    f"{SERVICES}.iris_engine.modules_db": _of("module_list_available_hooks"),
    f"{SERVICES}.iris_engine.evidence_storage": _of("EvidenceStorage"),
    f"{SERVICES}.manage": {},
    f"{SERVICES}.manage.manage_attribute_db": _of("add_tab_attribute_field", "add_tab_attribute"),
    f"{SERVICES}.manage.manage_srv_settings_db": _of("get_server_settings_as_dict"),
    f"{SERVICES}.case": {},
    f"{SERVICES}.case.case_notes_db": _of("add_note", "add_note_group"),
    "app.iris_engine": {},
    HANDLER: {},
    f"{HANDLER}.module_handler": _of(
        "register_hook", "deregister_from_hook", "get_mod_config_by_name"
    ),
    "app.iris_engine.utils": {},
    "app.iris_engine.utils.tracker": _of("track_activity"),
    "app.schema": {},
    "app.schema.marshables": dict(schemas.SCHEMAS),
    "app.models": dict(MODELS),
    "app.models.models": dict(MODELS),
    "app.models.alerts": dict(MODELS),
    "app.models.cases": dict(MODELS),
    "app.models.authorization": dict(MODELS),
}


def install() -> None:
    """Make the namespaces importable, once per process."""
    if any(isinstance(finder, Finder) for finder in sys.meta_path):
        return
    for name in [one for one in sys.modules if one.partition(".")[0] in OURS]:
        del sys.modules[name]
    for name, contents in MODULES.items():
        _place(name, _module(name, contents))
    vars(sys.modules["app.schema.marshables"])["__getattr__"] = schemas.any_schema
    sys.modules["app.db"], sys.modules["app.app"] = db, services.app  # type: ignore[assignment]
    sys.meta_path.insert(0, Finder())


def _module(name: str, contents: dict[str, Any]) -> ModuleType:
    module = ModuleType(name, "Offered by Watchfloor to modules.")
    module.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=True)
    module.__path__ = []
    vars(module).update(contents)
    return module


def _place(name: str, module: ModuleType) -> None:
    sys.modules[name] = module
    parent, _, last = name.rpartition(".")
    if parent and last not in vars(sys.modules[parent]):
        setattr(sys.modules[parent], last, module)


def reason_for(name: str) -> str:
    """Return what to use instead of a namespace, or nothing."""
    for refused, reason in REFUSED.items():
        if name == refused or name.startswith(f"{refused}."):
            return reason
    return ""


class Finder:
    """Answers for what is not there: refusals for what IRIS has, a stand-in or the real sqlalchemy."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return a spec for the names we answer for."""
        top = name.partition(".")[0]
        if top not in OURS and top not in REFUSED and top != "sqlalchemy":
            return None
        real = None if top in OURS else importlib.machinery.PathFinder.find_spec(name, path)
        if top == "sqlalchemy":
            return _taught(real) if real else importlib.machinery.ModuleSpec(name, StandIn())  # type: ignore[arg-type]
        if real is not None:
            return None
        if not reason_for(name):
            raise ModuleNotFoundError(
                f"No module named {name!r}: Watchfloor does not offer it to modules", name=name
            )
        return importlib.machinery.ModuleSpec(name, StandIn())  # type: ignore[arg-type]


class StandIn:
    """Makes a namespace that can be imported and refuses to be used, but for the words of sqlalchemy."""

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """Return the module."""
        reason = reason_for(spec.name)
        if reason:
            context.current().log.warning("%s is not offered. %s", spec.name, reason)
        module = RefusingModule(spec.name, reason or SQL)
        vars(module).update(sql.STAND_INS.get(spec.name, {}))
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing."""


class Teaching:
    """Loads a real module of sqlalchemy and teaches it our models."""

    def __init__(self, loader: Any) -> None:
        self.loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module; when the whole package is there, teach it."""
        self.loader.exec_module(module)
        if module.__name__ == "sqlalchemy":
            for name in sql.TAUGHT:
                if name in sys.modules:
                    sql.teach(sys.modules[name])
        elif module.__name__ == "sqlalchemy.orm.attributes":
            sql.teach(module)


def _taught(spec: importlib.machinery.ModuleSpec) -> importlib.machinery.ModuleSpec:
    if spec.name in sql.TAUGHT:
        spec.loader = Teaching(spec.loader)  # type: ignore[assignment]
    return spec


__all__ = ["Finder", "Refusal", "install", "reason_for"]
