"""A sample: proposes notes, directories, evidence and more."""

__iris_module_interface = "SampleNotes"
