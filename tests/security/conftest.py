"""What the security tests share: both customers' world, seeded once per module."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.iris.calls import seeded_world
from tests.api.iris.conftest import modules_by_script
from tests.api.iris.world import World

__all__ = ["modules_by_script"]


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Seed both customers once; everything is rolled back after the module."""
    with seeded_world(django_db_blocker) as seeded:
        yield seeded
