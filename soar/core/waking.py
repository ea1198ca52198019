"""Waking the relay on the embedded database, which has no NOTIFY.

One byte to a Unix datagram socket after commit. Nobody listening is no error: the relay also polls.
"""

import socket
from contextlib import suppress
from pathlib import Path

from django.conf import settings

SOCKET_NAME = "relay.sock"


def socket_path() -> Path:
    """Return where the relay of this installation listens."""
    directory: Path = settings.SOAR_SOCKET_DIR
    return directory / SOCKET_NAME


def wake_relay() -> None:
    """Tell a listening relay, if any, that an event was committed."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        with suppress(OSError):
            sender.sendto(b"1", str(socket_path()))
