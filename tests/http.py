"""HTTP clients of the tests: requests with the key or token of a user, bodies as JSON."""

import base64
from typing import Any

from django.test import Client
from django.test.client import ClientHandler

from soar.core.models import ApiToken, IrisApiKey, User
from soar.core.services.api_keys import derived_key
from soar.core.token_texts import text_of
from soar.wsgi import Doors


def key_of(user: User) -> str:
    """Return the IRIS API key of a user."""
    return derived_key(IrisApiKey.objects.get(pk=user.pk))


def token_of(user: User) -> str:
    """Return the text of the user's first API token, made when he has none."""
    row = user.api_tokens.order_by("pk").first()
    return text_of(row or ApiToken.objects.create(user=user))


def bearer(token: str) -> dict[str, str]:
    """Return the header that presents a token; none for none."""
    return {"authorization": f"Bearer {token}"} if token else {}


def basic(user_name: str, password: str) -> dict[str, str]:
    """Return the header of HTTP Basic."""
    pair = base64.b64encode(f"{user_name}:{password}".encode()).decode()
    return {"authorization": f"Basic {pair}"}


class _Handler(Doors, ClientHandler):
    """Takes requests the way the server's handler does."""


_HANDLER = _Handler(enforce_csrf_checks=False)


class Browser(Client):
    """Django's client before the server's handler, which is made once for all."""

    def __init__(self, **defaults: Any) -> None:
        super().__init__(**defaults)
        self.handler = _HANDLER


class ApiClient:
    """Sends `Authorization: Bearer KEY` with every request; an empty key sends no header."""

    def __init__(self, key: str) -> None:
        self.headers = {"authorization": f"Bearer {key}"} if key else {}
        self.client = Browser()

    def get(self, path: str, **query: Any) -> Any:
        """Return the answer to GET."""
        return self.client.get(path, query, headers=self.headers)

    def post(self, path: str, body: Any = None) -> Any:
        """Return the answer to POST of a JSON body; None sends an empty object."""
        return self.send("post", path, {} if body is None else body)

    def send(self, method: str, path: str, body: Any) -> Any:
        """Return the answer to any method with a JSON body."""
        call = getattr(self.client, method)
        return call(path, body, content_type="application/json", headers=self.headers)
