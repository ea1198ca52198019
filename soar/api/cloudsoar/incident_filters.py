"""What lists of incidents can be filtered and sorted by, and what they show by themselves (contract §1.7)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Case as Choice
from django.db.models import IntegerField, Q, QuerySet, Value, When
from rest_framework import serializers

from incidents.models import CustomField, ListField
from incidents.selectors import (
    custom_fields_of,
    involving,
    of_type,
    owned_by,
    visible_folders,
    visible_incidents_and_deleted,
    visible_list_values,
    with_custom_value,
    with_marks,
    with_tag,
)
from incidents.services.custom_values import NAME, checked_value
from incidents.services.incident_facts import LABELS
from incidents.services.parties import GROUP_MARK
from soar.api.cloudsoar.fields import Integer, Moment, Text
from soar.api.cloudsoar.filter_language import Clause, normalised
from soar.api.cloudsoar.filters import (
    CONTAINS,
    LOOKUPS,
    NO_ORDER,
    NUMBER,
    UNEQUAL,
    Choices,
    FilterField,
    FilterTable,
    Flags,
    Kind,
    Moments,
    Numbers,
    Texts,
)
from soar.api.cloudsoar.incident_rows import listed_page, rows_of
from soar.api.cloudsoar.paging import DEFAULT_SIZE, LARGEST_SIZE, LAST_PAGE, ListingIn, Page
from soar.core.actor import Actor
from soar.core.errors import Invalid

LISTED = {
    "status": (ListField.STATUS, "case__state__list_value"),
    "restriction": (ListField.RESTRICTION, "case__severity__list_value"),
    "incident_kind": (ListField.KIND, "kind"),
    "incident_category": (ListField.CATEGORY, "category"),
    "purpose": (ListField.PURPOSE, "purpose"),
    "phase": (ListField.PHASE, "phase"),
}
MOMENTS = {
    "starttime": "started_at",
    "endtime": "ended_at",
    "openingtime": "case__opened_at",
    "closingtime": "case__closed_at",
}
FLAGS = {"is_deleted": "is_deleted", "favorite": "is_favorite", "closed": "is_closed"}
# Parameters of the list that are a field's exact value, and the field.
EXACT = {
    "incidentid": "incidentid",
    "description": "description",
    "created_by": "created_by",
    **{name: name for name in LISTED},
    "type": "type",
    "owner": "owner",
    "folder": "folder",
    "tag": "tags",
    "closed": "closed",
    "is_deleted": "is_deleted",
    "favorite": "favorite",
}
FREE_TEXT = ("reference", "case__name", "case__tags")
PAGING = ("page_number", "page_size")
NEWEST = "-id"
BY_REFERENCE = ("incidentid", "incident id")
UNMARKED = "is not marked as a filter."


class IncidentListIn(ListingIn):
    """A page of the list of incidents; without one, the first 500. Custom fields are opt_1, opt_2 and so on."""

    page_number = Integer(required=False, min_value=1, max_value=LAST_PAGE)
    page_size = Integer(required=False, min_value=1, max_value=LARGEST_SIZE)
    only_involved = serializers.BooleanField(
        required=False,
        allow_null=True,
        help_text="Those the caller owns, opened or investigates.",
    )
    incidentid = Text(required=False)
    description = Text(required=False)
    status = Text(required=False, help_text="Id or label, as in every list field.")
    type = Text(required=False)
    owner = Text(required=False, help_text="Id or user name, `Name (group)`, or `me`.")
    folder = Text(required=False)
    restriction = Text(required=False, help_text="The severity.")
    incident_kind = Text(required=False)
    incident_category = Text(required=False)
    purpose = Text(required=False)
    phase = Text(required=False)
    created_by = Text(required=False, help_text="A user name.")
    tag = Text(required=False)
    opened_after = Moment(required=False, allow_null=True)
    opened_before = Moment(required=False, allow_null=True)
    closed = serializers.BooleanField(required=False, allow_null=True)
    is_deleted = serializers.BooleanField(required=False, allow_null=True)
    favorite = serializers.BooleanField(required=False, allow_null=True)

    def to_internal_value(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters, those about custom fields as `custom`."""
        given = {name: value for name, value in data.items() if NAME.fullmatch(str(name))}
        several = [name for name, value in given.items() if not isinstance(value, str)]
        if several:
            raise serializers.ValidationError({name: ["Not a valid string."] for name in several})
        custom = {name: value for name, value in given.items() if value}
        return {**super().to_internal_value(data), "custom": custom}


class IncidentSearchIn(ListingIn):
    """A search: `all` is everything the caller may see, else what he is involved in."""

    all = serializers.BooleanField(required=False, default=True, allow_null=True)
    columns = serializers.ListField(child=Text(max_length=100), required=False, max_length=200)


@dataclass(frozen=True)
class Types:
    """What incidents have several of: one of some values, by label or id."""

    options: Callable[[], Mapping[str, int]]

    def condition(self, lookup: str, clause: Clause) -> Q:
        """Return the condition."""
        is_other = clause.operator == UNEQUAL
        equal = replace(clause, operator="=") if is_other else clause
        condition = of_type(Choices(self.options).condition("value", equal))
        return ~condition if is_other else condition


