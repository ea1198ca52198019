"""An HTTP connection to addresses already chosen, every wait of which ends at one deadline."""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Sequence
from typing import Any, cast


def _remaining(deadline: float) -> float:
    """Return the seconds left. Raise TimeoutError when there are none."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


class PinnedConnection(http.client.HTTPConnection):
    """A connection that looks no name up: the host only names itself in the request and in TLS.

    `context` is None for plain HTTP. Call `end` when the answer is read.
    """

    def __init__(
        self,
        host: str,
        port: int,
        addresses: Sequence[str],
        context: ssl.SSLContext | None,
        deadline: float,
    ) -> None:
        super().__init__(host, port)
        self.default_port = 80 if context is None else 443
        self._addresses = addresses
        self._context = context
        self._deadline = deadline
        self._raw: socket.socket | None = None

    def connect(self) -> None:
        """Connect to the first address that answers. Raise OSError when none does."""
        raw = self._reached()
        self._raw = raw
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._context is not None:
            raw.settimeout(_remaining(self._deadline))
            raw = self._raw = self._context.wrap_socket(raw, server_hostname=self.host)
        self.sock = cast(Any, _TimedSocket(raw, self._deadline))

    def _reached(self) -> socket.socket:
        for left in range(len(self._addresses), 0, -1):
            address = self._addresses[-left]
            try:
                return socket.create_connection(
                    (address, self.port), timeout=_remaining(self._deadline) / left
                )
            except OSError:
                if left == 1:
                    raise
        raise OSError("the host has no address")

    def end(self) -> None:
        """Close the socket."""
        self.close()
        if self._raw is not None:
            self._raw.close()


class _TimedSocket:
    """What http.client needs of a socket; a peer that sends a byte now and then wins no time by it."""

    def __init__(self, raw: socket.socket, deadline: float) -> None:
        self._raw = raw
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        """Send all of it before the deadline."""
        rest = memoryview(data)
        while rest:
            self._raw.settimeout(_remaining(self._deadline))
            rest = rest[self._raw.send(rest) :]

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return what reads from the socket until the deadline."""
        return io.BufferedReader(_TimedReader(self._raw, self._deadline))

    def close(self) -> None:
        """Do nothing: http.client closes before the body is read; the connection's end closes it."""


class _TimedReader(io.RawIOBase):
    def __init__(self, raw: socket.socket, deadline: float) -> None:
        self._raw = raw
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._raw.settimeout(_remaining(self._deadline))
        return self._raw.recv_into(buffer)
