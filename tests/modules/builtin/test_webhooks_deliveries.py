"""Deliveries are signed, tried again while that may help, and given up in time."""

import base64
import hashlib
import hmac
import math
from typing import Any

import pytest
from watchfloor_http import AllowList, HttpClient, Policy, RequestRefused
from watchfloor_webhooks.configuration import Webhook
from watchfloor_webhooks.deliveries import (
    Attempts,
    DeliveryFailed,
    deliver,
    delivery_id,
    key_of,
    signature,
)

from tests.modules.builtin.receiver import Answer, Receiver

SECRET = "s3cret-s3cret-s3cret"
HOOK = "on_postload_ioc_create"


class Sending:
    """Deliveries to a receiver, with the pauses they would have made."""

    def __init__(self, receiver: Receiver) -> None:
        self.client = HttpClient(Policy(AllowList.parse("127.0.0.1"), seconds=5))
        self.webhook = webhook(f"{receiver.url}/hook")
        self.pauses: list[float] = []

    def send(self, number: int = 4, until: float = math.inf, body: bytes = b"{}") -> None:
        """Deliver a body."""
        attempts = Attempts(number, 1.0, until)
        deliver(self.client, self.webhook, "msg_1", HOOK, body, attempts, self.pauses.append)


def webhook(url: str, name: str = "siem", **changes: Any) -> Webhook:
    """Make a webhook."""
    return Webhook(name, url, SECRET, frozenset([HOOK]), {"X-Tenant": "north"}, None, True)


@pytest.fixture
def sending(receiver: Receiver) -> Sending:
    """Deliveries to the receiver."""
    return Sending(receiver)


def test_the_receiver_can_check_who_sent_it_and_when(sending: Sending, receiver: Receiver) -> None:
    sending.send(body=b'{"a": "\xc3\xbc"}')
    [request] = receiver.requests
    signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode()
    digest = hmac.new(SECRET.encode(), signed + request.body, hashlib.sha256).digest()
    assert request.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert (request.method, request.path, request.body) == ("POST", "/hook", b'{"a": "\xc3\xbc"}')
    assert (request.headers["x-watchfloor-hook"], request.headers["x-tenant"]) == (HOOK, "north")


def test_the_signature_is_that_of_the_standard() -> None:
    # The example of the Standard Webhooks libraries.
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    value = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert value == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_that_only_looks_encoded_is_taken_as_it_is() -> None:
    assert key_of("whsec_not base64!") == b"whsec_not base64!"


def test_the_id_is_that_of_cause_and_webhook() -> None:
    first, second = webhook("https://a.example/", "a"), webhook("https://a.example/", "b")
    assert delivery_id("5", first) == delivery_id("5", first)
    assert len({delivery_id(cause, to) for cause in ("5", "6") for to in (first, second)}) == 4


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_what_may_pass_is_tried_again(sending: Sending, receiver: Receiver, status: int) -> None:
    receiver.answers = [Answer(status), Answer(status), Answer(204, b"")]
    sending.send()
    assert sending.pauses == [1.0, 2.0]
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1


@pytest.mark.parametrize("status", [301, 400, 401, 404, 410])
def test_a_no_is_not_tried_again(sending: Sending, receiver: Receiver, status: int) -> None:
    receiver.answers = [Answer(status, b"", {"Location": "https://other.example/"})]
    with pytest.raises(DeliveryFailed, match=f"answered {status}, attempt 1 of 4"):
        sending.send()
    assert len(receiver.requests) == 1


def test_attempts_end(sending: Sending, receiver: Receiver) -> None:
    receiver.answers = [Answer(500)]
    with pytest.raises(DeliveryFailed, match="answered 500, attempt 3 of 3"):
        sending.send(number=3)
    assert (len(receiver.requests), sending.pauses) == (3, [1.0, 2.0])


def test_no_attempt_starts_after_the_time_is_over(sending: Sending, receiver: Receiver) -> None:
    receiver.answers = [Answer(500)]
    with pytest.raises(DeliveryFailed, match="attempt 1 of 4"):
        sending.send(until=0.0)
    assert (len(receiver.requests), sending.pauses) == (1, [])


@pytest.mark.parametrize(
    ("asked", "waited"), [("7", 7.0), ("3600", 60.0), ("0", 1.0), ("soon", 1.0)]
)
def test_a_receiver_may_ask_for_time(
    sending: Sending, receiver: Receiver, asked: str, waited: float
) -> None:
    receiver.answers = [Answer(429, b"", {"Retry-After": asked}), Answer()]
    sending.send()
    assert sending.pauses == [waited]


def test_nobody_there_is_tried_again(receiver: Receiver, sending: Sending) -> None:
    receiver.server.server_close()
    with pytest.raises(DeliveryFailed, match="Connection refused, attempt 2 of 2"):
        sending.send(number=2)


def test_a_refused_address_is_never_tried() -> None:
    attempts = Attempts(4, 1.0, math.inf)
    target = webhook("http://169.254.169.254/latest/")
    with pytest.raises(RequestRefused, match="link-local"):
        deliver(HttpClient(Policy()), target, "msg_1", HOOK, b"{}", attempts)
