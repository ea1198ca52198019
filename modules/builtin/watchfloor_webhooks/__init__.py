"""Watchfloor Webhooks: signed, retried and logged deliveries to other systems."""

__iris_module_interface = "WatchfloorWebhooksInterface"
