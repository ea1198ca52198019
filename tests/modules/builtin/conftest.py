"""What tests of the shipped modules share."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.modules.builtin.receiver import Receiver, receiving, write_certificate

# As the runner does it, so that the packages find each other by their own names.
sys.path.insert(0, str(settings.BASE_DIR / "modules" / "builtin"))


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
