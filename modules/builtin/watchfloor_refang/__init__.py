"""Watchfloor Refang: finds indicators in what analysts write, defanged or not, and proposes them as IOCs."""

__iris_module_interface = "WatchfloorRefangInterface"
