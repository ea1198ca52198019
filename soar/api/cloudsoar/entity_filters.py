"""What lists of entities are filtered by: conditions over what the caller sees of them, never over more."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Case as Choice
from django.db.models import Q, QuerySet, Value, When

from cases.selectors import visible_case_iocs
from incidents.models import Incident
from incidents.selectors import (
    all_visible_entities,
    visible_alert_iocs,
    visible_entities,
    visible_favorite_iocs,
    with_tag,
)
from incidents.services.entity_tags import RESERVED, parted
from iocs.models import Ioc, IocType, Verdict
from iocs.models.iocs import fingerprint
from iocs.selectors import visible_catalogue_entries
from soar.api.cloudsoar.entity_shapes import ENTITY_COLUMNS
from soar.api.cloudsoar.entity_types import entity_type_of
from soar.api.cloudsoar.filter_language import Clause
from soar.api.cloudsoar.filters import (
    CONTAINS,
    EQUAL,
    LOOKUPS,
    NO_ORDER,
    NUMBER,
    UNEQUAL,
    Choices,
    FilterField,
    FilterTable,
    Numbers,
    Texts,
)
from soar.api.cloudsoar.forms import FALSE, TRUE
from soar.api.cloudsoar.paging import Page
from soar.core.actor import Actor
from soar.core.compiled import Among, CompiledPage, CompiledRows, ids_text
from soar.core.errors import Invalid

NEWEST_FIRST, EXACT_FIRST = "-id", "-exact"
# The conditions of a GET besides its filter, each an exact match on the field of this name.
PAGING = ("page_number", "page_size")
PARAMETERS = ("type", "value", "tag", "incident", "threat", "favorite", "locked", "deleted")

UNFILTERED = {
    "additional_info": "Additional info",
    "related_incidents_count": "Related incidents",
}


class Values(Texts):
    """Values: the whole of one is found by its fingerprint, which has an index."""

    def condition(self, lookup: str, clause: Clause) -> Q:
        """Return the condition."""
        if clause.operator == CONTAINS and not clause.is_quoted:
            return super().condition(lookup, clause)
        return _signed(clause, Q(value_hash=fingerprint(clause.value)))


class Marks:
    """Whether a moment is set."""

    def condition(self, lookup: str, clause: Clause) -> Q:
        """Return the condition."""
        return Q(**{f"{lookup}__isnull": not _is_asked_for(clause)})


class Verdicts:
    """The verdicts, by their names."""

    def condition(self, lookup: str, clause: Clause) -> Q:
        """Return the condition."""
        word = clause.value.lower()
        if word not in Verdict.values:
            raise ValueError(f"is one of {', '.join(Verdict.values)}")
        return _signed(clause, Q(**{lookup: word}))


@dataclass(frozen=True)
class Favorites:
    """Whether an entity is a favourite of the caller."""

    actor: Actor

    def condition(self, lookup: str, clause: Clause) -> Q:
        """Return the condition."""
        is_one = Q(pk__in=visible_favorite_iocs(self.actor).order_by().values("ioc"))
        return is_one if _is_asked_for(clause) else ~is_one


@dataclass(frozen=True)
class Holders:
    """The incidents the caller sees that hold an entity, by id or incident ID."""

    actor: Actor

    def condition(self, lookup: str, clause: Clause) -> Q:
        """Return the condition."""
        named = Q(reference=clause.value)
        if NUMBER.fullmatch(clause.value):
            named |= Q(pk=int(clause.value))
        incidents = Incident.objects.filter(named).order_by().values("pk")
        holders = visible_case_iocs(self.actor).filter(case_id__in=incidents).order_by()
        return _signed(clause, Q(pk__in=holders.values("ioc")))


@dataclass(frozen=True)
class Tags:
    """Tags the caller sees: `:` looks for a part of one, and for the whole where it is quoted."""

    actor: Actor

    def condition(self, lookup: str, clause: Clause) -> Q:
        """Return the condition."""
        is_part = clause.operator == CONTAINS and not clause.is_quoted
        verdicts = [
            verdict for verdict, words in RESERVED.items() if _names(words, clause, is_part=is_part)
        ]
        held = Ioc.objects.filter(verdict__in=verdicts).order_by().values("pk")
        tagged: Iterable[QuerySet[Any]] = ()
        if parted([clause.value])[0] is None:
            wanted = clause.value if is_part else clause.value.strip()
            tagged = self._tagged(wanted, is_part=is_part)
        # One set of ids a place, each from an index of its own: OR over them would read all entities.
        return _signed(clause, Q(pk__in=held.union(*tagged)))

    def _tagged(self, wanted: str, *, is_part: bool) -> Iterable[QuerySet[Any]]:
        """Return the ids of what is tagged in cases, in alerts, and in the caller's catalogue."""
        condition = Q(tags__icontains=wanted) if is_part else with_tag(wanted, "tags")
        for visible in (visible_case_iocs, visible_alert_iocs, visible_catalogue_entries):
            yield visible(self.actor).order_by().filter(condition).values("ioc_id")


