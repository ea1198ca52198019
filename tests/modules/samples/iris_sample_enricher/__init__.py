"""A sample: writes tags, an HTML tab, a description, or what it must not."""

__iris_module_interface = "SampleEnricher"
