"""A sample: misbehaves in the way its parameter says."""

__iris_module_interface = "SampleTrouble"
