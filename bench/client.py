"""A small threaded HTTP client: keep-alive connections, bounded in number of requests and in time."""

import http.client
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

TIMEOUT_SECONDS = 120


class RequestFailed(Exception):
    """The server answered with something other than success."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request: a body makes it a POST."""

    path: str
    body: bytes | None = None

    @property
    def method(self) -> str:
        """Return the HTTP method."""
        return "GET" if self.body is None else "POST"


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send requests, and as whom."""

    host: str
    port: int
    key: str


class Connection:
    """One keep-alive connection; opened again when the server closed it between two requests."""

    def __init__(self, target: Target) -> None:
        self._http = http.client.HTTPConnection(target.host, target.port, timeout=TIMEOUT_SECONDS)
        self._headers = {"Authorization": f"Bearer {target.key}"}
        self._post_headers = {**self._headers, "Content-Type": "application/json"}

    def send(self, call: Call) -> bytes:
        """Send the request and return the body of the answer. Raise RequestFailed unless it is 200."""
        try:
            return self._send(call)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self._http.close()
            return self._send(call)

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def _send(self, call: Call) -> bytes:
        headers = self._headers if call.body is None else self._post_headers
        self._http.request(call.method, call.path, body=call.body, headers=headers)
        answer = self._http.getresponse()
        body = answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise RequestFailed(f"{call.method} {call.path}: {answer.status} {body[:300]!r}")
        return body


@dataclass
class Timings:
    """What a drive measured: the latency of each request, and how long all took together."""

    milliseconds: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def count(self) -> int:
        """Return how many requests were answered."""
        return len(self.milliseconds)

    def percentile(self, share: float) -> float:
        """Return the latency that this share of requests did not exceed, in milliseconds."""
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def drive(
    target: Target,
    make_call: Callable[[], Call],
    *,
    connections: int,
    count: int,
    seconds: float,
) -> Timings:
    """Send up to `count` requests over so many connections, for at most so many seconds.

    Each connection sends at least one request. Raise RequestFailed when any of them failed.
    """
    numbers = itertools.count()
    timings = Timings()
    errors: list[BaseException] = []
    started = time.perf_counter()

    def work() -> None:
        connection = Connection(target)
        try:
            while next(numbers) < count:
                call = make_call()
                begin = time.perf_counter()
                connection.send(call)
                end = time.perf_counter()
                timings.milliseconds.append((end - begin) * 1000)
                if errors or end - started >= seconds:
                    return
        except Exception as error:  # noqa: BLE001  (raised again below, in the caller's thread)
            errors.append(error)
        finally:
            connection.close()

    if connections == 1:
        work()
    else:
        threads = [threading.Thread(target=work, daemon=True) for _ in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    timings.seconds = time.perf_counter() - started
    if errors:
        raise errors[0]
    return timings


def data_of(body: bytes) -> object:
    """Return the data inside an envelope."""
    return orjson.loads(body)["data"]
