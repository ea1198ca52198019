"""Requests of tests with JSON bodies, below one mount."""

import json
from typing import Any

from soar.api.cloudsoar.mounts import CURRENT
from soar.core.models import User
from tests.http import Browser, bearer, token_of


class Asking:
    """Sends requests with a user's token."""

    def __init__(self, user: User) -> None:
        self.client = Browser(headers=bearer(token_of(user)))

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        """Return the answer; a body is sent as JSON."""
        sent = {} if body is None else {"data": json.dumps(body)}
        kind = {"content_type": "application/json"} if method != "GET" else {}
        return getattr(self.client, method.lower())(f"{CURRENT}{path}", **sent, **kind)

    def upload(self, path: str, **parts: Any) -> Any:
        """Return the answer to a multipart body."""
        return self.client.post(f"{CURRENT}{path}", parts)