@dataclass(frozen=True)
class Folders:
    """A folder by name, which folders of different parents may share, or by id."""

    ids: Callable[[], Iterable[tuple[int, str]]]

    def condition(self, lookup: str, clause: Clause) -> Q:
        """Return the condition."""
        if clause.operator in LOOKUPS:
            raise ValueError(NO_ORDER)
        wanted = normalised(clause.value)
        known = list(self.ids())
        found = [pk for pk, name in known if normalised(name) == wanted]
        found = found or [pk for pk, _ in known if str(pk) == wanted]
        if not found:
            raise ValueError("has no such value")
        condition = Q(**{f"{lookup}__in": found})
        return ~condition if clause.operator == UNEQUAL else condition


@dataclass(frozen=True)
class Owners:
    """Whom incidents belong to: a user name, an id or `me`, a group as `Name (group)`; `:` looks for a part."""

    user_id: int

    def condition(self, lookup: str, clause: Clause) -> Q:
        """Return the condition."""
        if clause.operator in LOOKUPS:
            raise ValueError(NO_ORDER)
        is_me = clause.value.casefold() == "me"
        value = str(self.user_id) if is_me else clause.value
        if clause.operator == CONTAINS and not clause.is_quoted and not is_me:
            part = value.removesuffix(GROUP_MARK)
            users = Q(case__owner__login__icontains=part, case__owner_group=None)
            return users | Q(case__owner_group__name__icontains=part)
        if value.endswith(GROUP_MARK):
            condition = Q(case__owner_group__name=value.removesuffix(GROUP_MARK))
        else:
            condition = owned_by(value, int(value) if NUMBER.fullmatch(value) else None)
        return ~condition if clause.operator == UNEQUAL else condition


class Tags:
    """Tags: one of them; `:` looks for a part of any."""

    def condition(self, lookup: str, clause: Clause) -> Q:
        """Return the condition."""
        if clause.operator in LOOKUPS:
            raise ValueError(NO_ORDER)
        if clause.operator == CONTAINS and not clause.is_quoted:
            return Q(**{f"{lookup}__icontains": clause.value})
        condition = with_tag(clause.value.strip(), lookup)
        return ~condition if clause.operator == UNEQUAL else condition


@dataclass(frozen=True)
class CustomValues:
    """Values of a custom field, as its type has them."""

    field: CustomField

    def condition(self, lookup: str, clause: Clause) -> Q:
        """Return the condition."""
        if clause.operator in LOOKUPS:
            raise ValueError(NO_ORDER)
        if clause.operator == CONTAINS and not clause.is_quoted and self.is_text:
            return Q(**{f"{lookup}__icontains": clause.value})
        try:
            value = checked_value(self.field, clause.value)
        except ValueError as error:
            raise ValueError(f"cannot be this. {error}".rstrip(".")) from error
        condition = with_custom_value(self.field.name, value)
        return ~condition if clause.operator == UNEQUAL else condition

    @property
    def is_text(self) -> bool:
        """Tell whether a part of a value can be looked for."""
        kinds = CustomField.Type
        return self.field.type not in (
            *(kinds.CHECKBOX, kinds.NUMBER, kinds.INTERVAL),
            *(kinds.MULTI_SELECT, kinds.TAGS),
        )


def fields_of(actor: Actor) -> list[FilterField]:
    """Return the fields of incidents a filter may name; values and folders are read when one is asked for."""

    def values(field: ListField) -> Callable[[], Mapping[str, int]]:
        return lambda: dict(
            visible_list_values(actor).filter(field=field).values_list("label", "pk")
        )

    listed: dict[str, tuple[Kind, str]] = {
        name: (Choices(values(field)), lookup) for name, (field, lookup) in LISTED.items()
    }
    kinds: dict[str, tuple[Kind, str]] = {
        "incidentid": (Texts(), "reference"),
        "type": (Types(values(ListField.TYPE)), "types"),
        **listed,
        "description": (Texts(), "case__name"),
        "owner": (Owners(actor.user_id), "case__owner__login"),
        "folder": (Folders(lambda: visible_folders(actor).values_list("pk", "name")), "folder"),
        "tags": (Tags(), "case__tags"),
        **{name: (Moments(), lookup) for name, lookup in MOMENTS.items()},
        "created_by": (Texts(), "case__opened_by__login"),
        **{name: (Flags(), lookup) for name, lookup in FLAGS.items()},
    }
    unsortable = ("type", "tags")
    return [FilterField("id", "ID", Numbers(), "pk")] + [
        FilterField(name, LABELS.get(name, name.title()), kind, lookup, name not in unsortable)
        for name, (kind, lookup) in kinds.items()
    ]


def custom_filters(custom_fields: Iterable[CustomField]) -> list[FilterField]:
    """Return the custom fields a filter may name: those marked for it."""
    return [
        FilterField(one.name, one.label, CustomValues(one), f"custom__{one.name}", False)
        for one in custom_fields
        if one.use_as_filter
    ]


