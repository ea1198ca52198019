"""Who may call what, and one of each thing to call it with: parts of an incident (contract §4.3)."""

from tests.api.cloudsoar.lines.line import Line, Maker

LINES: list[Line] = []
MAKERS: dict[str, Maker] = {}
