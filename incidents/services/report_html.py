"""The report of an incident as one HTML page to be read and printed: our templates, sanitised texts (SEC-03).

The page names nothing outside itself and forbids itself to load or run anything: only its own style applies.
"""

import datetime as dt
import hashlib
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from typing import Any

from django.db.models import Count, Q
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

from cases.selectors import visible_case_iocs, visible_tasks
from cases.services.tasks import ENDED
from incidents.services.report_parts import Field, Report, text_of
from iocs.models import Verdict

BATCH = 20
SEVERITIES = ("low", "medium", "high", "critical")
# What stands in the head of the page, and not among the details.
IN_HEAD = frozenset({"description", "additional_info", "closing_note", "incidentid"})


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report with its heading; without columns it is no table."""

    part: str
    title: str
    columns: tuple[str, ...] = ()


SECTIONS = (
    Section("timeline", "Timeline", ("When (UTC)", "Kind", "What happened", "By")),
    Section("entities", "Entities", ("Type", "Value", "Verdict", "What is known of it")),
    Section("tasks", "Tasks", ("Task", "Status", "Assigned to", "Due (UTC)", "Closed (UTC)")),
    Section("notes", "Notes"),
    Section("attachments", "Attachments", ("File", "Size", "Added (UTC)", "Digests")),
    Section("relations", "Related incidents", ("Relation", "Incident ID")),
    Section("artifacts", "Artifacts", ("Field", "Value", "Added (UTC)", "By")),
    Section("investigators", "Investigators", ("Name", "Kind", "Role")),
)


def html_pieces(report: Report) -> Iterator[bytes]:
    """Yield the page: its head, then the sections that have anything in them, a few rows at a time."""
    head = _head(report)
    yield _rendered("top", head)
    for section in SECTIONS:
        rows = report.rows(section.part, is_for_print=True)
        first = next(rows, None)
        if first is None:
            continue
        yield _rendered("section_top", {"section": section})
        rest = chain((first,), rows)
        while batch := list(islice(rest, BATCH)):
            yield _rendered(section.part, {"rows": batch})
        yield _rendered("section_end", {"section": section})
    yield _rendered("bottom", head)


def _head(report: Report) -> dict[str, Any]:
    """Return what the top and the bottom of the page show."""
    values = {one.name: one.value for one in report.fields}
    severity = slugify(values["restriction"])
    style, digest = _style()
    return {
        "style": style,
        "digest": digest,
        "values": values,
        "title": values["description"] or values["incidentid"],
        "severity": severity if severity in SEVERITIES else "other",
        "details": [(one.label, _shown(one.value)) for one in report.fields if _is_detail(one)],
        "counts": _counts(report),
        "written_at": report.written_at,
        "written_by": report.actor.name or report.actor.login,
    }


def _is_detail(one: Field) -> bool:
    return one.name not in IN_HEAD and one.value not in (None, "", [], False)


def _shown(value: Any) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC" if isinstance(value, dt.datetime) else text_of(value)


def _counts(report: Report) -> list[tuple[str, int]]:
    """Return the numbers a reader wants first."""
    here = {"case": report.incident.pk}
    entities = visible_case_iocs(report.actor).filter(**here).order_by()
    tasks = visible_tasks(report.actor).filter(**here).order_by()
    known = entities.aggregate(
        all=Count("pk"),
        malicious=Count("pk", filter=Q(ioc__verdict=Verdict.MALICIOUS)),
        suspicious=Count("pk", filter=Q(ioc__verdict=Verdict.SUSPICIOUS)),
    )
    todo = tasks.aggregate(all=Count("pk"), open=Count("pk", filter=~Q(status__in=ENDED)))
    return [
        ("Entities", known["all"]),
        ("Malicious", known["malicious"]),
        ("Suspicious", known["suspicious"]),
        ("Tasks", todo["all"]),
        ("Tasks open", todo["open"]),
    ]


@cache
def _style() -> tuple[SafeString, str]:
    """Return the style of the page, and by what the page allows it and no other."""
    style = render_to_string("reports/report.css")
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return mark_safe(style), f"sha256-{digest}"  # noqa: S308  (our own file)


def _rendered(name: str, context: dict[str, Any]) -> bytes:
    return render_to_string(f"reports/{name}.html", context).encode()
