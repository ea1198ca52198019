"""The database of the tests: made by the migrations once, copied and seeded for each process."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

from incidents.services.bootstrap import seed


@contextmanager
def seeded_database(base: Path) -> Iterator[None]:
    """Be connected to a seeded database of this process; base is a directory of this run of tests."""
    original = connection.settings_dict["NAME"]
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        _migrate()
    else:
        _copy(base, worker)
    seed()  # keys are made with the secrets of this process
    yield
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
