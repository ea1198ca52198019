"""The permission table: who may call each route of the Cloud SOAR door, by which credentials.

docs/permissions.md shows the same table.
"""

import re
from dataclasses import dataclass

from soar.core.permissions import Permission


@dataclass(frozen=True)
class Line:
    """One route: its method, path, and what it asks for beyond a token; public ones ask for none."""

    method: str
    path: str
    any_of: tuple[Permission, ...] = ()
    is_public: bool = False

    @property
    def access(self) -> str:
        """Return in words what the route asks for."""
        if self.is_public:
            return "nothing"
        words = " or ".join(permission.codename for permission in self.any_of)
        return f"api_use, {words}" if words else "api_use"


TABLE = [
    # Service
    Line("GET", "version/", is_public=True),
    Line("GET", "health/", is_public=True),
    Line("GET", "openapi/"),
    Line("GET", "whoami/"),
    Line("GET", "users/me/"),
]


def shape_of(path: str) -> str:
    """Return a path with every variable part as {}."""
    return re.sub(r"\{\w+\}|<\w+:\w+>", "{}", path)


def route_table() -> list[str]:
    """Return the lines of the route table in docs/permissions.md."""
    rows = [f"| {line.method} | `{line.path}` | {line.access} |" for line in TABLE]
    return ["| Method | Resource | Asks for |", "|---|---|---|", *rows]
