"""The whole database as text, for tests of what must not be in it."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models


def rows() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every row of every table, with the table's label."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed:
            for row in model._default_manager.values():
                yield model._meta.label_lower, row


def text_of_database() -> str:
    """Return all rows as text, one per line."""
    return "\n".join(f"{label} {row}" for label, row in rows())


def true_values() -> int:
    """Return how many boolean columns of all rows are true."""
    return sum(value is True for _, row in rows() for value in row.values())


def column_names() -> set[str]:
    """Return the names of all columns, as fields and as attributes."""
    fields = [
        field
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.Field)
    ]
    return {name for field in fields for name in (field.name, field.attname) if name}
