"""Watchfloor Reputation: asks a service that answers in JSON about an IOC, tags it and attaches a report."""

__iris_module_interface = "WatchfloorReputationInterface"
