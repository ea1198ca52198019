"""What `iris_interface.IrisModuleInterface` offers: the class every module derives from. Contract iris-modules §2.2."""

import copy
import logging
from enum import StrEnum
from types import SimpleNamespace
from typing import Any

from . import context, services
from .status import (
    I2Error,
    I2InterfaceNotImplemented,
    I2Success,
    IIStatus,
    QueuingHandler,
)


class IrisModuleTypes(StrEnum):
    """What a module is for."""

    module_pipeline = "module_pipeline"
    module_processor = "module_processor"


class IrisPipelineTypes(StrEnum):
    """What a pipeline is asked to do; the published package has the longer names."""

    pipeline_update = "pipeline_update"
    pipeline_import = "pipeline_import"
    pipeline_type_update = "pipeline_update"
    pipeline_type_import = "pipeline_import"


class IrisModuleInterface:
    """A module: its class attributes describe it, its methods are overridden by authors."""

    _module_name: Any = "IrisModule"
    _module_description: Any = ""
    _interface_version: Any = "1.2.0"
    _module_version: Any = "1.0"
    _module_type: Any = IrisModuleTypes.module_processor
    _pipeline_support: Any = False
    _pipeline_info: Any = {}
    _module_configuration: Any = []

    # Set before a handler is called (contract §3.4).
    case_id: Any = None
    module_id: Any = None
    current_user: Any = None
    hook_run_id: Any = None
    hook_cause_id: Any = None  # the same for a run and those that repeat it

    # What modules may know from Celery, which the published class derives from.
    name: Any = None
    request_stack: Any = None
    request: Any = SimpleNamespace(id=None, retries=0)

    def __new__(cls, *_given: Any, **_named: Any) -> "IrisModuleInterface":
        """Prepare an instance here, so that authors need not call our __init__."""
        module = super().__new__(cls)
        module._prepare()
        return module

    def _prepare(self) -> None:
        self.message_queue: list[str] = []
        self._evidence_storage = services.EvidenceStorage()
        self.set_log_handler()
        self._parameters = parameters_of(type(self), context.current().job.get("configuration"))
        self._dict_conf = values_of(self._parameters)
        self._server_conf = services.get_server_settings_as_dict()

    def set_log_handler(self) -> None:
        """Connect self.log with self.message_queue and the log of the run."""
        self.log: logging.Logger = context.current().log
        for handler in [one for one in self.log.handlers if isinstance(one, QueuingHandler)]:
            self.log.removeHandler(handler)
        self.log.addHandler(QueuingHandler(message_queue=self.message_queue, celery_task=self))

    # --- who it is

    def get_module_name(self) -> Any:
        """Return the name people read."""
        return self._module_name

    def get_module_description(self) -> Any:
        """Return the description."""
        return self._module_description

    def get_interface_version(self) -> Any:
        """Return the version of the interface it was written for."""
        return self._interface_version

    def get_module_version(self) -> Any:
        """Return its version."""
        return self._module_version

    def get_module_type(self) -> Any:
        """Return what it is for."""
        return self._module_type

    def is_providing_pipeline(self) -> Any:
        """Tell whether it imports files."""
        return self._pipeline_support

    def pipeline_get_info(self) -> Any:
        """Return the names and arguments of its pipeline."""
        return self._pipeline_info

    def get_init_configuration(self) -> Any:
        """Return the parameters as the author declared them."""
        return self._module_configuration

    # --- its configuration

    @property
    def module_dict_conf(self) -> dict[str, Any]:
        """The values of the parameters by name, cast to their types."""
        return self._dict_conf

    @property
    def server_dict_conf(self) -> dict[str, Any]:
        """The settings of the server."""
        return self._server_conf

    def get_configuration(self) -> IIStatus:
        """Return a status with the list of parameters."""
        return I2Success(data=self._parameters)

    def get_configuration_dict(self) -> IIStatus:
        """Return a status with the values of the parameters by name."""
        return I2Success(data=self._dict_conf)

    def internal_configure(self, *_given: Any, **_named: Any) -> IIStatus:
        """Return a success: an instance is configured when it is made."""
        return I2Success(data=self._dict_conf)

    def auto_configure(self) -> None:
        """Do nothing: an instance is configured when it is made."""

    def is_ready(self) -> Any:
        """Tell whether it can work."""
        return True

    def get_evidence_storage(self) -> IIStatus:
        """Return a status with the storage of evidences."""
        return I2Success(data=self._evidence_storage)

    # --- hooks

    def register_to_hook(
        self,
        module_id: Any,
        iris_hook_name: str,
        manual_hook_name: str | None = None,
        run_asynchronously: bool = True,  # noqa: FBT001, FBT002 - the published parameter
    ) -> IIStatus:
        """Subscribe to a hook; an unknown one is an error, and nothing happens."""
        is_done, words = services.register_hook(
            module_id, iris_hook_name, manual_hook_name, run_asynchronously
        )
        return _status_of(words, is_done=is_done)

    def deregister_from_hook(self, module_id: Any, iris_hook_name: str) -> IIStatus:
        """Unsubscribe from a hook."""
        is_done, words = services.deregister_from_hook(module_id, iris_hook_name)
        return _status_of(words, is_done=is_done)

    def register_hooks(self, module_id: Any) -> Any:
        """Subscribe to all hooks the module wants; authors override it."""
        return I2InterfaceNotImplemented()

    def hooks_handler(self, hook_name: Any, hook_ui_name: Any, data: Any) -> Any:
        """Do the work; authors override it."""
        return I2InterfaceNotImplemented()

    # --- pipelines

    def pipeline_init(self, app_info: Any) -> Any:
        """Prepare a pipeline; authors override it."""
        return I2InterfaceNotImplemented()

    def pipeline_handler(self, pipeline_type: Any, pipeline_data: Any) -> Any:
        """Import files; authors override it."""
        return I2InterfaceNotImplemented()

    def pipeline_files_upload(
        self,
        base_path: Any,
        file_handle: Any,
        case_customer: Any,
        case_name: Any,
        is_update: Any,
    ) -> Any:
        """Take an uploaded file; authors override it."""
        return I2InterfaceNotImplemented()

    def run(self, pipeline_type: Any, pipeline_data: Any) -> Any:
        """Run the pipeline."""
        return self.pipeline_handler(pipeline_type, pipeline_data)

    def update_state(self, *_given: Any, **_named: Any) -> None:
        """Do nothing: the log of a run is its state."""

    # --- short answers

    @staticmethod
    def return_success(logs: Any = None) -> tuple[bool, Any]:
        """Return yes and the lines."""
        return True, [] if logs is None else logs

    @staticmethod
    def return_error(logs: Any = None, *_given: Any) -> tuple[bool, Any]:
        """Return no and the lines."""
        return False, [] if logs is None else logs

    @staticmethod
    def return_not_implemented() -> IIStatus:
        """Return that there is no such function."""
        return I2InterfaceNotImplemented()


