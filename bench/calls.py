"""What a measured call is, and where it goes."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.client import Call

MakeCall = Callable[[], Call]


@dataclass(frozen=True)
class Place:
    """Where in the installation the calls go."""

    big: int
    writes: int
    cases: tuple[int, ...]
    iocs: tuple[int, ...]
    ioc_type: int


@dataclass(frozen=True)
class Endpoint:
    """A call: its name, its requests, the most of them in one turn, and its targets as ratios.

    `stable` returns what of an answer must be equal in all programs.
    """

    name: str
    calls: Callable[[Place], MakeCall]
    most: int
    floor_target: float
    plain_target: float
    stable: Callable[[bytes], object]
