"""A sample: listens to a hook by the name it had in older servers."""

__iris_module_interface = "SampleOldName"
