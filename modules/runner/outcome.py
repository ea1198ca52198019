"""The words of the runner: where a module runs, within which bounds, how it ended."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Environment:
    """An interpreter with a module installed. `paths` come first on its path, `stamp` changes with every installation."""

    python: str
    package: str
    stamp: str
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one run. `processes` is how many more than the user has running already."""

    wall_seconds: float = 300
    memory_bytes: int = 2**30
    processes: int = 256
    file_bytes: int = 100 * 2**20


class Ending(StrEnum):
    """How a run ended. FINISHED has a result, the others have none."""

    FINISHED = "finished"
    TIMEOUT = "timeout"
    DIED = "died"
    NOT_STARTED = "not_started"
    CANCELLED = "cancelled"


@dataclass(slots=True)
class Outcome:
    """What came of a job. `detail` is a reason for people, `output` what the module printed."""

    ending: Ending
    result: dict[str, Any] | None
    output: str
    detail: str
    seconds: float