def _status_of(words: list[str], *, is_done: bool) -> IIStatus:
    return I2Success(message=words) if is_done else I2Error(message=words, logs=words)


def parameters_of(module: type[IrisModuleInterface], stored: Any) -> list[dict[str, Any]]:
    """Return the stored parameters, and those the class declares and nobody has stored yet."""
    given = module._module_configuration
    listed = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    declared = {one.get("param_name"): copy.deepcopy(one) for one in listed}
    found = {
        one.get("param_name"): declared.get(one.get("param_name"), {}) | one
        for one in stored or []
        if isinstance(one, dict)
    }
    for name, one in declared.items():
        found.setdefault(name, one | {"value": one.get("default")})
    return list(found.values())


def values_of(parameters: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the values by name, cast."""
    return {
        str(one.get("param_name")): cast(
            one["value"] if "value" in one else one.get("default"), one
        )
        for one in parameters
    }


def cast(value: Any, parameter: dict[str, Any]) -> Any:
    """Return a stored value as its type; one that does not fit stays as it is."""
    if not isinstance(value, str):
        return value
    kind = parameter.get("type")
    if kind == "bool":
        return value.strip().lower() == "true"
    if kind in ("int", "integer", "float"):
        try:
            return float(value) if kind == "float" else int(value)
        except ValueError:
            return value
    return value
