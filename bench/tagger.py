"""A module for measurements: gives each new IOC a tag and an attribute with the number of the run.

`bench.wheels` makes packages of it under any number of names; it must not import anything else of ours.
"""

import time

import iris_interface.IrisInterfaceStatus as InterfaceStatus
from app.datamgmt.manage.manage_attribute_db import add_tab_attribute_field
from iris_interface.IrisModuleInterface import IrisModuleInterface, IrisModuleTypes

PACKAGE = __name__.partition(".")[0]
FIELD = "Run"


class Tagger(IrisModuleInterface):
    """Ready at once, unless its parameter tells it to take time."""

    _module_name = PACKAGE
    _module_description = "Tags new IOCs"
    _interface_version = "1.2.0"
    _module_version = "1.0"
    _module_type = IrisModuleTypes.module_processor
    _pipeline_support = False
    _pipeline_info = {}
    _module_configuration = [
        {
            "param_name": "seconds",
            "param_human_name": "Seconds",
            "param_description": "How long a run takes",
            "default": 0.0,
            "mandatory": False,
            "type": "float",
        }
    ]

    def register_hooks(self, module_id):
        """Listen to new IOCs."""
        self.register_to_hook(module_id, iris_hook_name="on_postload_ioc_create")

    def hooks_handler(self, hook_name, hook_ui_name, data):
        """Tag every object."""
        time.sleep(self.module_dict_conf.get("seconds") or 0)
        for ioc in data:
            ioc.ioc_tags = f"{ioc.ioc_tags},{PACKAGE}"
            add_tab_attribute_field(
                ioc,
                tab_name=PACKAGE,
                field_name=FIELD,
                field_type="input_string",
                field_value=str(self.hook_run_id),
            )
            self.log.info("tagged %s", ioc.ioc_value)
        return InterfaceStatus.I2Success(data=data, logs=list(self.message_queue))
