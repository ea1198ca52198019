"""What an actor may know of entities, gathered over all that he sees of them in a constant number of queries."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Max, Min, QuerySet

from cases.selectors import visible_case_iocs
from incidents.models import Attachment
from incidents.selectors import visible_alert_iocs, visible_attachments, visible_favorite_iocs
from incidents.services.entity_tags import shown_tags
from iocs.models import Ioc
from iocs.selectors import visible_catalogue_entries
from soar.core.actor import Actor

SHOWN_INCIDENTS = 500
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


def facts_of(actor: Actor, iocs: Iterable[Ioc]) -> list[EntityFacts]:
    """Return what the actor may know of entities he sees, in their order."""
    facts = {ioc.pk: EntityFacts(ioc) for ioc in iocs}
    texts: dict[int, list[str]] = {pk: [] for pk in facts}
    for rows in _sources(actor, facts):
        # The text of a tag may repeat in thousands of cases: once is enough.
        told = rows.exclude(tags="").exclude(tags=None)
        found = told.values_list("ioc_id", "tags").annotate(first=Min("pk"))
        for pk, tags, _ in found.order_by("first"):
            texts[pk].append(tags)
    for one in facts.values():
        one.tags = shown_tags(one.ioc.verdict, texts[one.ioc.pk])
    in_cases = visible_case_iocs(actor).filter(ioc_id__in=facts).order_by()
    for pk, count in in_cases.values_list("ioc_id").annotate(count=Count("case_id")):
        facts[pk].related_incidents_count = count
    for pk in (
        visible_favorite_iocs(actor).filter(ioc_id__in=facts).values_list("ioc_id", flat=True)
    ):
        facts[pk].is_favorite = True
    return list(facts.values())


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
    newest = visible_attachments(actor).filter(ioc=ioc).select_related("file").last()
    detail.has_attachment = newest is not None
    detail.hashes = _hashes(ioc, newest)
    return detail


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
