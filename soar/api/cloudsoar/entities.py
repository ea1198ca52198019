"""`entities/`: the observables of all incidents the caller sees (contract §4.6)."""

from typing import Any

import orjson
from rest_framework.request import Request
from rest_framework.response import Response

from cases.selectors import find, visible_case_iocs
from incidents.selectors import visible_entities, visible_entity_lines
from incidents.services.entities import (
    UNKNOWN,
    catalogue_entity,
    delete_entity,
    restore_entity,
    set_verdict,
    update_entity,
)
from incidents.services.entity_facts import facts_of, find_detail
from incidents.services.entity_files import catalogue_file
from iocs.models import Ioc
from modules.selectors import good_runs_about_ioc, runs_about_ioc
from modules.services.entity_runs import request_entity_runs
from soar.api.base import encoded, represent
from soar.api.cloudsoar.entity_filters import page_of_entities
from soar.api.cloudsoar.entity_shapes import (
    EntityActionIn,
    EntityActionOut,
    EntityChangesIn,
    EntityHolderOut,
    EntityIn,
    EntityListIn,
    EntityOut,
    EntityRowOut,
    EntityStepOut,
    EntityUpdatedOut,
    LatestIn,
    ThreatIndicatorIn,
    entity_body,
    entity_rows,
    steps,
    tag_rows,
)
from soar.api.cloudsoar.entity_types import ENTITY_TYPES, ioc_type_of
from soar.api.cloudsoar.filters import FilterField, FilterTable, Numbers, Texts
from soar.api.cloudsoar.paging import ListingIn, Page
from soar.api.cloudsoar.uploads import UploadViewSet, upload_of
from soar.api.cloudsoar.views import FailureOut, endpoint, needs
from soar.core.errors import Invalid
from soar.core.permissions import Permission

ANALYST = needs(Permission.STANDARD_USER)
JUDGE = needs(Permission.STANDARD_USER, also=Permission.ENTITIES_MANAGE)
FOR_EVERYBODY = (
    "Asks for the capability `cloudSoarEntitiesManage`: it holds for everybody who sees the entity."
)
FILE = "file"
NO_FILE = "Only an entity of type file has one."
UPDATED = "Entity updated"
SHOWN_ENRICHMENTS = 50
HOLDERS = FilterTable(
    FilterField("id", "ID", Numbers(), "case_id"),
    FilterField("incidentid", "Incident ID", Texts(), "case__incident__reference"),
    FilterField("description", "Description", Texts(), "case__name"),
    free_text=("case__name", "case__incident__reference"),
)
ROW_EXAMPLE = {
    "id": 301,
    "value": "203.0.113.7",
    "type": "ipaddress",
    "tag": [],
    "related_incidents_count": 1,
    "favorite": False,
    "locked": False,
    "deleted": False,
}
UPDATED_EXAMPLE = {
    "detail": UPDATED,
    "id": 301,
    "tag": [{"value": "\N{LARGE RED CIRCLE}"}, {"value": "MALICIOUS"}],
    "threat_indicator": "malicious",
}
CONFLICT = {409: FailureOut}


