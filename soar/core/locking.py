"""Locks that hold between processes and hosts."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.color import no_style
from django.db import connection, models


def lock_for_transaction(name: str) -> None:
    """Hold the lock of a name until the open transaction ends, waiting for whoever has it.

    PostgreSQL takes an advisory lock; on SQLite the transaction itself, begun IMMEDIATE, is the lock.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [zlib.crc32(name.encode())])


def align_sequences(*tables: type[models.Model]) -> None:
    """Make each table's next id follow its highest one, so that an empty table starts at 1."""
    statements = connection.ops.sequence_reset_sql(no_style(), tables)
    if (
        connection.vendor == "sqlite"
    ):  # follows the highest id by itself, but remembers deleted ones
        empty = [table for table in tables if not table._default_manager.exists()]
        names = [{"table": table._meta.db_table, "column": "id"} for table in empty]
        statements = connection.ops.sequence_reset_by_name_sql(no_style(), names)
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@contextmanager
def held_lock(name: str) -> Iterator[None]:
    """Hold the lock of a name outside any transaction, such as while migrations run."""
    if connection.vendor != "postgresql":
        yield
        return
    key = zlib.crc32(name.encode())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [key])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
