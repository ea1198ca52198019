"""Sending requests about incidents as somebody, as JSON below the legacy mount."""

import json
from typing import Any

from django.test import Client

from soar.api.cloudsoar.mounts import LEGACY
from soar.core.models import User
from tests.http import bearer, token_of


class IncidentClient:
    """Asks with the token of a user; bodies are JSON."""

    def __init__(self, user: User) -> None:
        self.client = Client(headers=bearer(token_of(user)), raise_request_exception=False)

    def send(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """Return the answer of a resource below incidents/."""
        data = json.dumps({} if body is None else body)
        return self.client.generic(
            method,
            f"{LEGACY}incidents/{path}",
            data if method != "GET" else "",
            "application/json",
            query_params=query,
        )

    def get(self, path: str = "", **query: str) -> Any:
        """Return the answer to GET."""
        return self.send("GET", path, **query)

    def post(self, path: str = "", body: Any = None) -> Any:
        """Return the answer to POST."""
        return self.send("POST", path, body)

    def put(self, path: str, body: Any) -> Any:
        """Return the answer to PUT."""
        return self.send("PUT", path, body)

    def open(self, **fields: Any) -> int:
        """Open an incident from flat fields and return its id."""
        answer = self.post("", fields)
        assert answer.status_code == 201, answer.content
        return int(answer.json()["id"])

    def found(self, **query: str) -> list[int]:
        """Return the ids in the list."""
        answer = self.get("", **query)
        assert answer.status_code == 200, answer.content
        return [row["id"] for row in answer.json()]
