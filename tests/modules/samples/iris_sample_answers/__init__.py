"""A sample: answers and registers in the ways authors really do."""

__iris_module_interface = "SampleAnswers"
