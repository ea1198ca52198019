"""Incidents: listing, searching, opening, reading, changing and deleting them (contract §4.2)."""

from typing import cast

import orjson
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.services.deleting import delete_incident, erase_incident
from incidents.services.editing import change_incident
from incidents.services.opening import open_from_fields
from soar.api.base import encoded
from soar.api.cloudsoar.incident_bodies import (
    DetailIn,
    IncidentChangeIn,
    IncidentIn,
    RemovalIn,
    changes_of,
    opening_of,
)
from soar.api.cloudsoar.incident_columns import columns
from soar.api.cloudsoar.incident_examples import COLUMNS, FOUND
from soar.api.cloudsoar.incident_filters import (
    IncidentListIn,
    IncidentSearchIn,
    incident_custom_fields,
    page_of_list,
    page_of_search,
)
from soar.api.cloudsoar.incident_rows import (
    SOURCES,
    columns_for,
    flat_incident,
    shown_rows,
    wrapped_incident,
)
from soar.api.cloudsoar.incident_shapes import (
    DETAIL,
    ROW,
    ColumnOut,
    IncidentColumnsOut,
    IncidentOut,
    IncidentRowOut,
)
from soar.api.cloudsoar.views import CloudSoarViewSet, FailureOut, endpoint, needs
from soar.core.actor import Actor
from soar.core.errors import Invalid
from soar.core.permissions import Permission

ANALYST = needs(Permission.STANDARD_USER)


def shown(actor: Actor, incident_id: int) -> orjson.Fragment:
    """Return an incident as the detail shows it. Raise NotFound."""
    return encoded(wrapped_incident(actor, incident_id, incident_custom_fields(actor)))


class IncidentViewSet(CloudSoarViewSet):
    """Incidents the caller may see."""

    @endpoint(
        ANALYST,
        summary="List incidents",
        description="Without `filter`: what is not deleted, and the caller's favourites. With one: what matches, "
        "deleted or not, then the favourites. The other parameters narrow either.",
        query=IncidentListIn,
        gives=IncidentRowOut(many=True),
    )
    def listing(self, request: Request) -> Response:
        """Answer a page of incidents."""
        columns = columns_for(ROW)
        page = page_of_list(self.actor, self.query(IncidentListIn), columns)
        return page.answer(request, encoded(shown_rows(page.rows, columns, ROW)))

    @endpoint(
        ANALYST,
        summary="Search incidents",
        description="Only what matches the filter, so that the first row is what was looked for.",
        takes=IncidentSearchIn,
        gives=IncidentColumnsOut(many=True),
        examples={"By incident ID": FOUND},
    )
    def search(self, request: Request) -> Response:
        """Answer a page of the columns that were asked for."""
        asked = self.read(IncidentSearchIn)
        names = ["id", *(asked.get("columns") or ROW)]
        others = [name for name in names if name not in SOURCES]
        fields = incident_custom_fields(self.actor) if others else []
        custom = {one.name for one in fields}
        unknown = [name for name in others if name not in custom]
        if unknown:
            raise Invalid.field("columns", f"There is no column {', '.join(unknown)}.")
        columns = columns_for(names)
        page = page_of_search(self.actor, asked, columns)
        return page.answer(request, encoded(shown_rows(page.rows, columns, names, fields)))

    @endpoint(
        ANALYST,
        summary="List the columns of incidents",
        gives=ColumnOut(many=True),
        examples={"Some of them": COLUMNS},
    )
    def columns(self, request: Request) -> Response:
        """Answer every field, and what can be done with it."""
        return Response(columns(self.actor))

    @endpoint(
        ANALYST,
        summary="Open an incident",
        takes=IncidentIn,
        gives=IncidentOut,
        code=201,
        also={409: FailureOut},
    )
    def create(self, request: Request) -> Response:
        """Open an incident and answer it."""
        fields, origin, extras = opening_of(self.read(IncidentIn))
        incident = open_from_fields(self.actor, fields, origin, extras)
        return Response(shown(self.actor, cast(int, incident.pk)), status=201)

    @endpoint(ANALYST, summary="Fetch an incident", query=DetailIn, gives=DETAIL)
    def fetch(self, request: Request, incident: int) -> Response:
        """Answer an incident, in wrappers or flat."""
        is_flat = self.query(DetailIn).get("flat")
        show = flat_incident if is_flat else wrapped_incident
        return Response(encoded(show(self.actor, incident, incident_custom_fields(self.actor))))

    @endpoint(
        ANALYST,
        summary="Change an incident",
        description="Only the fields that are sent. A closed status closes, an open one reopens.",
        takes=IncidentChangeIn,
        gives=IncidentOut,
        also={409: FailureOut},
    )
    def change(self, request: Request, incident: int) -> Response:
        """Change some fields and answer the incident."""
        change_incident(self.actor, incident, changes_of(self.read(IncidentChangeIn)))
        return Response(shown(self.actor, incident))

    @endpoint(
        ANALYST,
        summary="Delete an incident",
        description="It can be restored; with `physical=true`, which only administrators may, it cannot.",
        query=RemovalIn,
        code=204,
        also={409: FailureOut},
    )
    def remove(self, request: Request, incident: int) -> Response:
        """Delete an incident."""
        is_physical = self.query(RemovalIn).get("physical")
        service = erase_incident if is_physical else delete_incident
        service(self.actor, incident)
        return Response(status=204)
