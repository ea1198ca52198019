"""Writes to the objects it is given; each manual name is one way to do that."""

import iris_interface.IrisInterfaceStatus as InterfaceStatus
from app.datamgmt.manage.manage_attribute_db import add_tab_attribute_field
from iris_interface.IrisModuleInterface import IrisModuleInterface, IrisModuleTypes

REPORT = "<h1>Report</h1><script>alert(1)</script><img src=x onerror=alert(1)>"


class SampleEnricher(IrisModuleInterface):
    """Tags an IOC and gives it a report; by hand also describes or renames it."""

    _module_name = "Sample enricher"
    _module_description = "Writes to the objects it is given"
    _interface_version = 1.1
    _module_version = "1.0.0"
    _module_type = IrisModuleTypes.module_processor
    _pipeline_support = False
    _pipeline_info = {}
    _module_configuration = [
        {
            "param_name": "sample_tag",
            "param_human_name": "Tag",
            "param_description": "The tag to add",
            "default": "sample:seen",
            "mandatory": True,
            "type": "string",
            "section": "Insights",
        },
        {
            "param_name": "sample_key",
            "param_human_name": "Key",
            "param_description": "A secret nobody may see",
            "default": None,
            "mandatory": False,
            "type": "sensitive_string",
        },
    ]

    def register_hooks(self, module_id):
        """Listen to new and changed IOCs, and to four manual names, two of them synchronous."""
        for hook in ("on_postload_ioc_create", "on_postload_ioc_update"):
            self.register_to_hook(module_id, iris_hook_name=hook)
        for name in ("Enrich", "Describe"):
            self.register_to_hook(
                module_id, iris_hook_name="on_manual_trigger_ioc", manual_hook_name=name
            )
        for name in ("Enrich now", "Rename"):
            self.register_to_hook(
                module_id,
                iris_hook_name="on_manual_trigger_ioc",
                manual_hook_name=name,
                run_asynchronously=False,
            )

    def hooks_handler(self, hook_name, hook_ui_name, data):
        """Do to every object what the name says."""
        for ioc in data:
            self.log.info("%s %s", hook_ui_name or hook_name, ioc.ioc_value)
            if hook_ui_name == "Describe":
                ioc.ioc_description = f"{ioc.ioc_description} (described)".strip()
            elif hook_ui_name == "Rename":
                ioc.ioc_value = ioc.ioc_value.partition("|")[0] + ".renamed"
                ioc.ioc_type_id = 1
            else:
                self._enrich(ioc)
        return InterfaceStatus.I2Success(data=data, logs=list(self.message_queue))

    def _enrich(self, ioc):
        ioc.ioc_tags = f"{ioc.ioc_tags},{self.module_dict_conf.get('sample_tag')}"
        add_tab_attribute_field(
            ioc,
            tab_name="Sample report",
            field_name="HTML report",
            field_type="html",
            field_value=REPORT,
        )
