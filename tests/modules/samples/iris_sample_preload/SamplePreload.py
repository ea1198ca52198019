"""Works on the request before it is validated."""

import iris_interface.IrisInterfaceStatus as InterfaceStatus
from iris_interface.IrisModuleInterface import IrisModuleInterface, IrisModuleTypes


class SamplePreload(IrisModuleInterface):
    """Marks the IOCs analysts add; fails at notes; refuses events; answers nonsense for assets."""

    _module_name = "Sample preload"
    _module_description = "Changes requests before they are validated"
    _interface_version = 1.1
    _module_version = 1.0
    _module_type = IrisModuleTypes.module_processor
    _pipeline_support = False
    _pipeline_info = {}
    _module_configuration = []

    def register_hooks(self, module_id):
        """Listen before things are created."""
        for kind in ("ioc", "note", "event", "asset"):
            self.register_to_hook(module_id, iris_hook_name=f"on_preload_{kind}_create")

    def hooks_handler(self, hook_name, hook_ui_name, data):
        """Change, crash, refuse, or answer with something else."""
        if hook_name == "on_preload_note_create":
            raise ValueError("this module cannot read notes")
        if hook_name == "on_preload_event_create":
            data[0]["event_title"] = "changed, but refused"
            return InterfaceStatus.I2Error(message="events are not welcome", data=data)
        if hook_name == "on_preload_asset_create":
            return InterfaceStatus.I2Success(data=["not a request at all"])
        data[0]["ioc_tags"] = f"{data[0].get('ioc_tags') or ''},preloaded"
        return InterfaceStatus.I2Success(data=data)
