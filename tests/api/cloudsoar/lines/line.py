"""A line of the permission table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from soar.core.actor import Actor
from soar.core.permissions import Permission

# Makes one thing in the incident of this id (0 for what is in none) and returns the part of the path it has.
Maker = Callable[[Actor, int], int | str]
READ, WRITE = 2, 4


@dataclass(frozen=True)
class Line:
    """One route: its method, path, and what it asks for beyond a token; public ones ask for none.

    A caller needs one of `any_of`, and `also`. Variable parts of the path are nouns: {incident}, or one that a maker is registered for. `level` is the
    access to that incident that is asked for. `body` is a valid one, or makes one of the ids by noun; `ok` are
    the statuses of success. What is in no incident is made for customer 1 or by the caller of the maker.
    """

    method: str
    path: str
    any_of: tuple[Permission, ...] = ()
    also: Permission | None = None
    is_public: bool = False
    level: int = 0
    body: Mapping[str, Any] | Callable[[Mapping[str, Any]], Mapping[str, Any]] = field(
        default_factory=dict
    )
    ok: tuple[int, ...] = (200, 201, 202, 204)

    @property
    def access(self) -> str:
        """Return in words what the route asks for."""
        if self.is_public:
            return "nothing"
        words = " or ".join(permission.codename for permission in self.any_of)
        words += f", {self.also.codename}" if self.also is not None else ""
        level = {0: "", READ: ", read access", WRITE: ", full access"}[self.level]
        return (f"api_use, {words}" if words else "api_use") + level
