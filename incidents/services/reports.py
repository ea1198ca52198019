"""Reports of incidents: what one reader may see of an incident, as one file to be handed on. Source: §4.3."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from django.db import models
from django.utils import timezone

from incidents.models import Incident
from incidents.services.report_csv import csv_pieces
from incidents.services.report_html import html_pieces
from incidents.services.report_json import json_pieces
from incidents.services.report_parts import Report, report_of
from soar.core.actor import Actor

MOST_IN_MEMORY_BYTES = 1024 * 1024
LONGEST_NAME = 100
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]+")


class ReportType(models.TextChoices):
    """What a report is written as."""

    HTML = "html", "HTML"
    JSON = "json", "JSON"
    CSV = "csv", "CSV"


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A report, written: its content has to be closed."""

    name: str
    media_type: str
    size_bytes: int
    content: IO[Any]


Pieces = Callable[[Report], Iterator[bytes]]
_WRITERS: dict[ReportType, tuple[str, Pieces]] = {
    ReportType.HTML: ("text/html; charset=utf-8", html_pieces),
    ReportType.JSON: ("application/json", json_pieces),
    ReportType.CSV: ("text/csv; charset=utf-8", csv_pieces),
}


def write_report(actor: Actor, incident_id: int, *, type: ReportType) -> ReportFile:
    """Write the report of an incident and return it, read from its start. Raise NotFound.

    It is complete before anybody gets a byte of it, so a half one is never taken for the whole; what does not
    fit into memory waits in a file without a name.
    """
    report = report_of(actor, incident_id, written_at=timezone.now())
    media_type, pieces = _WRITERS[type]
    with ExitStack() as unless_complete:
        content = unless_complete.enter_context(SpooledTemporaryFile(MOST_IN_MEMORY_BYTES))
        for piece in pieces(report):
            content.write(piece)
        size = content.tell()
        content.seek(0)
        unless_complete.pop_all()
    return ReportFile(_name_of(report.incident, type), media_type, size, content)


def _name_of(incident: Incident, type: ReportType) -> str:
    """Return the name of the file in letters every system takes; the incident's ID as far as it has them."""
    stem = _NOT_IN_NAMES.sub("-", incident.reference)[:LONGEST_NAME].strip("-_")
    return f"{stem or f'incident-{incident.pk}'}-report.{type}"
