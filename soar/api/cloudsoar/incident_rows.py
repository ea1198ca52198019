"""Incidents read as bare columns: for a list neither an object nor a serializer is made per row (bench/).

The serializers of soar.api.cloudsoar.incident_shapes stay the schema; a test compares the answers.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.db.models import Q, QuerySet

from cases.services.rich_texts import shown_as_html
from incidents.models import CustomField
from incidents.selectors import (
    UNKNOWN,
    types_of,
    visible_incidents_and_deleted,
    worded,
    worded_of_ids,
)
from incidents.services.calculations import values_as_shown
from incidents.services.incident_facts import LABELS
from incidents.services.parties import GROUP_MARK
from soar.api.cloudsoar.incident_shapes import WITH_ID, Values
from soar.core.actor import Actor
from soar.core.compiled import CompiledPage, CompiledQuery, CompiledRows, ids_text
from soar.core.errors import NotFound
from soar.core.history import is_possible_id
from soar.core.rich_text import sanitised_html

# The columns behind each field; `type` has a query of its own.
SOURCES: Mapping[str, tuple[str, ...]] = {
    "id": ("case_id",),
    "incidentid": ("reference",),
    "type": (),
    "status": ("status_label",),
    "restriction": ("restriction_label",),
    "incident_kind": ("kind__label",),
    "incident_category": ("category__label",),
    "purpose": ("purpose__label",),
    "phase": ("phase__label",),
    "description": ("case__name", "reference"),
    "additional_info": ("case__description", "case__description_html"),
    "owner": ("case__owner__login", "case__owner_group__name"),
    "folder": ("folder__name",),
    "starttime": ("started_at",),
    "endtime": ("ended_at",),
    "openingtime": ("case__opened_at",),
    "closingtime": ("case__closed_at",),
    "timezone": ("timezone",),
    "tags": ("case__tags",),
    "inhibit_phases": ("inhibits_phases",),
    "closing_note": ("case__closing_note",),
    "is_deleted": ("is_deleted",),
    "favorite": ("is_favorite",),
    "created_by": ("case__opened_by__login",),
    "generated_by": ("generated_by",),
}
IDS = {
    "status": "status_id",
    "restriction": "restriction_id",
    "incident_kind": "kind_id",
    "incident_category": "category_id",
    "purpose": "purpose_id",
    "phase": "phase_id",
}
CUSTOM = "custom"
FACTS = ("starttime", "endtime", "openingtime", "closingtime")
_OF_CUSTOM = (CUSTOM, *(SOURCES[fact][0] for fact in FACTS))
REMEMBERED_PAGES = 64
Row = Sequence[Any]


def tags_in(text: str) -> list[str]:
    """Return tags one by one."""
    return [tag.strip() for tag in text.split(",") if tag.strip()]


def _title(name: str, reference: str) -> str:
    return "" if name == reference else name


def _body(markdown: str, html: str) -> str:
    return str(sanitised_html(shown_as_html(markdown, html)))


def _owner(login: str, group: str | None) -> str:
    return login if group is None else f"{group}{GROUP_MARK}"


MADE: Mapping[str, Callable[..., Any]] = {
    "description": _title,
    "additional_info": _body,
    "owner": _owner,
    "tags": tags_in,
}


def columns_for(names: Iterable[str]) -> tuple[str, ...]:
    """Return the columns that some fields are made of; those that are custom share one."""
    found = ["case_id"]
    for name in names:
        found += SOURCES.get(name, _OF_CUSTOM)
    return tuple(dict.fromkeys(found))


def listed(actor: Actor) -> QuerySet[Any]:
    """Return the incidents that lists show unless they are asked for others, newest first."""
    rows = worded(actor, visible_incidents_and_deleted(actor))
    return rows.filter(Q(is_deleted=False) | Q(is_favorite=True)).order_by("-pk")


@lru_cache(maxsize=REMEMBERED_PAGES)
def listed_page(columns: tuple[str, ...]) -> CompiledPage:
    """Return the query of a page of these columns of what lists show."""
    return CompiledPage(listed, *columns)


def rows_of(actor: Actor, ids: Sequence[int], columns: tuple[str, ...]) -> list[Row]:
    """Return these columns of incidents in the order of their ids, which come from what the actor may see."""
    found = {row[0]: row for row in worded_of_ids(actor, ids).values_list(*columns)}
    return [found[pk] for pk in ids if pk in found]


def shown_rows(
    rows: Sequence[Row],
    columns: tuple[str, ...],
    names: Sequence[str],
    custom_fields: Sequence[CustomField] = (),
) -> list[Values]:
    """Return rows of some columns as the fields of these names, times as moments."""
    place = {column: at for at, column in enumerate(columns)}
    plain = [
        (name, place[SOURCES[name][0]])
        for name in names
        if name in SOURCES and name not in MADE and SOURCES[name]
    ]
    made = [(name, MADE[name], [place[c] for c in SOURCES[name]]) for name in names if name in MADE]
    types = _types(rows) if "type" in names else None
    shown = []
    for row in rows:
        values: Values = dict.fromkeys(names)
        for name, at in plain:
            values[name] = row[at]
        for name, make, places in made:
            values[name] = make(*[row[at] for at in places])
        if types is not None:
            values["type"] = [label for label, _ in types.get(row[place["case_id"]], ())]
        if custom_fields:
            facts = {fact: row[place[SOURCES[fact][0]]] for fact in FACTS}
            custom = values_as_shown(custom_fields, row[place[CUSTOM]], facts)
            values.update((name, custom[name]) for name in names if name not in SOURCES)
        shown.append(values)
    return shown


_TYPES = CompiledQuery(types_of, ids=str)


def _types(rows: Sequence[Row]) -> dict[int, list[tuple[str, int]]]:
    """Return label and id of the types of incidents, whose id is the first column."""
    found: dict[int, list[tuple[str, int]]] = {}
    if rows:
        for incident, label, pk in _TYPES.rows(ids=ids_text(row[0] for row in rows)):
            found.setdefault(incident, []).append((label, pk))
    return found


_DETAIL_COLUMNS = (*columns_for([*SOURCES, CUSTOM]), *IDS.values())


def _detail(actor: Actor, incident: int) -> QuerySet[Any]:
    rows = worded(actor, visible_incidents_and_deleted(actor)).filter(pk=incident)
    return rows.order_by().values_list(*_DETAIL_COLUMNS)


_DETAIL = CompiledRows(_detail, incident=int)


def _found(actor: Actor, incident_id: int) -> Row:
    row = _DETAIL.first(actor=actor, incident=incident_id) if is_possible_id(incident_id) else None
    if row is None:
        raise NotFound(UNKNOWN)
    return row


def flat_incident(actor: Actor, incident_id: int, custom_fields: list[CustomField]) -> Values:
    """Return an incident the actor may read, deleted or not, with bare values. Raise NotFound."""
    row = _found(actor, incident_id)
    names = [*SOURCES, *(one.name for one in custom_fields)]
    return shown_rows([row], _DETAIL_COLUMNS, names, custom_fields)[0]


def wrapped_incident(actor: Actor, incident_id: int, custom_fields: list[CustomField]) -> Values:
    """Return an incident the actor may read, deleted or not, every field in its wrapper. Raise NotFound."""
    row = _found(actor, incident_id)
    customs = {one.name: one.label for one in custom_fields}
    names = [*LABELS, *customs]
    values = shown_rows([row], _DETAIL_COLUMNS, [n for n in names if n != "type"], custom_fields)[0]
    types = _types([row]).get(incident_id, [])
    values["type"] = [label for label, _ in types]
    ids: Values = {"type": [pk for _, pk in types]}
    ids |= {name: row[_DETAIL_COLUMNS.index(column)] for name, column in IDS.items()}
    shown: Values = {"id": row[0]}
    for name, label in (LABELS | customs).items():
        shown[name] = {"name": label, "value": values[name]}
        if name in WITH_ID:
            shown[name]["id"] = ids[name]
    return shown
