"""What an answer must be: the envelope is compared whole, its data handed on."""

from typing import Any

OK, BAD = 200, 400


def data_of(response: Any, message: str = "") -> Any:
    """Return the data of a success envelope with exactly this message."""
    body = response.json()
    assert response.status_code == OK, body
    assert response["Content-Type"] == "application/json"
    assert body == {"status": "success", "message": message, "data": body["data"]}
    return body["data"]


def assert_refused(response: Any, message: str, *, code: int = BAD, data: Any = None) -> None:
    """Check that the answer is exactly this error envelope."""
    body = {"status": "error", "message": message, "data": [] if data is None else data}
    assert (response.status_code, response.json()) == (code, body)


def assert_data_error(response: Any, **fields: str) -> None:
    """Check that the answer complains of exactly these fields, each with one text."""
    assert_refused(response, "Data error", data={name: [text] for name, text in fields.items()})


def assert_denied(response: Any, case_id: int) -> None:
    """Check that the case refused the caller, in the words of contract §1.4."""
    body = response.json()
    assert (response.status_code, body["status"]) == (403, "error")
    assert body["message"] == "Permission denied"
    assert set(body["data"]) == {"user_id", "case_id", "error_uuid"}
    assert body["data"]["case_id"] == case_id
