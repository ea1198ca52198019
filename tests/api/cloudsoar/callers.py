"""Callers of this door: JSON in, JSON out, with the token of a user."""

import json
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from soar.api.cloudsoar.mounts import CURRENT
from soar.core.models import User
from tests.http import bearer, token_of


class Caller:
    """Sends requests with the token of a user."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.client = Client(headers=bearer(token_of(user)))

    def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Return the answer to a request, its body as JSON."""
        if method == "GET":
            return self.client.get(f"{CURRENT}{path}", query)
        text = "" if body is None else json.dumps(body)
        return self.client.generic(method, f"{CURRENT}{path}", text, "application/json")

    def get(self, path: str, **query: Any) -> Any:
        """Return what a GET that must succeed answers."""
        answer = self("GET", path, **query)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def queries(self, path: str, **query: Any) -> int:
        """Return how many queries a GET takes."""
        self("GET", path, **query)  # whatever is remembered is remembered now
        with CaptureQueriesContext(connection) as captured:
            self.get(path, **query)
        return len(captured)
