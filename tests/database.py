"""The database of the tests: made by the migrations once, copied and seeded for each process.

Tests that commit leave it changed; it is then made what it was, which takes less than emptying and seeding it.
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from incidents.services.bootstrap import seed
from soar.core import audit_triggers

Restore = Callable[[], None]


@contextmanager
def undone() -> Iterator[None]:
    """Undo whatever the block writes."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def seeded_database(base: Path) -> Iterator[Restore]:
    """Be connected to a seeded database of this process, and be given what makes it so again.

    base is a directory of this run of tests.
    """
    original = connection.settings_dict["NAME"]
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        _migrate()
    else:
        _copy(base, worker)
    seed()  # keys are made with the secrets of this process
    yield _sqlite_restorer() if connection.vendor == "sqlite" else _postgresql_restorer()
    connection.creation.destroy_test_db(original, verbosity=0)


def _migrate() -> None:
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)


def _copy(base: Path, worker: str) -> None:
    """Connect to a copy of the database that the first process to come makes for all."""
    made = base / "migrated-database"
    with _alone(base / "migrated-database.lock"):
        if made.exists():
            _connect_to(made.read_text())
        else:
            _migrate()
            made.write_text(str(connection.settings_dict["NAME"]))
        connection.close()
        connection.creation.clone_test_db(worker, verbosity=0)
    _connect_to(str(connection.creation.get_test_db_clone_settings(worker)["NAME"]))


def _connect_to(name: str) -> None:
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Be the only process within."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sqlite_restorer() -> Restore:
    kept = sqlite3.connect(":memory:")
    connection.ensure_connection()
    connection.connection.backup(kept)

    def restore() -> None:
        connection.ensure_connection()
        kept.backup(connection.connection)

    return restore


def _postgresql_restorer() -> Restore:
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    tables = [name for name in names if name != "django_migrations"]
    kept: dict[str, bytes] = {}
    with connection.cursor() as cursor:
        for table in tables:
            with cursor.copy(f"COPY {table} TO STDOUT") as rows:
                kept[table] = b"".join(map(bytes, rows))
        cursor.execute("SELECT sequencename, last_value FROM pg_sequences")
        places = cursor.fetchall()
    held = " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in tables
    )
    steps = ", ".join(
        f"setval('{name}', {place or 1}, {'true' if place else 'false'})" for name, place in places
    )

    def restore() -> None:
        audit_triggers.remove(connection)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(held)
            for (table,) in cursor.fetchall():
                cursor.execute(f"DELETE FROM {table}")
            for table, rows in kept.items():
                if rows:
                    with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                        copy.write(rows)
            cursor.execute(f"SELECT {steps}")
        audit_triggers.install(connection)

    return restore
