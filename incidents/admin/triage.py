"""The triage queue in the console."""
