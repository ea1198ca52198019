"""Pytest plugin for the suite of client 1.0.2, which names its host: send its requests to IRIS_URL."""

import os
from typing import Any

import requests

NAMED_HOST = "http://localhost:8000"
_request = requests.Session.request


def _redirected(session: requests.Session, method: str, url: str, **options: Any) -> Any:
    return _request(session, method, url.replace(NAMED_HOST, os.environ["IRIS_URL"], 1), **options)


requests.Session.request = _redirected  # type: ignore[method-assign,assignment]
