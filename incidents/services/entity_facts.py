"""What an actor may know of entities, gathered over all that he sees of them in a constant number of queries."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import Count, Exists, F, Max, Min, OuterRef, QuerySet, Value

from cases.selectors import visible_case_iocs
from incidents.models import Attachment
from incidents.selectors import visible_alert_iocs, visible_attachments, visible_favorite_iocs
from incidents.services.entity_tags import shown_tags
from iocs.models import Ioc, IocType
from iocs.selectors import visible_catalogue_entries
from soar.core.actor import Actor
from soar.core.compiled import Among, CompiledQuery, CompiledRows, ids_text
from soar.core.errors import NotFound
from soar.core.history import is_possible_id

SHOWN_INCIDENTS = 500
UNKNOWN = "There is no such entity"
FEW_RECORDS = 500  # so many are looked through here, more by the database
SHOWN_DESCRIPTIONS = 100
HASHES = ("md5", "sha1", "sha256")


@dataclass
class EntityFacts:
    """An entity as one actor sees it in a list."""

    ioc: Ioc
    tags: list[str] = field(default_factory=list)
    related_incidents_count: int = 0
    is_favorite: bool = False


@dataclass
class EntityDetail(EntityFacts):
    """An entity as one actor sees it by itself. `incidents` are (id, reference), newest first."""

    descriptions: list[str] = field(default_factory=list)
    incidents: list[tuple[int, str]] = field(default_factory=list)
    first_seen_at: dt.datetime | None = None
    last_seen_at: dt.datetime | None = None
    has_attachment: bool = False
    hashes: dict[str, str] = field(default_factory=dict)


@dataclass
class Told:
    """What an actor may read of some entities: texts of tags, number of incidents, his favourites."""

    texts: dict[int, list[str]]
    counts: dict[int, int]
    favorites: set[int]


def _in_cases(actor: Actor, ids: str) -> QuerySet[Any, Any]:
    rows = visible_case_iocs(actor).filter(Among("ioc_id", ids)).order_by()
    return _grouped(rows)


def _elsewhere(actor: Actor, ids: str) -> QuerySet[Any, Any]:
    """Return the texts of tags in alerts, then those in his catalogue, then which are his favourites."""
    sources = (visible_alert_iocs, visible_catalogue_entries, visible_favorite_iocs)
    rows: list[QuerySet[Any]] = [
        visible(actor).filter(Among("ioc_id", ids)).order_by() for visible in sources
    ]
    in_alerts, own = (_tagged(some.exclude(tags=""), n) for n, some in enumerate(rows[:-1]))
    text = Value("", output_field=models.TextField())
    favorites = rows[-1].annotate(place=Value(FAVORITE), tags=text, first=F("pk"))
    columns = ("place", "first", "ioc_id", "tags")
    parts = (part.values_list(*columns) for part in (own, favorites))
    return in_alerts.values_list(*columns).union(*parts, all=True).order_by("place", "first")


def _grouped(rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    """Return each text of tags once, and how often it is there: it may repeat in thousands of cases."""
    counted = rows.values("ioc_id", "tags").annotate(count=Count("pk"), first=Min("pk"))
    return counted.order_by("first").values_list("ioc_id", "tags", "count")


def _tagged(rows: QuerySet[Any], place: int) -> QuerySet[Any, Any]:
    """Return each text of tags of an entity once, with where it first is."""
    return (
        rows.annotate(place=Value(place))
        .values("place", "ioc_id", "tags")
        .annotate(first=Min("pk"))
    )


FAVORITE = 2
_IN_CASES = CompiledQuery(_in_cases, ids=str)
_ELSEWHERE = CompiledQuery(_elsewhere, ids=str)


def told_of(actor: Actor, ioc_ids: Iterable[int]) -> Told:
    """Return what the actor may read of entities, in a constant number of queries."""
    ids = ids_text(ioc_ids)
    told = Told(defaultdict(list), defaultdict(int), set())
    for pk, tags, count in _IN_CASES.rows(actor=actor, ids=ids):
        told.counts[pk] += count
        if tags:
            told.texts[pk].append(tags)
    for place, _, pk, tags in _ELSEWHERE.rows(actor=actor, ids=ids):
        if place == FAVORITE:
            told.favorites.add(pk)
        else:
            told.texts[pk].append(tags)
    return told


def facts_of(actor: Actor, iocs: Iterable[Ioc]) -> list[EntityFacts]:
    """Return what the actor may know of entities he sees, in their order."""
    listed = list(iocs)
    told = told_of(actor, [ioc.pk for ioc in listed])
    return [
        EntityFacts(
            ioc,
            tags=shown_tags(ioc.verdict, told.texts[ioc.pk]),
            related_incidents_count=told.counts[ioc.pk],
            is_favorite=ioc.pk in told.favorites,
        )
        for ioc in listed
    ]


def _found(actor: Actor, ioc: int) -> QuerySet[Any, Any]:
    """Return an entity with its type, whether it is a favourite, and whether there is a file of it."""
    favorites = visible_favorite_iocs(actor).filter(ioc=OuterRef("pk"))
    files = visible_attachments(actor).filter(ioc=OuterRef("pk")).order_by()
    rows = Ioc.objects.filter(pk=ioc).annotate(
        is_favorite=Exists(favorites), has_attachment=Exists(files)
    )
    return rows.values_list(*_IOC, "type__name", "is_favorite", "has_attachment")


def _records(actor: Actor, ioc: int) -> QuerySet[Any, Any]:
    """Return what is said of an entity, in cases, in alerts, in the catalogue: each in the order it came."""
    none, no_text = (
        Value(None, output_field=kind) for kind in (models.BigIntegerField(), models.TextField())
    )
    in_cases = visible_case_iocs(actor).annotate(
        place=Value(1), holder=F("case_id"), reference=F("case__incident__reference")
    )
    in_alerts = visible_alert_iocs(actor).annotate(place=Value(2), holder=none, reference=no_text)
    own = visible_catalogue_entries(actor).annotate(place=Value(3), holder=none, reference=no_text)
    columns = ("place", "pk", "added_at", "tags", "description", "holder", "reference")
    sources = (
        rows.filter(ioc=ioc).order_by().values_list(*columns) for rows in (in_cases, in_alerts, own)
    )
    first, *others = sources
    return first.union(*others, all=True).order_by("place", "pk")[: FEW_RECORDS + 1]


_IOC = [field.attname for field in Ioc._meta.concrete_fields]
_FOUND = CompiledRows(_found, ioc=int)
_RECORDS = CompiledRows(_records, ioc=int)


def find_detail(actor: Actor, ioc_id: int) -> EntityDetail:
    """Return all the actor may know of an entity. Raise NotFound for one that he sees nowhere."""
    row = _FOUND.first(actor=actor, ioc=ioc_id) if is_possible_id(ioc_id) else None
    records = _RECORDS.rows(actor=actor, ioc=ioc_id) if row is not None else ()
    if row is None or not records:
        raise NotFound(UNKNOWN)
    *values, type_name, is_favorite, has_attachment = row
    ioc = Ioc.from_db(DEFAULT_DB_ALIAS, _IOC, values)
    ioc.type = IocType.from_db(DEFAULT_DB_ALIAS, ["id", "name"], [ioc.type_id, type_name])
    if len(records) > FEW_RECORDS:
        return detail_of(actor, ioc)
    in_cases = [record for record in records if record[0] == 1]
    incidents = sorted(((record[5], record[6] or "") for record in in_cases), reverse=True)
    newest = _newest_file(actor, ioc) if has_attachment else None
    return EntityDetail(
        ioc,
        tags=shown_tags(ioc.verdict, [record[3] for record in records]),
        related_incidents_count=len(in_cases),
        is_favorite=bool(is_favorite),
        descriptions=_descriptions(records),
        incidents=incidents[:SHOWN_INCIDENTS],
        first_seen_at=min(record[2] for record in records),
        last_seen_at=max(record[2] for record in records),
        has_attachment=newest is not None,
        hashes=_hashes(ioc, newest),
    )


def _descriptions(records: Sequence[Any]) -> list[str]:
    """Return what was written of an entity, each text once, the first of each place."""
    texts: list[str] = []
    for place in (1, 2, 3):
        told = [record[4] for record in records if record[0] == place and record[4]]
        texts += told[:SHOWN_DESCRIPTIONS]
    return list(dict.fromkeys(texts))


def detail_of(actor: Actor, ioc: Ioc) -> EntityDetail:
    """Return all the actor may know of an entity he sees."""
    detail = EntityDetail(**vars(facts_of(actor, [ioc])[0]))
    seen: list[dt.datetime] = []
    texts: list[str] = []
    for rows in _sources(actor, [ioc.pk]):
        span = rows.aggregate(first=Min("added_at"), last=Max("added_at"))
        seen += [moment for moment in span.values() if moment is not None]
        told = rows.exclude(description="").exclude(description=None)
        texts += told.order_by("pk").values_list("description", flat=True)[:SHOWN_DESCRIPTIONS]
    detail.descriptions = list(dict.fromkeys(texts))
    detail.first_seen_at, detail.last_seen_at = min(seen, default=None), max(seen, default=None)
    in_cases = visible_case_iocs(actor).filter(ioc=ioc).order_by("-case_id")
    names = in_cases.values_list("case_id", "case__incident__reference")
    detail.incidents = [(pk, name or "") for pk, name in names[:SHOWN_INCIDENTS]]
    newest = _newest_file(actor, ioc)
    detail.has_attachment = newest is not None
    detail.hashes = _hashes(ioc, newest)
    return detail


def _newest_file(actor: Actor, ioc: Ioc) -> Attachment | None:
    return visible_attachments(actor).filter(ioc=ioc).select_related("file").last()


def _sources(actor: Actor, ioc_ids: Iterable[int]) -> list[QuerySet[Any]]:
    """Return what the actor may read of entities: in cases, in alerts, in his catalogue."""
    ids = list(ioc_ids)
    sources = (visible_case_iocs, visible_alert_iocs, visible_catalogue_entries)
    return [visible(actor).filter(ioc_id__in=ids).order_by() for visible in sources]


def _hashes(ioc: Ioc, attachment: Attachment | None) -> dict[str, str]:
    """Return the hashes of the file an entity is, or the one hash it is itself."""
    if attachment is not None:
        return {name: getattr(attachment.file, name) for name in HASHES}
    return {name: ioc.value for name in HASHES if ioc.type.name == name}
