"""What the pages of modules show of rows: badges, durations, values."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from modules.admin.objects import word_of
from modules.models import ModuleRun
from modules.selectors import History
from soar.core.rich_text import shown_attribute

Status = ModuleRun.Status
WITH_ERRORS = "with errors"
RUN_COLOURS = {
    Status.PENDING: "info",
    Status.RUNNING: "primary",
    Status.SUCCESS: "success",
    WITH_ERRORS: "warning",
    Status.FAILURE: "danger",
    Status.TIMEOUT: "danger",
    Status.DIED: "danger",
    Status.REJECTED: "warning",
    Status.CANCELLED: "default",
    Status.SKIPPED: "default",
}
STATE_COLOURS = {
    "registered": "info",
    "unconfigured": "warning",
    "ready": "success",
    "broken": "danger",
}
SHOWN_LINES = 5000
CELL_LENGTH = 100
Row = dict[str, Any]


def status_of(run: ModuleRun) -> str:
    """Return the status in words; a success that logged errors is told apart (contract §5, #303)."""
    return WITH_ERRORS if run.has_errors and run.status == Status.SUCCESS else str(run.status)


def badge_of(run: ModuleRun) -> Row:
    """Return the badge of a run."""
    status = status_of(run)
    return {"text": status, "type": RUN_COLOURS.get(status, "default")}


def duration_of(run: ModuleRun) -> str:
    """Return how long a run ran, or "" before it ended."""
    seconds = run.duration_seconds
    if seconds is None:
        return ""
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"


def time_of(moment: dt.datetime) -> str:
    """Return a moment in UTC, to the second."""
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}"


def rate_of(history: History) -> str:
    """Return the share of good runs among the last of a module."""
    if not history.rated:
        return ""
    return f"{100 * history.good // history.rated}\N{NO-BREAK SPACE}% of {history.rated}"


def text_of(value: Any) -> str:
    """Return a stored value as people read it."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def cell_of(text: str) -> SafeString:
    """Return a text for a cell of a list, broken wherever it has to be."""
    return format_html('<span class="console-cell">{}</span>', text)


def names_of(first: str, second: str) -> SafeString:
    """Return two names for a cell of a list, broken after underscores."""
    html = '<span class="console-cell console-names">{}<br><small>{}</small></span>'
    return format_html(html, *(_breakable(name) for name in (first, second)))


def beginning_of(text: str) -> str:
    """Return what a cell has room for."""
    return text if len(text) <= CELL_LENGTH else f"{text[:CELL_LENGTH]}…"


def entries(found: Any) -> list[Row]:
    """Return what a run applied, met or was refused, ready for a table."""
    return [
        {
            **row,
            "object": _object(row),
            "old": text_of(row.get("old")),
            "new": text_of(row.get("new")),
        }
        for row in _mappings(found)
    ]


def wishes_of(result: Mapping[str, Any]) -> list[Row]:
    """Return the changes a result asks for: scalar fields as text, attributes as they would show."""
    rows: list[Row] = []
    for diff in _mappings(result.get("diffs")):
        head = {"object": _object(diff)}
        for name, pair in _mapping(diff.get("changes")).items():
            is_pair = isinstance(pair, Sequence) and not isinstance(pair, str) and len(pair) == 2
            old, new = pair if is_pair else (None, pair)
            rows.append({**head, "field": name, "old": text_of(old), "new": text_of(new)})
        for tab, fields in _mapping(diff.get("attributes")).items():
            for name, attribute in _mapping(fields).items():
                html = shown_attribute(attribute)
                rows.append({**head, "field": f"{tab} / {name}", "old": "", "html": html})
    return rows


def creations_of(result: Mapping[str, Any]) -> list[Row]:
    """Return the objects a result asks for."""
    found = _mappings(result.get("creations"))
    return [
        {"kind": word_of(str(one.get("kind"))), "fields": text_of(one.get("fields"))}
        for one in found
    ]


def lines_of_run(run: ModuleRun) -> list[Row]:
    """Return the lines of a run's log."""
    rows = run.log.all()[:SHOWN_LINES]
    return [{"level": r.level, "at": f"{r.logged_at:%H:%M:%S}", "text": r.text} for r in rows]


def lines_of(logs: Any) -> list[Row]:
    """Return the lines a module logged in a result."""
    found = logs if isinstance(logs, list) else []
    lines = [one if isinstance(one, Mapping) else {"text": str(one)} for one in found]
    return [
        {
            "level": str(one.get("level") or "INFO"),
            "at": str(one.get("time") or "").partition("T")[2][:8],
            "text": one["text"],
        }
        for one in lines
        if "text" in one
    ]


def _breakable(name: str) -> SafeString:
    return format_html_join(SafeString("_<wbr>"), "{}", ((part,) for part in name.split("_")))


def _object(entry: Mapping[str, Any]) -> str:
    pk = entry.get("id")
    return f"{word_of(str(entry.get('kind')))} {'' if pk is None else pk}".strip()


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
