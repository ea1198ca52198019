"""Sends one HTTP request to a permitted address, within limits of time and size."""

import http.client
import ipaddress
import json
import re
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from .addresses import HOST_NAME, AllowList, RequestRefused, permitted_addresses
from .connection import PinnedConnection

_PORTS = {"http": 80, "https": 443}
_UNFIT = re.compile(r"[\x00-\x20\x7f\\]")
_PATH_SAFE = "!#$%&'()*+,/:;=?@[]~"
_REDIRECTS = (301, 302, 303, 307, 308)
_KEPT_ACROSS_ORIGINS = ("accept", "user-agent")


class RequestFailed(Exception):
    """A request that got no whole answer; the text says why and never holds path, header or body."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What requests may do: addresses, seconds for each request in all, bytes of an answer, redirects.

    `ca_file` names a PEM file of authorities trusted beside those of the system.
    """

    allowed: AllowList = field(default_factory=AllowList)
    seconds: float = 10.0
    maximum_bytes: int = 1024 * 1024
    maximum_redirects: int = 0
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. Header names are in lower case; `is_cut` tells that the body was longer than allowed."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool

    def json(self) -> Any:
        """Return the body decoded. Raise RequestFailed when it is not whole, plain JSON."""
        if self.is_cut:
            raise RequestFailed(f"the answer is longer than {len(self.body)} bytes")
        if self.headers.get("content-encoding", "identity") != "identity":
            raise RequestFailed("the answer is compressed though that was not asked for")
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise RequestFailed("the answer is not JSON") from None


@dataclass(frozen=True, slots=True)
class _Target:
    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port


class HttpClient:
    """Sends requests under one policy and logs one line for each: method, host, status, duration."""

    def __init__(self, policy: Policy, log: Callable[[str], None] = lambda line: None) -> None:
        self.policy = policy
        self._log = log

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Response:
        """Send a request and return the answer, whatever its status.

        Follows redirects of GET up to the policy's number, each checked like the first; other origins
        do not get the headers. Raise RequestRefused or RequestFailed.
        """
        deadline = time.monotonic() + self.policy.seconds
        target, given = _target_of(url), dict(headers or {})
        for _ in range(self.policy.maximum_redirects + 1):
            response = self._logged(method, target, given, body, deadline)
            location = response.headers.get("location")
            if response.status not in _REDIRECTS or not location or not self._may_follow(method):
                return response
            following = _redirected(target, location)
            if following.origin != target.origin:
                given = {k: v for k, v in given.items() if k.lower() in _KEPT_ACROSS_ORIGINS}
            target = following
        raise RequestFailed(f"more than {self.policy.maximum_redirects} redirects")

    def _may_follow(self, method: str) -> bool:
        return method == "GET" and self.policy.maximum_redirects > 0

    def _logged(
        self, method: str, target: _Target, headers: dict[str, str], body: bytes, deadline: float
    ) -> Response:
        started = time.monotonic()
        outcome = "was refused"
        try:
            response = self._sent(method, target, headers, body, deadline)
            outcome = f"answered {response.status}"
        except RequestFailed as error:
            outcome = f"failed ({error})"
            raise
        finally:
            milliseconds = round((time.monotonic() - started) * 1000)
            self._log(f"{method} {target.host} {outcome} after {milliseconds} ms")
        return response

    def _sent(
        self, method: str, target: _Target, headers: dict[str, str], body: bytes, deadline: float
    ) -> Response:
        context = _tls_context(self.policy.ca_file) if target.scheme == "https" else None
        try:
            addresses = permitted_addresses(target.host, target.port, self.policy.allowed)
            connection = PinnedConnection(target.host, target.port, addresses, context, deadline)
            try:
                connection.request(method, target.path, body=body or None, headers=headers)
                return self._received(connection.getresponse())
            finally:
                connection.end()
        except TimeoutError:
            raise RequestFailed(f"no whole answer in {self.policy.seconds:g} s") from None
        except ssl.SSLCertVerificationError as error:
            raise RequestFailed(f"certificate: {error.verify_message}") from None
        except (ValueError, http.client.InvalidURL):
            # Its text would hold the header's value.
            raise RequestRefused(
                "the path or a header has characters that are not allowed"
            ) from None
        except (OSError, http.client.HTTPException) as error:
            text = getattr(error, "strerror", None) or type(error).__name__
            raise RequestFailed(text) from None

    def _received(self, answer: http.client.HTTPResponse) -> Response:
        limit = self.policy.maximum_bytes
        body = answer.read(limit + 1)
        if len(body) <= limit and answer.length:
            raise RequestFailed("the answer ended early")
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Response(answer.status, headers, body[:limit], len(body) > limit)


def require_plain_url(url: str) -> None:
    """Raise RequestRefused unless a URL is one that could be requested; nothing is looked up."""
    _target_of(url)


def _tls_context(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:
            reason = error.strerror or "not PEM"
            raise RequestRefused(f"the file of authorities cannot be read: {reason}") from None
    return context


def _target_of(url: str) -> _Target:
    """Return where a URL leads. Raise RequestRefused for all that is not plain http or https."""
    if _UNFIT.search(url):
        raise RequestRefused("the URL has blanks, control characters or backslashes")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise RequestRefused("the URL cannot be read") from None
    if parts.scheme not in _PORTS:
        raise RequestRefused("only http and https URLs are allowed")
    if "@" in parts.netloc:
        raise RequestRefused("the URL holds credentials; give them in a header")
    path = quote(parts.path or "/", safe=_PATH_SAFE)
    query = f"?{quote(parts.query, safe=_PATH_SAFE)}" if parts.query else ""
    return _Target(parts.scheme, _host_of(parts), port or _PORTS[parts.scheme], path + query)


def _host_of(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    try:
        host = host if host.isascii() else host.encode("idna").decode("ascii")
        if ":" in host and "%" not in host:
            return str(ipaddress.IPv6Address(host))
    except ValueError:
        host = ""
    if not HOST_NAME.fullmatch(host):
        raise RequestRefused("the URL names no valid host")
    return host


def _redirected(target: _Target, location: str) -> _Target:
    host = f"[{target.host}]" if ":" in target.host else target.host
    base = f"{target.scheme}://{host}:{target.port}{target.path}"
    try:
        following = _target_of(urljoin(base, location))
    except ValueError:
        raise RequestRefused("a redirect's URL cannot be read") from None
    if target.scheme == "https" and following.scheme == "http":
        raise RequestRefused("a redirect leads from https to http")
    return following
