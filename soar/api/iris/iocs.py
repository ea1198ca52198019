"""`/case/ioc/*`: indicators of a case."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.models import CaseIoc
from cases.selectors import visible_case_iocs
from cases.services import iocs as services
from cases.services.iocs import Added
from soar.api.fast import FastRead, Nested
from soar.api.iris.envelope import success
from soar.api.iris.fields import Always, Attributes, CaseTitle, Integer, JsonObject, Tags, Text
from soar.api.iris.shapes import Empty, StateOut, state_of
from soar.api.iris.views import CASE_READ, CASE_WRITE, IrisViewSet, endpoint
from soar.core.actor import Actor
from soar.core.errors import NotFound
from soar.core.history import is_possible_id

MESSAGES = {
    Added.NEW: "IOC added",
    Added.KNOWN: "IOC already existed in DB. Updated with info on DB.",
    Added.ALREADY_HERE: "IOC already exists and linked to this case",
}


class IocLinkOut(serializers.Serializer[Any]):
    """Another case, which the caller may read, that holds the same indicator."""

    case_id = Integer()
    case_name = CaseTitle(source="case")
    client_name = Text(source="case.customer.name")


class IocRow(serializers.Serializer[Any]):
    """An indicator in the list: `ioc_type` is the name of its type."""

    ioc_id = Integer()
    ioc_uuid = serializers.UUIDField(source="ioc.uuid")
    ioc_value = Text(source="ioc.value")
    ioc_type = Text(source="ioc.type.name")
    ioc_type_id = Integer(source="ioc.type_id")
    ioc_description = Text(source="description", allow_null=True)
    ioc_tags = Text(source="tags", allow_null=True)
    ioc_tlp_id = Integer(source="tlp_id")
    tlp_name = Text(source="tlp.name")
    tlp_bscolor = Text(source="tlp.bscolor")
    ioc_misp = Always(None)
    misp_link = Always(None)
    link = IocLinkOut(many=True, source="links")


class IocOut(serializers.Serializer[Any]):
    """An indicator: `ioc_type` is the id of its type (contract §7.2)."""

    ioc_id = Integer()
    ioc_uuid = serializers.UUIDField(source="ioc.uuid")
    ioc_value = Text(source="ioc.value")
    ioc_type = Integer(source="ioc.type_id")
    ioc_type_id = Integer(source="ioc.type_id")
    ioc_tlp_id = Integer(source="tlp_id")
    ioc_description = Text(source="description", allow_null=True)
    ioc_tags = Text(source="tags", allow_null=True)
    ioc_misp = Always(None)
    user_id = Integer()
    custom_attributes = Attributes()
    ioc_enrichment = JsonObject(source="ioc.enrichment")
    modification_history = JsonObject(source="history")


class IocDetailsOut(IocOut):
    """An indicator with the other cases that hold it."""

    link = IocLinkOut(many=True, source="links")


class IocIn(serializers.Serializer[Any]):
    """A new indicator."""

    ioc_type_id = Integer(source="type_id")
    ioc_tlp_id = Integer(source="tlp_id")
    ioc_value = Text(source="value", min_length=1)
    ioc_description = Text(source="description", required=False, allow_null=True)
    ioc_tags = Tags(source="tags", required=False, allow_null=True)
    custom_attributes = Attributes()


class IocChangesIn(serializers.Serializer[Any]):
    """What changes of an indicator."""

    ioc_type_id = Integer(source="type_id", required=False)
    ioc_tlp_id = Integer(source="tlp_id", required=False)
    ioc_value = Text(source="value", min_length=1, required=False)
    ioc_description = Text(source="description", required=False, allow_null=True)
    ioc_tags = Tags(source="tags", required=False, allow_null=True)
    custom_attributes = Attributes()


def _iocs(actor: Actor, case: int) -> QuerySet[CaseIoc]:
    return visible_case_iocs(actor).filter(case_id=case).order_by("id")


def _links(actor: Actor, case: int) -> QuerySet[CaseIoc]:
    held_here = CaseIoc.objects.filter(case_id=case).order_by().values("ioc_id")
    others = visible_case_iocs(actor).exclude(case_id=case)
    return others.filter(ioc_id__in=held_here).order_by("case_id")


def _ioc(actor: Actor, case: int, ioc: int) -> QuerySet[CaseIoc]:
    return visible_case_iocs(actor).filter(case_id=case, ioc_id=ioc)


def _links_of_one(actor: Actor, case: int, ioc: int) -> QuerySet[CaseIoc]:
    return visible_case_iocs(actor).filter(ioc_id=ioc).exclude(case_id=case).order_by("case_id")


IOC_LIST = FastRead(
    IocRow, _iocs, nested={"link": Nested(IocLinkOut, _links, "ioc_id", "ioc_id")}, case=int
)
IOC = FastRead(
    IocDetailsOut,
    _ioc,
    nested={"link": Nested(IocLinkOut, _links_of_one, "ioc_id", "ioc_id")},
    case=int,
    ioc=int,
)


class IocListOut(serializers.Serializer[Any]):
    """The indicators of a case."""

    ioc = IocRow(many=True)
    state = StateOut()


class IocViewSet(IrisViewSet):
    """Indicators of the context case."""

    @endpoint(CASE_READ, summary="List the indicators of a case", gives=IocListOut)
    def list(self, request: Request) -> Response:
        """Answer the indicators and their state."""
        rows = IOC_LIST.all(self.actor, case=self.case_id)
        return success(data={"ioc": rows, "state": state_of(self.case_id, services.COUNTER)})

    @endpoint(CASE_READ, summary="Fetch an indicator", gives=IocDetailsOut)
    def retrieve(self, request: Request, ioc_id: int) -> Response:
        """Answer one indicator."""
        possible = is_possible_id(ioc_id)
        row = IOC.one(self.actor, case=self.case_id, ioc=ioc_id) if possible else None
        if row is None:
            raise NotFound(services.NOT_IN_CASE)
        return success(data=row)

    @endpoint(
        CASE_WRITE, summary="Add an indicator", takes=IocIn, gives=IocOut, hooked="ioc_create"
    )
    def add(self, request: Request) -> Response:
        """Put an indicator into the case."""
        case_ioc, how = services.add_ioc(self.actor, self.case_id, **self.read(IocIn))
        return success(MESSAGES[how], self.written(IocOut, case_ioc))

    @endpoint(
        CASE_WRITE,
        summary="Update an indicator",
        takes=IocChangesIn,
        gives=IocOut,
        hooked="ioc_update",
    )
    def update(self, request: Request, ioc_id: int) -> Response:
        """Change an indicator of the case."""
        changes = self.read(IocChangesIn)
        case_ioc = services.update_ioc(self.actor, self.case_id, ioc_id, **changes)
        return success(f"Updated ioc {case_ioc.ioc.value}", self.written(IocOut, case_ioc))

    @endpoint(CASE_WRITE, summary="Delete an indicator", takes=Empty, hooked="ioc_delete")
    def delete(self, request: Request, ioc_id: int) -> Response:
        """Take an indicator out of the case."""
        is_gone = services.remove_ioc(self.actor, self.case_id, ioc_id)
        return success("IOC deleted" if is_gone else "IOC unlinked")
