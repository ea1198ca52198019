"""Answers in the ways authors really do; each manual name is one."""

import iris_interface.IrisInterfaceStatus as InterfaceStatus
from iris_interface.IrisModuleInterface import IrisModuleInterface, IrisModuleTypes

NAMES = ("uncalled", "msg", "positional", "exception", "code", "dict", "none", "merged")


class SampleAnswers(IrisModuleInterface):
    """Says little, but in many ways."""

    _module_name = "Sample answers"
    _module_description = "Answers in the ways authors really do"
    _interface_version = 1.1
    _module_version = 1.0
    _module_type = IrisModuleTypes.module_processor
    _pipeline_support = False
    _pipeline_info = {}
    _module_configuration = []

    def register_hooks(self, module_id):
        """Register an unknown hook, one without a name, one again under a new name, one and not."""
        status = self.register_to_hook(module_id, iris_hook_name="on_postload_ioc_created")
        if status.is_failure():
            self.log.error(status.get_message())
        self.register_to_hook(module_id, "on_manual_trigger_case")
        self.register_to_hook(module_id, "on_postload_task_create")
        self.deregister_from_hook(module_id, "on_postload_task_create")
        self.deregister_from_hook(module_id, "on_postload_task_update")
        for name in NAMES:
            self.register_to_hook(module_id, "on_manual_trigger_ioc", name, False)

    def hooks_handler(self, hook_name, hook_ui_name, data):
        """Answer."""
        answers = {
            "uncalled": InterfaceStatus.I2Error,
            "msg": InterfaceStatus.I2Error(msg="nobody reads this", user="bob", caseid=3),
            "positional": InterfaceStatus.I2Error("plain words"),
            "exception": InterfaceStatus.I2Error(ValueError("the reason")),
            "code": InterfaceStatus.I2Success(code=InterfaceStatus.I2CodeError, message="by code"),
            "dict": {"status": "success"},
            "none": None,
            "merged": InterfaceStatus.merge_status(
                InterfaceStatus.I2Success, InterfaceStatus.I2UnexpectedResult("odd")
            ),
        }
        return answers[hook_ui_name]
