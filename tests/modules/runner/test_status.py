"""The answers of modules: never shared, and as forgiving as authors need them. Contract §2.7."""

import logging

import pytest

from modules.runner.child import status
from modules.runner.child.status import (
    I2Error,
    I2Success,
    IIStatus,
    QueuingHandler,
    merge_status,
    text_of,
)

CODES = {
    "I2UnknownError": 0xFFFF,
    "I2Error": 0xFFFE,
    "I2CriticalError": 0xFF05,
    "I2InterfaceNotInitialized": 0xFF04,
    "I2InterfaceNotReady": 0xFF03,
    "I2FileNotFound": 0xFF02,
    "I2UnexpectedResult": 0xFF01,
    "I2InterfaceNotImplemented": 0xFF00,
    "I2NoError": 0x1,
    "I2Success": 0x2,
    "I2ConfigureSuccess": 0x3,
}


@pytest.mark.parametrize(("name", "code"), CODES.items())
def test_every_constant_has_its_code_and_its_truth(name: str, code: int) -> None:
    constant = getattr(status, name)
    assert constant.code == code
    assert bool(constant) is constant.is_success() is (code < 0xFF00)
    assert constant.is_failure() is (code >= 0xFF00)
    assert (constant().code, constant().get_data(), constant().get_logs()) == (code, None, [])


def test_the_plain_codes_are_numbers() -> None:
    codes = (status.I2CodeError, status.I2CodeNoError, status.I2CodeSuccess)
    assert codes == (0xFFFE, 0x1, 0x2)


def test_data_of_one_answer_are_not_in_the_next() -> None:
    first = I2Success(data=["IOC of case 1"], message="found", logs=["line"])
    second = I2Success()
    assert (first.get_data(), first.get_message(), first.get_logs()) == (
        ["IOC of case 1"],
        "found",
        ["line"],
    )
    assert (second.get_data(), second.get_logs()) == (None, [])
    assert I2Success.get_data() is None
    assert first is not second


def test_empty_data_stay_empty() -> None:
    I2Success(data=["of another run"])
    assert I2Success(data=[]).get_data() == []


def test_unknown_words_are_ignored() -> None:
    answer = I2Error(msg="nobody reads this", user="bob", caseid=3)
    assert (answer.code, answer.get_message()) == (0xFFFE, I2Error.get_message())


def test_what_comes_first_is_the_message_also_an_exception() -> None:
    assert I2Error("plain words").get_message() == "plain words"
    assert I2Error(ValueError("the reason")).get_message() == "ValueError: the reason"
    assert I2Error("first", message="named").get_message() == "named"


def test_a_code_can_be_given() -> None:
    assert I2Success(code=0xFFFE).is_failure()


def test_an_answer_equals_its_constant_called_or_not() -> None:
    assert I2Success(data=[1]) == I2Success
    assert I2Error() != I2Success
    assert len({I2Success, I2Success(), I2Error}) == 2


def test_a_merged_failure_does_not_spoil_the_constants() -> None:
    merged = merge_status(I2Success, I2Error)
    assert merged is not None
    assert merged.is_failure()
    assert I2Success().is_success()
    assert I2Error.get_message() == "Error"


def test_merging_keeps_both_sides() -> None:
    merged = merge_status(
        I2Success("one", data=1, logs=["a"]), I2Success(message=["two"], data=2, logs=["b"])
    )
    assert merged is not None
    assert (merged.code, merged.get_data(), merged.get_logs()) == (0x2, [1, 2], ["a", "b"])
    assert merged.get_message() == "one - two"


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [(I2Error, I2Success, 0xFFFE), (I2Success, I2Error, 0xFFFE), (I2Success, I2Success, 0x2)],
)
def test_one_failure_makes_the_whole_a_failure(
    first: IIStatus, second: IIStatus, code: int
) -> None:
    merged = merge_status(first, second)
    assert merged is not None
    assert merged.code == code


def test_merging_with_nothing_gives_the_other() -> None:
    answer = I2Success("a")
    assert merge_status(answer, None) is answer
    assert merge_status(None, answer) is answer
    assert merge_status(None, None) is None


def test_a_status_without_anything_is_an_unknown_error() -> None:
    assert IIStatus().code == 0xFFFF
    assert IIStatus(5, "m", "d", ["l"]).get_logs() == ["l"]
    assert int(status.IIStatusCode(7, "seven")) == 7


def test_the_handler_queues_formatted_lines() -> None:
    queue: list[str] = []
    logger = logging.Logger("of this test", logging.DEBUG)
    logger.addHandler(QueuingHandler(message_queue=queue, celery_task=None))
    logger.debug("hello %s", "you")
    assert queue == ["hello you"]


def test_a_list_of_messages_is_one_text() -> None:
    assert text_of(["Hook a is unknown", "Hook b is unknown"]).count(";") == 1
    assert text_of(None) == ""
