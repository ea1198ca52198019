"""The whole module: what it is, what it is called on, what it does."""

from html import escape

import iris_interface.IrisInterfaceStatus as InterfaceStatus
from app.datamgmt.manage.manage_attribute_db import add_tab_attribute_field
from iris_interface.IrisModuleInterface import IrisModuleInterface, IrisModuleTypes


class ExampleInterface(IrisModuleInterface):
    """Looks at domains with letters outside of ASCII, written as xn--..."""

    _module_name = "Look-alike domains"
    _module_description = "Tags internationalised domains and shows how they look"
    _interface_version = "1.2.0"
    _module_version = "1.0.0"
    _module_type = IrisModuleTypes.module_processor
    _pipeline_support = False
    _pipeline_info = {}
    _module_configuration = [
        {
            "param_name": "example_tag",
            "param_human_name": "Tag",
            "param_description": "Put on such domains",
            "default": "look-alike",
            "mandatory": True,
            "type": "string",
        },
    ]

    def register_hooks(self, module_id):
        """Wait for new IOCs, and be there when an analyst asks."""
        self.register_to_hook(module_id, iris_hook_name="on_postload_ioc_create")
        self.register_to_hook(
            module_id,
            iris_hook_name="on_manual_trigger_ioc",
            manual_hook_name="Does it look like another?",
        )

    def hooks_handler(self, hook_name, hook_ui_name, data):
        """Tag each IOC that is one."""
        for ioc in data:
            if "xn--" not in ioc.ioc_value:
                self.log.info(f"{ioc.ioc_value} is what it looks like")
                continue
            shown = ioc.ioc_value.encode().decode("idna")
            self.log.info(f"{ioc.ioc_value} looks like {shown}")
            tag = self.module_dict_conf["example_tag"]
            ioc.ioc_tags = f"{ioc.ioc_tags},{tag}" if ioc.ioc_tags else tag
            add_tab_attribute_field(
                ioc, "Look-alike", "Looks like", "html", f"<p>{escape(shown)}</p>"
            )
        return InterfaceStatus.I2Success(data=data, logs=list(self.message_queue))
