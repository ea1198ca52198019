"""Entities in the console."""
