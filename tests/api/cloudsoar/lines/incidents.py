"""Who may call what, and one of each thing to call it with: incidents (contract §4.2)."""

from tests.api.cloudsoar.lines.line import Line, Maker

LINES: list[Line] = []
MAKERS: dict[str, Maker] = {}