def entity_table(actor: Actor) -> FilterTable:
    """Return what an actor may filter and sort entities by."""
    return FilterTable(
        FilterField("id", "ID", Numbers(), "pk"),
        FilterField("value", "Value", Values(), "value"),
        FilterField("type", "Type", Choices(_types), "type_id"),
        FilterField("tag", "Tags", Tags(actor), "", is_sortable=False),
        FilterField("incident", "Incident", Holders(actor), "", is_sortable=False),
        FilterField("threat", "Threat indicator", Verdicts(), "verdict"),
        FilterField("favorite", "Favorite", Favorites(actor), "", is_sortable=False),
        FilterField("locked", "Locked", Marks(), "locked_at", is_sortable=False),
        FilterField("deleted", "Deleted", Marks(), "deleted_at", is_sortable=False),
        free_text=("value",),
        others=UNFILTERED,
    )


def _all(actor: Actor) -> QuerySet[Ioc]:
    return all_visible_entities(actor).filter(deleted_at=None).order_by("-pk")


def _of_ids(ids: str) -> QuerySet[Any, Any]:
    return Ioc.objects.filter(Among("id", ids)).values_list(*ENTITY_COLUMNS)


# First which, then what: only ids pass through the count of thousands.
_ALL = CompiledPage(_all, "pk", counts_within=True)
_COLUMNS = CompiledRows(_of_ids, ids=str)


def page_of_entities(actor: Actor, asked: Mapping[str, Any]) -> Page:
    """Return the page of entities that was asked for, read as ENTITY_COLUMNS. Raise Invalid."""
    number, size = asked["page_number"], asked["page_size"]
    if all(value in (None, "") for name, value in asked.items() if name not in PAGING):
        found, total = _ALL.read(actor=actor, start=(number - 1) * size, size=size)
        page = Page(found, total, number, size)
    else:
        rows, table, order = entities_asked_for(actor, asked)
        page = Page.of(rows, table, asked, default_order=order, columns=["pk"], counts_within=True)
    ids = [pk for (pk,) in page.rows]
    known = {row[0]: row for row in _COLUMNS.rows(ids=ids_text(ids))} if ids else {}
    return replace(page, rows=[known[pk] for pk in ids if pk in known])


def entities_asked_for(
    actor: Actor, asked: Mapping[str, Any]
) -> tuple[QuerySet[Ioc], FilterTable, str]:
    """Return the entities the parameters of a request leave, and by what to filter and to sort them.

    Deleted ones are left out unless a parameter or the filter speaks of deletion; where free text is asked
    for, what is just that comes first. Raise Invalid.
    """
    table = entity_table(actor)
    clauses = table.clauses(asked["filter"])
    given = {name: str(asked[name]) for name in PARAMETERS if asked.get(name) not in (None, "")}
    clauses += [Clause(name, EQUAL, value, is_quoted=True) for name, value in given.items()]
    is_one = any(clause.field in ("id", "value") and _is_whole(clause) for clause in clauses)
    rows = (visible_entities if is_one else all_visible_entities)(actor)
    rows = rows.filter(_of_parameters(table, given))
    if all(clause.field != "deleted" for clause in clauses):
        rows = rows.filter(deleted_at=None)
    hashes = [fingerprint(clause.value) for clause in clauses if not clause.field]
    if not hashes:
        return rows, table, NEWEST_FIRST
    table.sortable["exact"] = "is_exact"
    whole = When(value_hash__in=hashes, then=Value(1))
    return rows.annotate(is_exact=Choice(whole, default=Value(0))), table, EXACT_FIRST


def _of_parameters(table: FilterTable, given: Mapping[str, str]) -> Q:
    condition = Q()
    for name, value in given.items():
        one = table.fields[name]
        try:
            condition &= one.kind.condition(one.lookup, Clause(name, EQUAL, value, is_quoted=True))
        except ValueError as error:
            raise Invalid.field(name, f"{one.label} {error}.") from error
    return condition


def _is_whole(clause: Clause) -> bool:
    """Tell whether a clause names one value, so that few rows are left."""
    return clause.operator == EQUAL or (clause.operator == CONTAINS and clause.is_quoted)


def _types() -> dict[str, int]:
    """Return the types by the names of this door and by their own."""
    own = dict(IocType.objects.values_list("name", "pk"))
    return own | {entity_type_of(name): pk for name, pk in own.items()}


def _names(words: tuple[str, ...], clause: Clause, *, is_part: bool) -> bool:
    if is_part:
        return any(clause.value.lower() in word.lower() for word in words)
    return clause.value.strip() in words


def _is_asked_for(clause: Clause) -> bool:
    """Tell whether a clause asks for what has a property, or for what has not. Raise ValueError."""
    word = clause.value.lower()
    if word not in TRUE | FALSE:
        raise ValueError("is true or false")
    if clause.operator in LOOKUPS:
        raise ValueError(NO_ORDER)
    return (word in TRUE) != (clause.operator == UNEQUAL)


def _signed(clause: Clause, equal: Q) -> Q:
    if clause.operator in LOOKUPS:
        raise ValueError(NO_ORDER)
    return ~equal if clause.operator == UNEQUAL else equal
