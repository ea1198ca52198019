"""Sends one delivery: signs every attempt, tries again what may pass, gives up in time.

The signature follows the Standard Webhooks specification, so receivers can check it with a library.
"""

import base64
import binascii
import hashlib
import hmac
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from watchfloor_http import HttpClient, RequestFailed, Response

from .configuration import Webhook

USER_AGENT = "Watchfloor-Webhooks/1.0"
PASSING = (408, 425, 429, 500, 502, 503, 504)
LONGEST_PAUSE = 60.0
_NAMESPACE = uuid.UUID("6d1f7f0e-3f0c-4a53-9f0a-0c1a0b6f5a11")


class DeliveryFailed(Exception):
    """A delivery the receiver did not take; the text says why and never holds a secret."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """How often to try, and until when (a reading of time.monotonic) to start another try.

    `pause_seconds` is waited after the first try, twice as long after each that follows.
    """

    number: int
    pause_seconds: float
    until: float


def delivery_id(cause: str, webhook: Webhook) -> str:
    """Return the id of a delivery: the same whenever the same cause is delivered to the same webhook."""
    return f"msg_{uuid.uuid5(_NAMESPACE, f'{cause}/{webhook.name}').hex}"


def key_of(secret: str) -> bytes:
    """Return the bytes that sign: those that whsec_<base64> stands for, else the text itself."""
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            pass
    return secret.encode()


def signature(secret: str, identifier: str, timestamp: int, body: bytes) -> str:
    """Return the value of the header webhook-signature: HMAC-SHA256 of id, time and body."""
    signed = f"{identifier}.{timestamp}.".encode() + body
    digest = hmac.new(key_of(secret), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def deliver(
    client: HttpClient,
    webhook: Webhook,
    identifier: str,
    hook_name: str,
    body: bytes,
    attempts: Attempts,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Bring a body to its receiver. Raise DeliveryFailed, or RequestRefused when it must not be sent."""
    wait = attempts.pause_seconds
    for attempt in range(1, attempts.number + 1):
        try:
            headers = _headers(webhook, identifier, hook_name, body)
            response = client.request("POST", webhook.url, headers=headers, body=body)
        except RequestFailed as error:
            reason, asked = str(error), 0.0
        else:
            if 200 <= response.status < 300:
                return
            reason, asked = f"answered {response.status}", _retry_after(response)
            if response.status not in PASSING:
                break
        wait = min(max(wait, asked), LONGEST_PAUSE)
        if attempt == attempts.number or time.monotonic() + wait > attempts.until:
            break
        pause(wait)
        wait *= 2
    raise DeliveryFailed(f"{reason}, attempt {attempt} of {attempts.number}")


def _headers(webhook: Webhook, identifier: str, hook_name: str, body: bytes) -> dict[str, str]:
    timestamp = int(time.time())
    return {
        **webhook.headers,
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "X-Watchfloor-Hook": hook_name,
        "webhook-id": identifier,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(webhook.secret, identifier, timestamp, body),
    }


def _retry_after(response: Response) -> float:
    text = response.headers.get("retry-after", "")
    return float(text) if text.isdecimal() and len(text) < 6 else 0.0
