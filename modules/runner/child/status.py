"""What `iris_interface.IrisInterfaceStatus` offers: the answers modules give. Contract iris-modules §2.7.

Unlike in the published package no status is shared: each call of a constant makes a new one.
"""

import logging
from collections.abc import Iterable
from typing import Any

FIRST_FAILURE = 0xFF00
I2CodeError, I2CodeNoError, I2CodeSuccess = 0xFFFE, 0x1, 0x2
UNKNOWN = 0xFFFF


class IIStatusCode:
    """A code and its words."""

    def __init__(self, code: int, message: str) -> None:
        self.code, self.message = code, message

    def __int__(self) -> int:
        return self.code


class IIStatus:
    """An answer: code, message, data, logs. True when it is a success; calling it makes a new one."""

    def __init__(
        self,
        code: int = UNKNOWN,
        message: Any = "Unknown error",
        data: Any = None,
        logs: Iterable[Any] | None = None,
    ) -> None:
        self.code, self.message, self.data = code, message, data
        self.logs = [] if logs is None else logs

    def __call__(
        self,
        *given: Any,
        message: Any = None,
        code: Any = None,
        data: Any = None,
        logs: Iterable[Any] | None = None,
        **_ignored: Any,
    ) -> "IIStatus":
        """Return a new status of this code. What is no message by name is one by being first."""
        if message is None and given and given[0] is not None:
            message = _words(given[0])
        return IIStatus(
            self.code if code is None else int(code),
            self.message if message is None else message,
            data,
            logs,
        )

    def is_success(self) -> bool:
        """Tell whether all went well."""
        return self.code < FIRST_FAILURE

    def is_failure(self) -> bool:
        """Tell whether something went wrong."""
        return not self.is_success()

    def get_data(self) -> Any:
        """Return what came with it."""
        return self.data

    def get_logs(self) -> Any:
        """Return the lines that came with it."""
        return self.logs

    def get_message(self) -> Any:
        """Return the words for people."""
        return self.message

    def __bool__(self) -> bool:
        return self.is_success()

    def __eq__(self, other: object) -> bool:
        # In the published package `I2Success(...)` is I2Success itself, so authors compare the two.
        return self.code == other.code if isinstance(other, IIStatus) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.code)

    def __repr__(self) -> str:
        return f"<IIStatus {self.code:#06x} {self.message}>"


def _words(value: Any) -> Any:
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    return value if isinstance(value, str | list) else str(value)


def merge_status(first: IIStatus | None, second: IIStatus | None) -> IIStatus | None:
    """Return one status for two; a failure of the second wins."""
    if first is None or second is None:
        return second if first is None else first
    code = second.code if second.is_failure() else first.code
    message = f"{text_of(first.message)} - {text_of(second.message)}"
    logs = [*(first.logs or []), *(second.logs or [])]
    return IIStatus(code, message, [first.data, second.data], logs)


def text_of(message: Any) -> str:
    """Return a message as one line; a list of messages is joined."""
    if isinstance(message, list | tuple):
        return "; ".join(str(part) for part in message)
    return "" if message is None else str(message)


class QueuingHandler(logging.Handler):
    """A log handler that puts every line into a list."""

    def __init__(self, *, message_queue: list[str], celery_task: Any = None) -> None:
        super().__init__()
        self.message_queue, self.celery_task = message_queue, celery_task

    def emit(self, record: logging.LogRecord) -> None:
        """Append the line."""
        try:
            self.message_queue.append(self.format(record))
        except Exception:  # noqa: BLE001 - the arguments are the module's
            self.handleError(record)


I2UnknownError = IIStatus(UNKNOWN, "Unknown error")
I2Error = IIStatus(0xFFFE, "Error")
I2CriticalError = IIStatus(0xFF05, "Critical error")
I2InterfaceNotInitialized = IIStatus(0xFF04, "Interface not initialized")
I2InterfaceNotReady = IIStatus(0xFF03, "Interface not ready")
I2FileNotFound = IIStatus(0xFF02, "File not found")
I2UnexpectedResult = IIStatus(0xFF01, "Unexpected result")
I2InterfaceNotImplemented = IIStatus(0xFF00, "Not implemented")
I2NoError = IIStatus(0x1, "No error")
I2Success = IIStatus(0x2, "Success")
I2ConfigureSuccess = IIStatus(0x3, "Configured")
# What the constants say by themselves.
WORDS = {one.message for one in list(globals().values()) if isinstance(one, IIStatus)}
