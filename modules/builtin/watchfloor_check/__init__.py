"""Watchfloor Check: the smallest module; logs which hooks reach it and with what."""

__iris_module_interface = "WatchfloorCheckInterface"