def incident_custom_fields(actor: Actor) -> list[CustomField]:
    """Return the custom fields of incidents."""
    return custom_fields_of(actor, CustomField.Section.INCIDENTS.value)


def table_of(actor: Actor) -> FilterTable:
    """Return what incidents can be filtered and sorted by; our own fields win over custom ones of their names."""
    own, custom = fields_of(actor), incident_custom_fields(actor)
    others = {one.name: one.label for one in custom if not one.use_as_filter} | LABELS
    return FilterTable(*custom_filters(custom), *own, free_text=FREE_TEXT, others=others)


def page_of_list(actor: Actor, asked: Mapping[str, Any], columns: tuple[str, ...]) -> Page:
    """Return a page of the list: parameters narrow it, a filter shows matches, and favourites after them."""
    is_paged = "page_number" in asked or "page_size" in asked
    size = asked.get("page_size", DEFAULT_SIZE if is_paged else LARGEST_SIZE)
    number = asked.get("page_number", 1)
    if all(value in (None, "", {}) for name, value in asked.items() if name not in PAGING):
        return _page_of_all(actor, columns, number, size)
    table = table_of(actor)
    rows = with_marks(actor, visible_incidents_and_deleted(actor))
    if asked.get("only_involved"):
        rows = involving(actor, rows)
    exact = {name: asked[name] for name in EXACT if asked.get(name) not in (None, "")}
    for name, value in (exact | asked["custom"]).items():
        rows = rows.filter(_exactly(table, name, str(value)))
    if asked.get("opened_after"):
        rows = rows.filter(case__opened_at__gte=asked["opened_after"])
    if asked.get("opened_before"):
        rows = rows.filter(case__opened_at__lt=asked["opened_before"])
    order: tuple[str, ...] = table.order(asked["order_by"] or NEWEST)
    if asked["filter"].strip():
        matches = table.condition(asked["filter"])
        rows = rows.filter(matches | Q(is_favorite=True))
        if not asked["order_by"]:
            is_match = Choice(
                When(matches, then=Value(1)), default=Value(0), output_field=IntegerField()
            )
            rows, order = _whole_first(table, asked["filter"], rows, order)
            rows, order = rows.annotate(is_match=is_match), ("-is_match", *order)
    elif asked.get("is_deleted") is None:
        rows = rows.filter(Q(is_deleted=False) | Q(is_favorite=True))
    return _page(actor, rows, order, columns, number, size)


def page_of_search(actor: Actor, asked: Mapping[str, Any], columns: tuple[str, ...]) -> Page:
    """Return a page of a search: what matches, and nothing else; without a filter what lists show."""
    number, size = asked["page_number"], asked["page_size"]
    if asked["all"] is not False and not asked["order_by"] and not asked["filter"].strip():
        return _page_of_all(actor, columns, number, size)
    table = table_of(actor)
    rows = with_marks(actor, visible_incidents_and_deleted(actor))
    if asked["all"] is False:
        rows = involving(actor, rows)
    if asked["filter"].strip():
        rows = rows.filter(table.condition(asked["filter"]))
    else:
        rows = rows.filter(Q(is_deleted=False) | Q(is_favorite=True))
    order = table.order(asked["order_by"] or NEWEST)
    if not asked["order_by"]:
        rows, order = _whole_first(table, asked["filter"], rows, order)
    return _page(actor, rows, order, columns, number, size)


def _page(
    actor: Actor,
    rows: QuerySet[Any],
    order: tuple[str, ...],
    columns: tuple[str, ...],
    number: int,
    size: int,
) -> Page:
    """Return a page: first which incidents are on it, and of those only all that is shown."""
    start = (number - 1) * size
    ids = list(rows.order_by(*order).values_list("pk", flat=True)[start : start + size])
    return Page(rows_of(actor, ids, columns), rows.count(), number, size)


def _page_of_all(actor: Actor, columns: tuple[str, ...], number: int, size: int) -> Page:
    start = (number - 1) * size
    rows, total = listed_page(columns).read(actor=actor, start=start, size=size)
    return Page(rows, total, number, size)


def _whole_first(
    table: FilterTable, text: str, rows: QuerySet[Any], order: tuple[str, ...]
) -> tuple[QuerySet[Any], tuple[str, ...]]:
    """Put those whose whole ID was asked for before those that only have it in theirs."""
    asked = [one.value for one in table.clauses(text) if one.field in BY_REFERENCE]
    if not asked:
        return rows, order
    whole = When(reference__in=asked, then=Value(1))
    is_whole = Choice(whole, default=Value(0), output_field=IntegerField())
    return rows.annotate(is_whole=is_whole), ("-is_whole", *order)


def _exactly(table: FilterTable, name: str, value: str) -> Q:
    found = table.fields.get(EXACT.get(name, name))
    if found is None:
        known = table.others.get(name)
        raise Invalid.field(name, f"{known} {UNMARKED}" if known else "There is no such field.")
    try:
        return found.kind.condition(found.lookup, Clause(found.name, "=", value, True))
    except ValueError as error:
        raise Invalid.field(name, f"{found.label} {error}.") from error
