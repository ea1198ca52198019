"""What comes from a module is bounded, and believed only when it has the right shape."""

import json
import os
from collections.abc import Iterator

import pytest

from modules.runner import receiving
from modules.runner.receiving import Output, Reader, Result, TooLarge, cleaned

WHOLE = {
    "status": "success",
    "code": 2,
    "message": "",
    "logs": [],
    "traceback": "",
    "diffs": [],
    "creations": [],
}


@pytest.fixture
def result() -> Iterator[Result]:
    """The receiving end of a result."""
    reader = Result()
    yield reader
    reader.close()


@pytest.fixture
def output() -> Iterator[Output]:
    """The receiving end of prints."""
    reader = Output()
    yield reader
    reader.close()


def send(reader: Reader, content: bytes) -> None:
    """Write all of it and read it."""
    while content:
        content = content[os.write(reader.target, content[:60_000]) :]
        assert reader.read()


def test_a_whole_result_is_read_in_pieces(result: Result) -> None:
    text = json.dumps(WHOLE | {"data": "x" * 200_000}).encode()
    send(result, text[:70_000])
    assert result.parsed() is None
    send(result, text[70_000:])
    result.close_target()
    assert not result.read()
    found = result.parsed()
    assert found is not None
    assert len(found["data"]) == 200_000


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"[" * 100_000,
        json.dumps(WHOLE | {"logs": {}}).encode(),
        json.dumps(WHOLE | {"status": None}).encode(),
        json.dumps(WHOLE | {"diffs": "all"}).encode(),
        json.dumps(WHOLE).encode() + b"{}",
        b'{"status": "success", "code": "\xff"}',
    ],
)
def test_what_has_not_the_shape_of_a_result_is_none(result: Result, text: bytes) -> None:
    send(result, text)
    assert result.parsed() is None


def test_numbers_no_database_stores_become_text(result: Result) -> None:
    send(result, json.dumps(WHOLE | {"data": [float("nan"), float("-inf")]}).encode())
    found = result.parsed()
    assert found is not None
    assert found["data"] == ["NaN", "-Infinity"]


def test_characters_no_database_stores_are_replaced(result: Result) -> None:
    send(result, json.dumps(WHOLE | {"message": "a\0b", "data": {"\ud800": ["\udc00"]}}).encode())
    found = result.parsed()
    assert found is not None
    assert (found["message"], found["data"]) == ("a\ufffdb", {"?": ["?"]})


def test_pairs_that_are_whole_stay(result: Result) -> None:
    send(result, json.dumps(WHOLE | {"message": "\U0001f600"}).encode())
    found = result.parsed()
    assert found is not None
    assert found["message"] == "\U0001f600"


def test_a_result_has_a_largest_size(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "LARGEST_RESULT", 1000)
    with pytest.raises(TooLarge):
        send(result, b"x" * 1001)


def test_short_prints_are_kept_whole(output: Output) -> None:
    send(output, "gr\u00fc\u00dfe\n".encode() + b"\xff\0")
    assert output.text() == "gr\u00fc\u00dfe\n\ufffd\ufffd"


def test_of_long_prints_beginning_and_end_are_kept(output: Output) -> None:
    send(output, b"first" + b"x" * 1_000_000 + b"last")
    text = output.text()
    assert text.startswith("firstx")
    assert text.endswith("xlast")
    assert f"[... {1_000_009 - 256 * 1024} bytes left out ...]" in text
    assert len(text) < 300_000


def test_prints_up_to_the_limit_lose_nothing(output: Output) -> None:
    send(output, b"y" * (256 * 1024))
    assert output.text() == "y" * (256 * 1024)


def test_cleaning_leaves_other_values_alone() -> None:
    assert cleaned({"a": [1, None, True, 1.5, "x"]}) == {"a": [1, None, True, 1.5, "x"]}
