"""Who may call what, and one of each thing to call it with: entities (contract §4.6)."""

from tests.api.cloudsoar.lines.line import Line, Maker

LINES: list[Line] = []
MAKERS: dict[str, Maker] = {}
