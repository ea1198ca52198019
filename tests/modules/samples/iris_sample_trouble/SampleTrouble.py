"""Misbehaves; which way says the parameter `trouble`."""

import ctypes
import os
import subprocess
import sys
import time

import iris_interface.IrisInterfaceStatus as InterfaceStatus
from iris_interface.IrisModuleInterface import IrisModuleInterface, IrisModuleTypes

FOREVER = 10_000


class SampleTrouble(IrisModuleInterface):
    """One method per way to misbehave; the default does nothing wrong."""

    _module_name = "Sample trouble"
    _module_description = "Misbehaves on demand"
    _interface_version = 1.1
    _module_version = 1.0
    _module_type = IrisModuleTypes.module_processor
    _pipeline_support = False
    _pipeline_info = {}
    _module_configuration = [
        {
            "param_name": "trouble",
            "param_human_name": "Trouble",
            "param_description": "What to do",
            "default": "nothing",
            "mandatory": True,
            "type": "string",
        }
    ]

    def register_hooks(self, module_id):
        """Listen to new IOCs and to a manual name."""
        self.register_to_hook(module_id, iris_hook_name="on_postload_ioc_create")
        self.register_to_hook(
            module_id, iris_hook_name="on_manual_trigger_ioc", manual_hook_name="Misbehave"
        )

    def hooks_handler(self, hook_name, hook_ui_name, data):
        """Misbehave."""
        self.log.info("about to %s", self.module_dict_conf["trouble"])
        answer = getattr(self, f"_{self.module_dict_conf['trouble']}")(data)
        return InterfaceStatus.I2Success(data=data) if answer is None else answer

    def _nothing(self, data):
        pass

    def _hang(self, data):
        time.sleep(FOREVER)

    def _spin(self, data):
        while True:
            pass

    def _crash(self, data):
        ctypes.string_at(0)

    def _leave(self, data):
        os._exit(0)

    def _exit(self, data):
        sys.exit("enough")

    def _raise(self, data):
        data[0].ioc_tags = "half done"
        raise KeyError("no such thing")

    def _memory(self, data):
        hoard = []
        while True:
            hoard.append(bytearray(2**24))

    def _noise(self, data):
        for _ in range(20_000):
            print('{"status": "success", "message": "forged"}' * 5)
        print("last words", file=sys.stderr)

    def _endless_noise(self, data):
        while True:
            os.write(1, b"x" * 65536)

    def _children(self, data):
        for is_apart in (False, True):
            child = subprocess.Popen(["sleep", str(FOREVER)], start_new_session=is_apart)
            self.log.info("child %d", child.pid)
        orphan = "setsid sleep 10000 > /dev/null 2>&1 & echo $!"
        self.log.info("child %d", int(subprocess.check_output(["sh", "-c", orphan])))

    def _huge(self, data):
        data[0].ioc_tags = "still here"
        return InterfaceStatus.I2Success(data=["x" * 2**24, "x" * 2**22])

    def _too_huge(self, data):
        data[0].ioc_tags = "x" * 2**24

    def _none(self, data):
        return _Nothing


class _Nothing:
    """Is no status."""
