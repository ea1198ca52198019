"""What triage events can be found and sorted by; of custom fields those that are marked as filters (§3.2).

Whole values of custom fields and tags come from an index on PostgreSQL; parts of texts, and more or less than a
value, are looked for in all events the caller may see.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from incidents.models import Alert, CustomField, ListField, ListValue
from incidents.selectors import custom_fields_of, visible_list_values, with_custom_value
from soar.api.cloudsoar.filter_language import Clause
from soar.api.cloudsoar.filters import (
    CONTAINS,
    EQUAL,
    LOOKUPS,
    NO_ORDER,
    UNEQUAL,
    Choices,
    FilterField,
    FilterTable,
    Kind,
    Moments,
    Numbers,
    Texts,
)
from soar.api.cloudsoar.forms import FALSE, TRUE
from soar.api.cloudsoar.incident_filters import Tags
from soar.core.actor import Actor
from soar.core.errors import Invalid

Type = CustomField.Type
SECTION = CustomField.Section.TRIAGE
UNFILTERED = {
    "customer": "Customer",
    "created_by": "Created by",
    "reason": "Reason",
    "incident": "Incident",
    "content": "Content",
}
UNMARKED = "is not marked as a filter"
LARGEST = 1e15


class States:
    """What was decided."""

    def condition(self, lookup: str, clause: Clause) -> Q:
        """Return the condition."""
        word = clause.value.lower()
        if word not in Alert.State.values:
            raise ValueError(f"is one of {', '.join(Alert.State.values)}")
        return _negated_if_asked(Q(**{lookup: word}), clause)


@dataclass(frozen=True)
class Owners:
    """Users by id or login; `me` is who asks."""

    user_id: int

    def condition(self, lookup: str, clause: Clause) -> Q:
        """Return the condition."""
        value = clause.value
        if value.casefold() == "me":
            return _negated_if_asked(Q(owner_id=self.user_id), clause)
        if value.isascii() and value.isdigit() and len(value) < 19:
            return _negated_if_asked(Q(owner_id=int(value)), clause)
        return Texts().condition(lookup, clause)


class Unmarked:
    """A field nobody may filter by."""

    def condition(self, lookup: str, clause: Clause) -> Q:
        """Raise ValueError."""
        raise ValueError(UNMARKED)


class CustomTexts:
    """Texts in the custom values, dates among them: they are kept so that their order is that of time."""

    def condition(self, lookup: str, clause: Clause) -> Q:
        """Return the condition."""
        if clause.operator == CONTAINS and not clause.is_quoted:
            return Q(**{f"{lookup}__icontains": clause.value})
        return _of_custom(lookup, clause, clause.value)


class CustomNumbers:
    """Numbers in the custom values."""

    def condition(self, lookup: str, clause: Clause) -> Q:
        """Return the condition."""
        try:
            number = float(clause.value)
        except ValueError as error:
            raise ValueError("is a number") from error
        if not abs(number) <= LARGEST:
            raise ValueError("is a number within bounds")
        return _of_custom(lookup, clause, int(number) if number.is_integer() else number)


class CustomFlags:
    """Yes or no in the custom values."""

    def condition(self, lookup: str, clause: Clause) -> Q:
        """Return the condition."""
        word = clause.value.lower()
        if word not in TRUE | FALSE:
            raise ValueError("is true or false")
        if clause.operator in LOOKUPS:
            raise ValueError(NO_ORDER)
        return _of_custom(lookup, clause, word in TRUE)


class CustomLists:
    """Several texts in the custom values: one of them is asked for."""

    def condition(self, lookup: str, clause: Clause) -> Q:
        """Return the condition."""
        if clause.operator in LOOKUPS:
            raise ValueError(NO_ORDER)
        if clause.operator == CONTAINS and not clause.is_quoted:
            return Q(**{f"{lookup}__icontains": clause.value})
        return _of_custom(lookup, clause, [clause.value])


CUSTOM_KINDS: Mapping[str, Kind] = {
    Type.NUMBER: CustomNumbers(),
    Type.INTERVAL: CustomNumbers(),
    Type.CHECKBOX: CustomFlags(),
    Type.MULTI_SELECT: CustomLists(),
    Type.TAGS: CustomLists(),
}


def custom_fields(actor: Actor) -> list[CustomField]:
    """Return the custom fields of events."""
    return custom_fields_of(actor, SECTION.value)


def triage_table(actor: Actor, customs: list[CustomField]) -> FilterTable:
    """Return what an actor can find events by."""
    marked = [one for one in customs if one.use_as_filter]
    return FilterTable(
        *(_custom_field(one) for one in customs),
        FilterField("id", "Event ID", Numbers(), "pk"),
        FilterField("state", "State", States(), "state"),
        FilterField(
            "status", "Status", _choices(actor, ListField.TRIAGE_STATUS), "status__list_value"
        ),
        FilterField("type", "Type", _choices(actor, ListField.TYPE), "type"),
        FilterField(
            "restriction",
            "Severity",
            _choices(actor, ListField.RESTRICTION),
            "severity__list_value",
        ),
        FilterField("owner", "Owner", Owners(actor.user_id), "owner__login"),
        FilterField("description", "Description", Texts(), "title"),
        FilterField(
            "additional_info", "Additional info", Texts(), "description", is_sortable=False
        ),
        FilterField("tags", "Tags", Tags(), "tags", is_sortable=False),
        FilterField("source", "Source", Texts(), "source"),
        FilterField("external_id", "External ID", Texts(), "external_id"),
        FilterField("created_at", "Created at", Moments(), "created_at"),
        FilterField("grabbed_at", "Grabbed at", Moments(), "grabbed_at"),
        FilterField("decided_at", "Decided at", Moments(), "decided_at"),
        free_text=(
            "title",
            "description",
            "source",
            "external_id",
            *(f"custom__{one.name}" for one in marked),
        ),
        others=UNFILTERED,
    )


def exactly(table: FilterTable, given: Mapping[str, Any]) -> Q:
    """Return the condition that fields are just what is given. Raise Invalid naming the field."""
    condition = Q()
    for name, value in given.items():
        field = table.fields.get(name)
        if field is None:
            raise Invalid.field(name, "There is no such field.")
        text = str(value[0] if isinstance(value, list) and len(value) == 1 else value)
        try:
            condition &= field.kind.condition(field.lookup, Clause(name, EQUAL, text, True))
        except ValueError as error:
            raise Invalid.field(name, f"{field.label} {error}.") from error
    return condition


def values_by_field(actor: Actor) -> dict[str, list[ListValue]]:
    """Return the values of the list fields events have, by the names of these."""
    names = {
        ListField.TRIAGE_STATUS: "status",
        ListField.TYPE: "type",
        ListField.RESTRICTION: "restriction",
    }
    found: dict[str, list[ListValue]] = {name: [] for name in names.values()}
    for one in visible_list_values(actor).filter(field__in=names):
        found[names[ListField(one.field)]].append(one)
    return found


def _choices(actor: Actor, field: ListField) -> Choices:
    rows = visible_list_values(actor).filter(field=field)
    return Choices(lambda: dict(rows.values_list("label", "pk")))


def _custom_field(field: CustomField) -> FilterField:
    kind = CUSTOM_KINDS.get(field.type, CustomTexts()) if field.use_as_filter else Unmarked()
    return FilterField(
        field.name, field.label, kind, f"custom__{field.name}", is_sortable=field.use_as_filter
    )


def _of_custom(lookup: str, clause: Clause, value: Any) -> Q:
    if clause.operator in LOOKUPS:
        return Q(**{f"{lookup}__{LOOKUPS[clause.operator]}": value})
    equal = with_custom_value(lookup.removeprefix("custom__"), value)
    return ~equal if clause.operator == UNEQUAL else equal


def _negated_if_asked(equal: Q, clause: Clause) -> Q:
    if clause.operator in LOOKUPS:
        raise ValueError(NO_ORDER)
    return ~equal if clause.operator == UNEQUAL else equal
