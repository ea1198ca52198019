"""Who may call what, and one of each thing to call it with: users, groups, tokens and set-up (contract §4.7)."""

from tests.api.cloudsoar.lines.line import Line, Maker

LINES: list[Line] = []
MAKERS: dict[str, Maker] = {}
