"""Waking the relay on the embedded database, which has no NOTIFY.

One byte to a Unix datagram socket after commit. Nobody listening is no error: the relay also polls.
"""

import socket
from contextlib import suppress

from django.conf import settings

SOCKET_NAME = "relay.sock"


def wake_relay() -> None:
    """Tell a listening relay, if any, that an event was committed."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        with suppress(OSError):
            sender.sendto(b"1", str(settings.SOAR_DATA_DIR / SOCKET_NAME))
