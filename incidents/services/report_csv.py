"""The report of an incident as CSV for spreadsheets: one row per field, person, entity, task, note and so on."""

import csv
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

from incidents.services.report_parts import Report, Row, text_of
from soar.core.csv_cells import inert_cell
from soar.core.rich_text import plain_text

COLUMNS = ("section", "id", "time", "by", "kind", "item", "value", "details")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # without it spreadsheets take UTF-8 for something older
Cells = tuple[Any, ...]


def csv_pieces(report: Report) -> Iterator[bytes]:
    """Yield the lines in UTF-8; no cell of them is a formula, times are ISO 8601 in UTC."""
    yield BYTE_ORDER_MARK + _line(COLUMNS)
    for one in report.fields:
        text = plain_text(one.value or "") if one.name == "additional_info" else one.value
        yield _line(("incident", report.incident.pk, None, None, one.name, one.label, text, None))
    for part, cells_of in _PARTS.items():
        for row in report.rows(part, is_for_print=True):
            yield _line((part, row.get("id"), *cells_of(row)))


def _line(cells: Cells) -> bytes:
    text = StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerow([inert_cell(text_of(cell)) for cell in cells])
    return text.getvalue().encode()


def _investigator(row: Row) -> Cells:
    return (None, None, row["kind"], row["name"], row["role"], None)


def _relation(row: Row) -> Cells:
    return (None, None, row["relation"], row["incidentid"], row["incident_id"], None)


def _entity(row: Row) -> Cells:
    details = _joined(text_of(row["tag"]), plain_text(row["additional_info"]))
    kind, value, verdict = row["type"], row["value"], row["threat_indicator"]
    return (row["datetime"], row["added_by"], kind, value, verdict, details)


def _artifact(row: Row) -> Cells:
    return (row["datetime"], row["added_by"], None, row["field"], row["value"], None)


def _task(row: Row) -> Cells:
    due = row["due_date"] and f"due {text_of(row['due_date'])}"
    details = _joined(due, _custom(row), plain_text(row["description"]))
    people = row["assigned_to"]
    return (
        row["opened_at"],
        people,
        row["status"],
        row["title"],
        f"{row['percentage']} %",
        details,
    )


def _note(row: Row) -> Cells:
    text = _joined(_custom(row), plain_text(row["additional_info"]))
    return (row["created_on"], row["created_by"], None, row["title"], None, text)


def _attachment(row: Row) -> Cells:
    digests = (f"{name} {row[name]}" for name in ("md5", "sha1", "sha256"))
    details = _joined(row["description"], row["reference"], *digests, _custom(row))
    size, kind = row["file_size"], row["file_type"]
    return (row["datetime"], row["uploader"], kind, row["file_name"], size, details)


def _step(row: Row) -> Cells:
    text = plain_text(row["additional_info"])
    return (row["starttime"], row["created_by"], row["category"], row["title"], None, text)


def _custom(row: Row) -> str:
    """Return the values of a row's custom fields by their labels."""
    wrapped = [value for value in row.values() if isinstance(value, dict)]
    known = [one for one in wrapped if one["value"] not in (None, "", [])]
    return _joined(*(f"{one['name']}: {text_of(one['value'])}" for one in known))


def _joined(*texts: str | None) -> str:
    return "\n".join(text for text in texts if text)


_PARTS: dict[str, Callable[[Row], Cells]] = {
    "investigators": _investigator,
    "relations": _relation,
    "entities": _entity,
    "artifacts": _artifact,
    "tasks": _task,
    "notes": _note,
    "attachments": _attachment,
    "timeline": _step,
}
