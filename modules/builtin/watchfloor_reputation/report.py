"""The report attached to an IOC; nothing of the service's answer gets into it unescaped."""

import json
from html import escape
from typing import Any

from .lookup import Reputation

LONGEST_ANSWER = 50_000


def report_of(service: str, checked_at: str, reputation: Reputation) -> str:
    """Return the HTML of a report."""
    facts = {
        "Service": service,
        "Checked": checked_at,
        "Verdict": reputation.verdict,
        "Its word": reputation.word,
        "Its score": "" if reputation.score is None else f"{reputation.score:g}",
        "Its tags": ", ".join(reputation.tags),
    }
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>"
        for name, text in facts.items()
        if text
    )
    answer = _written(reputation.answer)
    cut = "\n... (cut)" if len(answer) > LONGEST_ANSWER else ""
    return f"<table>{rows}</table>\n<pre>{escape(answer[:LONGEST_ANSWER] + cut)}</pre>"


def _written(answer: Any) -> str:
    try:
        return json.dumps(answer, indent=2, ensure_ascii=False)
    except RecursionError:
        return "(nested too deeply to be shown)"
