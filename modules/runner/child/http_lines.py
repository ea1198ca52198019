"""A line in the log of a run for every HTTP request: method, host, status, duration. Never path or query."""

import logging
import sys
import time
from typing import Any

CLIENT = "http.client"


def watch(log: logging.Logger) -> None:
    """Log every request from now on, if the module has loaded an HTTP client at all."""
    client = sys.modules.get(CLIENT)
    if client is None or hasattr(client.HTTPConnection, "_is_watched"):
        return
    connection = client.HTTPConnection
    connection._is_watched = True
    put, get = connection.putrequest, connection.getresponse

    def putrequest(self: Any, method: str, *given: Any, **named: Any) -> Any:
        self._watched_since = method, time.monotonic()
        return put(self, method, *given, **named)

    def getresponse(self: Any, *given: Any, **named: Any) -> Any:
        method, since = getattr(self, "_watched_since", ("", time.monotonic()))
        host = getattr(self, "_tunnel_host", None) or self.host
        try:
            response = get(self, *given, **named)
        except Exception as error:
            log.debug("HTTP %s %s failed: %s", method, host, type(error).__name__)
            raise
        seconds = time.monotonic() - since
        log.debug("HTTP %s %s answered %s in %.3f s", method, host, response.status, seconds)
        return response

    connection.putrequest, connection.getresponse = putrequest, getresponse
