"""Tests of runs: from the event to their end."""
