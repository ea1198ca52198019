"""Listens to the old name of the hook of changed cases, and compares with that."""

import iris_interface.IrisInterfaceStatus as InterfaceStatus
from iris_interface.IrisModuleInterface import IrisModuleInterface, IrisModuleTypes

OLD = "on_postload_case_info_update"


class SampleOldName(IrisModuleInterface):
    """Works only when it is called by the name it registered for."""

    _module_name = "Sample old name"
    _module_description = "Knows a hook by its old name"
    _interface_version = 1.1
    _module_version = 1.0
    _module_type = IrisModuleTypes.module_processor
    _pipeline_support = False
    _pipeline_info = {}
    _module_configuration = []

    def register_hooks(self, module_id):
        """Register the old name."""
        self.register_to_hook(module_id, iris_hook_name=OLD)

    def hooks_handler(self, hook_name, hook_ui_name, data):
        """Work for the old name only."""
        if hook_name != OLD:
            return InterfaceStatus.I2Error(message=f"unexpected hook {hook_name}")
        self.log.info("case %s changed", data[0].name)
        return InterfaceStatus.I2Success(data=data)