class EntityViewSet(UploadViewSet):
    """Entities over all incidents."""

    @endpoint(
        ANALYST,
        summary="List entities",
        query=EntityListIn,
        gives=EntityRowOut(many=True),
        examples={"One entity": [ROW_EXAMPLE]},
    )
    def list(self, request: Request) -> Response:
        """Answer a page of entities, newest first."""
        return self._page(request, self.query(EntityListIn))

    @endpoint(
        ANALYST,
        summary="Search entities",
        description="What is no clause about a field is looked for in the values; those that are just that "
        "come first. Deleted entities are found with `deleted: true`.",
        takes=ListingIn,
        gives=EntityRowOut(many=True),
        examples={"One entity": [ROW_EXAMPLE]},
    )
    def search(self, request: Request) -> Response:
        """Answer a page of what was found."""
        return self._page(request, self.read(ListingIn))

    @endpoint(
        ANALYST,
        summary="Catalogue an entity",
        description="Without an incident; only you see what you say of it there. An entity that you see already "
        "is answered as it is, with 200. A file is kept with the entity, for you. Reserved tags ask for the "
        "capability `cloudSoarEntitiesManage`.",
        takes=EntityIn,
        gives=EntityOut,
        code=201,
        also={200: EntityOut, 413: FailureOut, **CONFLICT},
    )
    def create(self, request: Request) -> Response:
        """Answer the entity, made or known."""
        fields = self.read(EntityIn)
        file, kind = fields.pop("file", None), ioc_type_of(fields.pop("type"))
        if file is None:
            ioc, is_new = catalogue_entity(self.actor, type_id=kind.pk, **fields)
        elif kind.name == ENTITY_TYPES[FILE]:
            upload = upload_of({"file": file})
            ioc, is_new = catalogue_file(self.actor, type_id=kind.pk, **upload, **fields)
        else:
            raise Invalid.field("file", NO_FILE)
        return Response(self._shown(ioc.pk), status=201 if is_new else 200)

    @endpoint(ANALYST, summary="Fetch an entity", gives=EntityOut)
    def retrieve(self, request: Request, entity: int) -> Response:
        """Answer an entity, a deleted one too."""
        return Response(self._shown(entity))

    @endpoint(
        ANALYST,
        summary="Change an entity",
        description="Tags and text go into every incident and alert you may write that holds it, and into your "
        "catalogue; the favourite is yours. Threat indicator (reserved tags too, and replacing them away) and lock "
        "are everybody's: without the capability `cloudSoarEntitiesManage` they are answered 403, and nothing of "
        "the request is done.",
        takes=EntityChangesIn,
        gives=EntityUpdatedOut,
        also=CONFLICT,
        examples={"Held for malicious": UPDATED_EXAMPLE},
    )
    def update(self, request: Request, entity: int) -> Response:
        """Answer what became of the entity."""
        fields = self.read(EntityChangesIn)
        replaces = fields.pop("tag_mode") == "replace"
        ioc = update_entity(self.actor, entity, replaces_tags=replaces, **fields)
        return self._updated(ioc)

    @endpoint(
        JUDGE,
        summary="Delete an entity",
        description=f"It is hidden from lists until it is restored; incidents keep it. {FOR_EVERYBODY}",
        code=204,
        also=CONFLICT,
    )
    def destroy(self, request: Request, entity: int) -> Response:
        """Answer that it is deleted."""
        delete_entity(self.actor, entity)
        return Response(status=204)

    @endpoint(
        JUDGE,
        summary="Restore a deleted entity",
        description=FOR_EVERYBODY,
        gives=EntityOut,
        also=CONFLICT,
    )
    def restore(self, request: Request, entity: int) -> Response:
        """Answer the entity."""
        restore_entity(self.actor, entity)
        return Response(self._shown(entity))

    @endpoint(
        JUDGE,
        summary="Set the threat indicator",
        description=FOR_EVERYBODY,
        takes=ThreatIndicatorIn,
        gives=EntityUpdatedOut,
        also=CONFLICT,
        examples={"Held for malicious": UPDATED_EXAMPLE},
    )
    def threat_indicator(self, request: Request, entity: int) -> Response:
        """Answer the entity with its reserved tags."""
        return self._updated(set_verdict(self.actor, entity, **self.read(ThreatIndicatorIn)))

    @endpoint(
        ANALYST,
        summary="List the incidents an entity appears in",
        query=ListingIn,
        gives=EntityHolderOut(many=True),
    )
    def incidents(self, request: Request, entity: int) -> Response:
        """Answer a page of visible incidents, newest first."""
        rows = visible_case_iocs(self.actor).filter(ioc=self._entity(entity))
        rows = rows.select_related("case__incident", "case__state__list_value")
        page = Page.of(rows, HOLDERS, self.query(ListingIn), default_order="-id")
        return page.answer(request, [represent(EntityHolderOut, row) for row in page.rows])

    @endpoint(
        ANALYST,
        summary="Show what happened to an entity",
        description="Changes and runs of modules in the incidents you see, newest first.",
        query=LatestIn,
        gives=EntityStepOut(many=True),
    )
    def timeline(self, request: Request, entity: int) -> Response:
        """Answer the last steps."""
        count = self.query(LatestIn)["page_size"]
        ioc = self._entity(entity)
        lines = list(visible_entity_lines(self.actor, ioc.pk)[:count])
        runs = list(runs_about_ioc(self.actor, ioc.pk)[:count])
        return Response(steps(lines, runs, count))

    @endpoint(
        ANALYST,
        summary="Run a module on an entity",
        takes=EntityActionIn,
        gives=EntityActionOut(many=True),
        code=202,
        also=CONFLICT,
    )
    def actions(self, request: Request, entity: int) -> Response:
        """Answer the queued runs."""
        asked = self.read(EntityActionIn)
        runs = request_entity_runs(
            self.actor,
            entity,
            module_name=asked["module"],
            ui_name=asked["action"],
            case_id=asked.get("incident_id"),
        )
        return Response([represent(EntityActionOut, run) for run in runs], status=202)

    def _page(self, request: Request, asked: dict[str, Any]) -> Response:
        page = page_of_entities(self.actor, asked)
        return page.answer(request, encoded(entity_rows(self.actor, page.rows)))

    def _entity(self, entity: int) -> Ioc:
        return find(visible_entities(self.actor).select_related("type"), entity, UNKNOWN)

    def _shown(self, entity: int) -> orjson.Fragment:
        detail = find_detail(self.actor, entity)
        runs = good_runs_about_ioc(self.actor, entity, SHOWN_ENRICHMENTS)
        return encoded(entity_body(detail, runs))

    def _updated(self, ioc: Ioc) -> Response:
        facts = facts_of(self.actor, [ioc])[0]
        body = {"detail": UPDATED, "id": ioc.pk, "tag": tag_rows(facts.tags)}
        return Response(body | {"threat_indicator": ioc.verdict})
