"""The permission table: who may call each route of the Cloud SOAR door, by which credentials.

docs/permissions.md shows the same table.
"""

import re

from tests.api.cloudsoar.lines import entities, incidents, parts, setup, triage
from tests.api.cloudsoar.lines.line import Line, Maker

SLICES = (incidents, parts, triage, entities, setup)
MAKERS: dict[str, Maker] = {name: make for one in SLICES for name, make in one.MAKERS.items()}
TABLE = [
    # Service
    Line("GET", "version/", is_public=True),
    Line("GET", "health/", is_public=True),
    Line("GET", "openapi/"),
    Line("GET", "whoami/"),
    Line("GET", "users/me/"),
    *(line for one in SLICES for line in one.LINES),
]


def shape_of(path: str) -> str:
    """Return a path with every variable part as {}."""
    return re.sub(r"\{\w+\}|<\w+:\w+>", "{}", path)


def route_table() -> list[str]:
    """Return the lines of the route table in docs/permissions.md."""
    rows = [f"| {line.method} | `{line.path}` | {line.access} |" for line in TABLE]
    return ["| Method | Resource | Asks for |", "|---|---|---|", *rows]
