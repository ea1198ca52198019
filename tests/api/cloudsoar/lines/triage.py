"""Who may call what, and one of each thing to call it with: triage (contract §4.5)."""

from tests.api.cloudsoar.lines.line import Line, Maker

LINES: list[Line] = []
MAKERS: dict[str, Maker] = {}
