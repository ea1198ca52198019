"""A sample: changes what analysts send before it is validated, or fails at it."""

__iris_module_interface = "SamplePreload"
