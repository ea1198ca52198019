"""What an answer of this door must be: the error shape is compared whole."""

from typing import Any

CHALLENGE = 'Bearer realm="cloud-soar-api", error="invalid_token"'
INVALID_TOKEN = {
    "error": "Unauthorized",
    "description": "The API token is invalid, expired or revoked.",
}


def assert_shape(answer: Any, code: int, error: str) -> dict[str, Any]:
    """Check that an answer is JSON in the error shape, and return it."""
    assert answer.status_code == code, answer.content
    assert answer.headers["Content-Type"] == "application/json"
    body: dict[str, Any] = answer.json()
    assert set(body) - {"fields"} == {"error", "description"}
    assert body["error"] == error
    assert isinstance(body["description"], str)
    assert body["description"]
    assert ("fields" in body) <= (code == 400)
    return body


def assert_unauthorised(answer: Any) -> None:
    """Check that an answer is exactly that of contract §5, example 14."""
    assert (answer.status_code, answer.json()) == (401, INVALID_TOKEN)
    assert answer.headers["WWW-Authenticate"] == CHALLENGE
    assert answer.headers["Content-Type"] == "application/json"
