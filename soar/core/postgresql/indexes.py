"""Indexes only PostgreSQL has, for migrations; other databases read the rows instead."""

from functools import partial
from typing import Any

from django.db import migrations

# What incidents.selectors.values asks for.
TAGS = r"(regexp_split_to_array(lower(tags), '\s*,\s*'))"
CUSTOM_VALUES = "custom jsonb_path_ops"


def gin_index(name: str, table: str, expression: str) -> migrations.RunPython:
    """Return the operation that makes a GIN index."""
    create = f"CREATE INDEX {name} ON {table} USING gin ({expression})"
    return migrations.RunPython(
        partial(_execute, statement=create), partial(_execute, statement=f"DROP INDEX {name}")
    )


def _execute(apps: Any, schema_editor: Any, *, statement: str) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(statement)
