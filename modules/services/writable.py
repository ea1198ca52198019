"""Which fields of which objects modules may write (contract iris-modules §4.5)."""

from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any

from cases.models import Asset, Case, CaseIoc, Event, Evidence, GlobalTask, Note, Task
from cases.services import assets, evidences, iocs, notes, tasks, timeline
from modules.models import Module

IOC_TAGS_LENGTH = 512  # the column of IRIS, which other servers share the tags with
DEFAULT = (
    "*_tags",
    "*_description",
    "description",
    "custom_attributes",
    "*_enrichment",
    "ioc_misp",
    "asset_info",
    "alert_note",
)
ATTRIBUTES = "custom_attributes"


class Form(Enum):
    """How a column is compared and set."""

    TEXT = "text"
    TAGS = "tags"
    MAPPING = "mapping"
    IOC_VALUE = "the value of an indicator"


@dataclass(frozen=True, slots=True)
class Column:
    """Where a field of the wire is stored; `limit` is the longest text it takes."""

    attribute: str
    form: Form = Form.TEXT
    limit: int | None = None
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """How objects of one kind are written. `counter` is the family clients poll."""

    model: type[Any]
    noun: str
    columns: dict[str, Column]
    counter: str = ""
    has_attributes: bool = True


KINDS: dict[str, Kind] = {
    "ioc": Kind(
        CaseIoc,
        "ioc",
        {
            "ioc_value": Column("value", Form.IOC_VALUE),  # first: the row may change with it
            "ioc_tags": Column("tags", Form.TAGS, IOC_TAGS_LENGTH),
            "ioc_description": Column("description"),
            "ioc_enrichment": Column("enrichment", Form.MAPPING),
        },
        iocs.COUNTER,
    ),
    "asset": Kind(
        Asset,
        "asset",
        {
            "asset_tags": Column("tags", Form.TAGS),
            "asset_description": Column("description"),
            "asset_info": Column("info"),
            "asset_ip": Column("ip"),
            "asset_domain": Column("domain"),
            "asset_enrichment": Column("enrichment", Form.MAPPING),
        },
        assets.COUNTER,
    ),
    "note": Kind(
        Note,
        "note",
        {
            "note_title": Column("title", limit=Note.TITLE_LENGTH, is_required=True),
            "note_content": Column("content"),
        },
        notes.COUNTER,
    ),
    "event": Kind(
        Event,
        "event",
        {
            "event_tags": Column("tags", Form.TAGS),
            "event_title": Column("title", limit=400, is_required=True),
            "event_content": Column("content"),
            "event_raw": Column("raw"),
            "event_source": Column("source"),
        },
        timeline.COUNTER,
    ),
    "evidence": Kind(
        Evidence,
        "evidence",
        {
            "file_description": Column("description"),
            "file_hash": Column("file_hash", limit=400),
        },
        evidences.COUNTER,
    ),
    "task": Kind(
        Task,
        "task",
        {
            "task_tags": Column("tags", Form.TAGS),
            "task_description": Column("description"),
            "task_title": Column("title", limit=400, is_required=True),
        },
        tasks.COUNTER,
    ),
    "global_task": Kind(
        GlobalTask,
        "global task",
        {
            "task_tags": Column("tags", Form.TAGS),
            "task_description": Column("description"),
            "task_title": Column("title", limit=400, is_required=True),
        },
        has_attributes=False,
    ),
    "case": Kind(
        Case,
        "case",
        {
            "description": Column("description"),
            "case_tags": Column("tags", Form.TAGS),
            "closing_note": Column("closing_note"),
            "soc_id": Column("soc_id", limit=200),
        },
    ),
}


def may_write(module: Module, field: str) -> bool:
    """Tell whether a module may write a field: what its operator lists, else what all modules may.

    `writable_fields` of a module is a list of names and patterns that replaces the default one.
    """
    listed = module.writable_fields
    patterns = DEFAULT if not isinstance(listed, list) else listed
    return any(isinstance(one, str) and fnmatchcase(field, one) for one in patterns)
