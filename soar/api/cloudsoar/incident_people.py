"""Who and what an incident is connected with: investigators and other incidents (contract §4.2)."""

from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.models import IncidentRelation, Investigator
from incidents.selectors import investigators_of, relations_of
from incidents.services.investigators import add_investigators, remove_investigators
from incidents.services.relations import add_relation, relation_of, remove_relation
from soar.api.cloudsoar.incident_bodies import (
    MOST,
    InvestigatorIn,
    InvestigatorQueryIn,
    RelationIn,
)
from soar.api.cloudsoar.incident_shapes import InvestigatorOut, RelationOut
from soar.api.cloudsoar.incidents import ANALYST
from soar.api.cloudsoar.views import CloudSoarViewSet, FailureOut, endpoint, needs
from soar.core.permissions import Permission

INVITER = needs(Permission.STANDARD_USER, also=Permission.INVESTIGATORS_MANAGE)
CAPABILITY = "Asks for the capability `cloudSoarIncidentManageInvestigators`."
CONFLICT = {409: FailureOut}
SEVERAL: serializers.ListSerializer[Any] = serializers.ListSerializer(
    child=InvestigatorIn(), allow_empty=False, max_length=MOST
)
ONE_OR_SEVERAL: Any = PolymorphicProxySerializer(
    component_name="InvestigatorOrList",
    serializers=[InvestigatorIn, SEVERAL],
    resource_type_field_name=None,
    many=False,
)


class InvestigatorViewSet(CloudSoarViewSet):
    """Who works on an incident."""

    @endpoint(
        ANALYST, summary="List the investigators of an incident", gives=InvestigatorOut(many=True)
    )
    def listing(self, request: Request, incident: int) -> Response:
        """Answer the investigators."""
        return Response([_investigator(row) for row in investigators_of(self.actor, incident)])

    @endpoint(
        INVITER,
        summary="Let users and groups investigate an incident",
        description="One, or a list of them. With the role read only, viewer or observer they may only read it. "
        f"{CAPABILITY}",
        takes=ONE_OR_SEVERAL,
        gives=InvestigatorOut(many=True),
        code=201,
        also=CONFLICT,
    )
    def add(self, request: Request, incident: int) -> Response:
        """Add investigators and answer all there are."""
        add_investigators(self.actor, incident, self._entries())
        rows = investigators_of(self.actor, incident)
        return Response([_investigator(row) for row in rows], status=201)

    @endpoint(
        INVITER,
        summary="End the work of investigators on an incident",
        description=f"`user` or `group` in the query, or a body like the one that added them. {CAPABILITY}",
        query=InvestigatorQueryIn,
        code=204,
        also={400: FailureOut, **CONFLICT},
    )
    def remove(self, request: Request, incident: int) -> Response:
        """Remove investigators."""
        named = self.query(InvestigatorQueryIn)
        remove_investigators(self.actor, incident, [named] if named else self._entries())
        return Response(status=204)

    def _entries(self) -> list[dict[str, Any]]:
        """Return what the body names: one object, or a list of them."""
        body = self.request.data
        if isinstance(body, list):
            return list(SEVERAL.run_validation(body))
        return [self.read(InvestigatorIn)]


class RelationViewSet(CloudSoarViewSet):
    """Other incidents, and what they are to this one."""

    @endpoint(ANALYST, summary="List the relations of an incident", gives=RelationOut(many=True))
    def listing(self, request: Request, incident: int) -> Response:
        """Answer the relations to incidents the caller may see."""
        return Response([_relation(row, incident) for row in relations_of(self.actor, incident)])

    @endpoint(
        ANALYST,
        summary="Relate an incident to another",
        takes=RelationIn,
        gives=RelationOut,
        code=201,
        also=CONFLICT,
    )
    def add(self, request: Request, incident: int) -> Response:
        """Add a relation and answer it."""
        row = add_relation(self.actor, incident, **self.read(RelationIn))
        return Response(_relation(row, incident), status=201)

    @endpoint(
        ANALYST, summary="End the relation of an incident to another", code=204, also=CONFLICT
    )
    def remove(self, request: Request, incident: int, relation: int) -> Response:
        """Remove a relation."""
        remove_relation(self.actor, incident, relation)
        return Response(status=204)


def _investigator(row: Investigator) -> dict[str, Any]:
    who = {"id": row.user_id, "kind": "user", "name": row.user.login if row.user else ""}
    if row.group is not None:
        who = {"id": row.group_id, "kind": "group", "name": row.group.name}
    return who | {"role": row.role}


def _relation(row: IncidentRelation, incident_id: int) -> dict[str, Any]:
    other = row.second if row.first_id == incident_id else row.first
    return {
        "id": row.pk,
        "incident_id": other.pk,
        "incidentid": other.reference,
        "relation": relation_of(row, incident_id),
    }
