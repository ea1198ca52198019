"""Clients of this door: below both mounts, with a token."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from soar.api.cloudsoar.mounts import MOUNTS
from soar.core.models import User
from tests.http import bearer, token_of

Ask = Callable[..., Any]


@pytest.fixture(params=MOUNTS, ids=["legacy", "current"])
def mount(request: pytest.FixtureRequest) -> str:
    """Each of the two prefixes."""
    return str(request.param)


@pytest.fixture
def ask(analyst: User, mount: str) -> Ask:
    """Send a request with the analyst's token: method, resource, body, and its Content-Type."""
    headers = bearer(token_of(analyst))

    def send(method: str, path: str, body: Any = "", kind: str = "", **more: Any) -> Any:
        data = body if isinstance(body, bytes) else body.encode()
        client = Client(headers=headers, raise_request_exception=False)
        return client.generic(method, f"{mount}{path}", data, kind, **more)

    return send
