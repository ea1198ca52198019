"""What tests of the runner may ask for."""

from collections.abc import Iterator

import pytest

from modules.runner.host import end_all


@pytest.fixture(scope="package", autouse=True)
def _no_server_is_left() -> Iterator[None]:
    """End the kept interpreters after the last test."""
    yield
    end_all()


@pytest.fixture(params=[False, True], ids=["fresh", "forked"])
def is_forked(request: pytest.FixtureRequest) -> bool:
    """Both ways to a process."""
    return bool(request.param)
