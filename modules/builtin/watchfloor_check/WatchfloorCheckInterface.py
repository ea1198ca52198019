"""The check module: a line in the run's log for each object of each hook."""

import re
from fnmatch import fnmatchcase
from typing import Any

import iris_interface.IrisInterfaceStatus as InterfaceStatus
from app.datamgmt.iris_engine.modules_db import module_list_available_hooks
from iris_interface.IrisModuleInterface import IrisModuleInterface, IrisModuleTypes

MANUAL_NAME = "Watchfloor check"
HOOK_NAME = re.compile(r"on_(?:preload|postload|manual_trigger)_(global_task|[a-z]+)")


class WatchfloorCheckInterface(IrisModuleInterface):
    """Changes nothing, so it is safe to leave on; good for a first look at what a hook hands over."""

    _module_name = "Watchfloor Check"
    _module_description = "Logs every hook it is called on, with the kind and id of the object"
    _interface_version = "1.2.0"
    _module_version = "1.0.0"
    _module_type = IrisModuleTypes.module_processor
    _pipeline_support = False
    _pipeline_info: dict[str, Any] = {}
    _module_configuration = [
        {
            "param_name": "check_hooks",
            "param_human_name": "Hooks",
            "param_description": "Names of hooks separated by commas; * stands for any letters",
            "default": "on_postload_*, on_manual_trigger_*",
            "mandatory": True,
            "type": "string",
        }
    ]

    def register_hooks(self, module_id: int) -> None:
        """Subscribe to each hook that a name or pattern of the parameter matches."""
        patterns = [part.strip() for part in self.module_dict_conf["check_hooks"].split(",")]
        for hook in module_list_available_hooks():
            if any(fnmatchcase(hook.hook_name, pattern) for pattern in patterns):
                is_manual = hook.hook_name.startswith("on_manual_trigger_")
                self.register_to_hook(
                    module_id,
                    iris_hook_name=hook.hook_name,
                    manual_hook_name=MANUAL_NAME if is_manual else None,
                )

    def hooks_handler(
        self, hook_name: str, hook_ui_name: str | None, data: list[Any]
    ) -> InterfaceStatus.IIStatus:
        """Log what came."""
        match = HOOK_NAME.match(hook_name)
        kind = match[1] if match else "object"
        chosen = f" ({hook_ui_name})" if hook_ui_name else ""
        for element in data:
            self.log.info(f"{hook_name}{chosen}: {kind} {id_of(kind, element)}")
        return InterfaceStatus.I2Success(data=data, logs=list(self.message_queue))


def id_of(kind: str, element: Any) -> Any:
    """Return the id of what a hook handed over: an object, a dictionary, or the id itself."""
    if isinstance(element, int):
        return int(element)
    fields = element if isinstance(element, dict) else vars(element)
    fields = fields.get(kind, fields) if isinstance(fields.get(kind), dict) else fields
    return fields.get(f"{kind}_id") or fields.get("id") or "without an id"
