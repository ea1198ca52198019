"""An example of a module: tags domains that are written to look like another one."""

__iris_module_interface = "ExampleInterface"
