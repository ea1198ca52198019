"""A small threaded HTTP client: keep-alive connections, bounded in number of requests and in time."""

import http.client
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

TIMEOUT_SECONDS = 120
CLOUD_SOAR = "/incmansuite_ng/api/v3/"
SUCCESS = (http.HTTPStatus.OK, http.HTTPStatus.CREATED)


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
    """Where to send requests, and as whom: an API key for the IRIS door, a token for the other."""

    host: str
    port: int
    key: str
    token: str = ""


class Connection:
    """One keep-alive connection; opened again when the server closed it between two requests."""

    def __init__(self, target: Target) -> None:
        self._http = http.client.HTTPConnection(target.host, target.port, timeout=TIMEOUT_SECONDS)
        self._target = target

    def send(self, call: Call) -> bytes:
        """Send the request and return the body of the answer. Raise RequestFailed unless it is 200 or 201."""
        try:
            return self._send(call)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self._http.close()
            return self._send(call)

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def _send(self, call: Call) -> bytes:
        is_cloud_soar = call.path.startswith(CLOUD_SOAR)
        credential = self._target.token if is_cloud_soar else self._target.key
        headers = {"Authorization": f"Bearer {credential}"}
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        self._http.request(call.method, call.path, body=call.body, headers=headers)
        answer = self._http.getresponse()
        body = answer.read()
        if answer.status not in SUCCESS:
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


class _Drive:
    """One run of `drive`: what its threads share."""

    def __init__(
        self, target: Target, make_call: Callable[[], Call], *, count: int, seconds: float
    ):
        self.target = target
        self.make_call = make_call
        self.count = count
        self.numbers = itertools.count()
        self.timings = Timings()
        self.errors: list[Exception] = []
        self.started = time.perf_counter()
        self.deadline = self.started + seconds

    def work(self) -> None:
        """Send requests over one connection until there are enough, it is late, or one failed."""
        connection = Connection(self.target)
        try:
            while next(self.numbers) < self.count and not self.errors:
                call = self.make_call()
                begin = time.perf_counter()
                connection.send(call)
                end = time.perf_counter()
                self.timings.milliseconds.append((end - begin) * 1000)
                if end >= self.deadline:
                    return
        except Exception as error:  # noqa: BLE001  (raised again in the caller's thread)
            self.errors.append(error)
        finally:
            connection.close()


def drive(
    target: Target,
    make_call: Callable[[], Call],
    *,
    connections: int,
    count: int,
    seconds: float,
) -> Timings:
    """Send up to `count` requests over so many connections, for at most so many seconds.

    Each connection sends at least one of them. Raise RequestFailed when any failed.
    """
    run = _Drive(target, make_call, count=count, seconds=seconds)
    if connections == 1:
        run.work()
    else:
        threads = [threading.Thread(target=run.work, daemon=True) for _ in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    run.timings.seconds = time.perf_counter() - run.started
    if run.errors:
        raise run.errors[0]
    return run.timings


def data_of(body: bytes) -> Any:
    """Return the data inside an envelope."""
    return orjson.loads(body)["data"]
