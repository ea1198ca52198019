"""`/case/evidences/*`: the evidence register of a case."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.models import Evidence
from cases.selectors import find, visible_evidences
from cases.services import evidences as services
from soar.api.base import represent
from soar.api.iris.envelope import success
from soar.api.iris.fields import (
    Always,
    Attributes,
    Integer,
    JsonObject,
    Text,
    Timestamp,
)
from soar.api.iris.shapes import Empty, StateOut, UserOut, state_of
from soar.api.iris.views import CASE_READ, CASE_WRITE, IrisViewSet, endpoint
from soar.core.actor import Actor


class EvidenceTypeOut(serializers.Serializer[Any]):
    """The kind of a piece of evidence."""

    id = Integer()
    name = Text()
    description = Text()


class EvidenceOut(serializers.Serializer[Any]):
    """A piece of evidence."""

    id = Integer()
    file_uuid = serializers.UUIDField(source="uuid")
    filename = Text()
    file_size = Integer(source="size_bytes", allow_null=True)
    file_hash = Text(allow_null=True)
    file_description = Text(source="description", allow_null=True)
    date_added = Timestamp(source="added_at")
    acquisition_date = Always(None)
    chain_of_custody = Always(None)
    start_date = Timestamp(source="start_at", allow_null=True)
    end_date = Timestamp(source="end_at", allow_null=True)
    type_id = Integer(allow_null=True)
    type = EvidenceTypeOut(allow_null=True)
    case_id = Integer()
    user_id = Integer()
    user = UserOut()
    username = Text(source="user.name")
    custom_attributes = Attributes()
    modification_history = JsonObject(source="history")


class EvidenceIn(serializers.Serializer[Any]):
    """A piece of evidence; only its name must be known."""

    filename = Text(min_length=1, max_length=400)
    file_size = Integer(source="size_bytes", required=False, allow_null=True, min_value=0)
    file_hash = Text(required=False, allow_null=True, max_length=400)
    file_description = Text(source="description", required=False, allow_null=True)
    type_id = Integer(required=False, allow_null=True)
    start_date = Timestamp(source="start_at", required=False, allow_null=True)
    end_date = Timestamp(source="end_at", required=False, allow_null=True)
    custom_attributes = Attributes()


def evidences_of(actor: Actor, case_id: int) -> QuerySet[Evidence]:
    """Return the evidence of a case with what its shape shows."""
    rows = visible_evidences(actor).filter(case_id=case_id).order_by("id")
    return rows.select_related("user", "type")


class EvidenceListOut(serializers.Serializer[Any]):
    """The evidence of a case."""

    evidences = EvidenceOut(many=True)
    state = StateOut()


class EvidenceViewSet(IrisViewSet):
    """Evidence of the context case."""

    @endpoint(CASE_READ, summary="List the evidence of a case", gives=EvidenceListOut)
    def list(self, request: Request) -> Response:
        """Answer the register."""
        rows = EvidenceOut(evidences_of(self.actor, self.case_id), many=True).data
        state = state_of(self.case_id, services.COUNTER)
        return success(data={"evidences": rows, "state": state})

    @endpoint(CASE_READ, summary="Fetch a piece of evidence", gives=EvidenceOut)
    def retrieve(self, request: Request, evidence_id: int) -> Response:
        """Answer one piece."""
        rows = evidences_of(self.actor, self.case_id)
        return success(data=represent(EvidenceOut, find(rows, evidence_id, services.NOT_IN_CASE)))

    @endpoint(
        CASE_WRITE,
        summary="Add a piece of evidence",
        takes=EvidenceIn,
        gives=EvidenceOut,
        hooked="evidence_create",
    )
    def add(self, request: Request) -> Response:
        """Register a piece."""
        evidence = services.add_evidence(self.actor, self.case_id, **self.read(EvidenceIn))
        return success("Evidence added", self.written(EvidenceOut, evidence))

    @endpoint(
        CASE_WRITE,
        summary="Update a piece of evidence",
        takes=EvidenceIn,
        gives=EvidenceOut,
        hooked="evidence_update",
    )
    def update(self, request: Request, evidence_id: int) -> Response:
        """Change a piece."""
        changes = self.read(EvidenceIn)
        evidence = services.update_evidence(self.actor, self.case_id, evidence_id, **changes)
        return success(f"Evidence {evidence.filename} updated", self.written(EvidenceOut, evidence))

    @endpoint(
        CASE_WRITE, summary="Delete a piece of evidence", takes=Empty, hooked="evidence_delete"
    )
    def delete(self, request: Request, evidence_id: int) -> Response:
        """Strike a piece from the register."""
        services.delete_evidence(self.actor, self.case_id, evidence_id)
        return success("Evidence deleted")
