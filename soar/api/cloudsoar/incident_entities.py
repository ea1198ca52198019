"""Entities in the context of an incident (contract §4.3)."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.models import CaseIoc
from cases.selectors import find
from cases.services.iocs import Added, add_ioc, remove_ioc
from incidents.selectors import visible_entities, visible_entities_of
from incidents.services.artifacts import LONGEST_VALUE, default_tlp_id
from soar.api.base import encoded
from soar.api.cloudsoar.entity_types import ENTITY_TYPES, entity_type_of, ioc_type_of
from soar.api.cloudsoar.fields import Html, Integer, Moment, TagList, Text
from soar.api.cloudsoar.filters import FilterField, FilterTable, Numbers, Texts
from soar.api.cloudsoar.incident_parts import LONGEST_HTML, WORKERS, PartViewSet
from soar.api.cloudsoar.incident_rows import tags_in
from soar.api.cloudsoar.paging import ListingIn, Page
from soar.api.cloudsoar.views import endpoint
from soar.core.actor import Actor
from soar.core.compiled import CompiledPage, CompiledRows
from soar.core.errors import Invalid, NotFound
from soar.core.rich_text import sanitised_html

UNKNOWN = "No such entity in this incident"
TABLE = FilterTable(
    FilterField("id", "ID", Numbers(), "ioc_id"),
    FilterField("value", "Value", Texts(), "ioc__value"),
    FilterField("tag", "Tags", Texts(), "tags"),
    FilterField("threat_indicator", "Threat indicator", Texts(), "ioc__verdict"),
    free_text=("ioc__value", "tags", "description"),
)
EXAMPLE = {
    "id": 301,
    "value": "203.0.113.7",
    "type": "ipaddress",
    "tag": [{"value": "proxy"}],
    "additional_info": "Seen by the proxy",
    "threat_indicator": "malicious",
    "related_incidents_count": 2,
    "favorite": False,
    "locked": False,
    "deleted": False,
    "added_by": "mrossi",
    "datetime": "2025-03-04T09:15:00Z",
}


class IncidentEntityIn(serializers.Serializer[Any]):
    """An entity: one that is known, by `entity_id`, or a type and a value."""

    entity_id = Integer(required=False, allow_null=True)
    type = Text(
        required=False, max_length=200, help_text=f"One of {', '.join(ENTITY_TYPES)}, and others."
    )
    value = Text(required=False, max_length=LONGEST_VALUE)
    tag = TagList(required=False)
    additional_info = Text(required=False, max_length=LONGEST_HTML)


class TagOut(serializers.Serializer[Any]):
    """A tag."""

    value = Text()


class IncidentEntityOut(serializers.Serializer[Any]):
    """An entity, with what this incident says of it: tags and additional info."""

    id = Integer(source="ioc_id")
    value = Text(source="ioc.value")
    type = serializers.SerializerMethodField()
    tag = serializers.SerializerMethodField()
    additional_info = Html(source="shown_description")
    threat_indicator = Text(source="ioc.verdict")
    related_incidents_count = Integer(source="incident_count")
    favorite = serializers.BooleanField(source="is_favorite")
    locked = serializers.SerializerMethodField()
    deleted = serializers.SerializerMethodField()
    added_by = Text(source="user.login")
    datetime = Moment(source="added_at")

    def get_type(self, row: CaseIoc) -> str:
        """Return the type as this door names it."""
        return entity_type_of(row.ioc.type.name)

    def get_tag(self, row: CaseIoc) -> list[dict[str, str]]:
        """Return the tags of this incident."""
        return [{"value": tag.strip()} for tag in (row.tags or "").split(",") if tag.strip()]

    def get_locked(self, row: CaseIoc) -> bool:
        """Tell whether no action may touch it."""
        return row.ioc.locked_at is not None

    def get_deleted(self, row: CaseIoc) -> bool:
        """Tell whether it was deleted."""
        return row.ioc.deleted_at is not None


# What an entity of an incident is made of.
COLUMNS = (
    "ioc_id",
    "ioc__value",
    "ioc__type__name",
    "tags",
    "description",
    "ioc__verdict",
    "incident_count",
    "is_favorite",
    "ioc__locked_at",
    "ioc__deleted_at",
    "user__login",
    Moment().column("added_at"),
)


def _all(actor: Actor, incident: int) -> QuerySet[Any]:
    return visible_entities_of(actor, incident).order_by("ioc_id")


def _one(actor: Actor, incident: int, row: int) -> QuerySet[Any, Any]:
    rows = visible_entities_of(actor, incident).filter(pk=row)
    return rows.order_by().values_list(*COLUMNS)


_ALL = CompiledPage(_all, *COLUMNS, incident=int)
_ONE = CompiledRows(_one, incident=int, row=int)


def shown_row(row: Sequence[Any]) -> dict[str, Any]:
    """Return an entity read as COLUMNS as IncidentEntityOut shows it: without an object per row (bench/)."""
    pk, value, type_name, tags, text, verdict, count, favorite, locked, deleted, login, added = row
    return {
        "id": pk,
        "value": value,
        "type": entity_type_of(type_name),
        "tag": [{"value": tag} for tag in tags_in(tags or "")],
        "additional_info": sanitised_html(text or ""),
        "threat_indicator": verdict,
        "related_incidents_count": count,
        "favorite": favorite,
        "locked": locked is not None,
        "deleted": deleted is not None,
        "added_by": login,
        "datetime": added,
    }


class IncidentEntitiesViewSet(PartViewSet):
    """Entities of an incident."""

    @endpoint(
        WORKERS,
        summary="List entities of an incident",
        query=ListingIn,
        gives=IncidentEntityOut(many=True),
    )
    def list(self, request: Request, incident: int) -> Response:
        """Answer the entities of an incident."""
        asked = self.query(ListingIn)
        page = self.page_of(incident, lambda: self._page(incident, asked))
        return page.answer(request, encoded([shown_row(row) for row in page.rows]))

    @endpoint(
        WORKERS,
        summary="Put an entity into an incident",
        takes=IncidentEntityIn,
        gives=IncidentEntityOut,
        code=201,
        also={200: IncidentEntityOut},
        examples={"An address": EXAMPLE},
    )
    def create(self, request: Request, incident: int) -> Response:
        """Create or link an entity; one that is here already is answered with 200 as it is."""
        self.admit_writer(incident)
        asked = self.read(IncidentEntityIn)
        type_id, value = self._which(asked)
        tags = asked.get("tag")
        row, how = add_ioc(
            self.actor,
            incident,
            type_id=type_id,
            tlp_id=default_tlp_id(),
            value=value,
            description=asked.get("additional_info"),
            tags=",".join(tags) if tags is not None else None,
        )
        found = _ONE.rows(actor=self.actor, incident=incident, row=row.pk)[0]
        code = 200 if how == Added.ALREADY_HERE else 201
        return Response(encoded(shown_row(found)), status=code)

    @endpoint(WORKERS, summary="Take an entity out of an incident", code=204)
    def destroy(self, request: Request, incident: int, incident_entity: int) -> Response:
        """Take an entity out; in other incidents it stays."""
        self.admit_writer(incident)
        remove_ioc(self.actor, incident, incident_entity)
        return Response(status=204)

    def _page(self, incident: int, asked: dict[str, Any]) -> Page:
        if asked["filter"].strip() or asked["order_by"]:
            rows = visible_entities_of(self.actor, incident)
            return Page.of(rows, TABLE, asked, default_order="id", columns=COLUMNS)
        number, size = asked["page_number"], asked["page_size"]
        start = (number - 1) * size
        found, total = _ALL.read(actor=self.actor, incident=incident, start=start, size=size)
        return Page(found, total, number, size)

    def _which(self, asked: dict[str, Any]) -> tuple[int, str]:
        """Return type and value of the entity that is meant. Raise Invalid."""
        if asked.get("entity_id") is not None:
            try:
                known = find(visible_entities(self.actor), asked["entity_id"], UNKNOWN)
            except NotFound as error:
                raise Invalid.field("entity_id", "There is no such entity.") from error
            return known.type_id, known.value
        missing = [name for name in ("type", "value") if not (asked.get(name) or "").strip()]
        if missing:
            raise Invalid("Data error", {name: ["This field is required."] for name in missing})
        return ioc_type_of(asked["type"]).pk, asked["value"].strip()
