"""What tests of the shipped modules share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.modules.builtin.receiver import Receiver, receiving, write_certificate


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver on loopback."""
    with receiving() as running:
        yield running


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of receiver.example with its key."""
    path = tmp_path / "receiver.pem"
    write_certificate(path)
    return path
