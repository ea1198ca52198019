"""`audit/`: every write of the installation, in the shape of the vendor's audit events (contract §3.11)."""

import re
import uuid
from typing import Any

from django.apps import apps
from django.db.models import Q, Value
from django.db.models.functions import Lower
from django.db.models.lookups import Exact
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from soar.api.base import represent
from soar.api.cloudsoar.fields import Integer, Moment, Text
from soar.api.cloudsoar.filter_language import Clause
from soar.api.cloudsoar.filters import (
    CONTAINS,
    LOOKUPS,
    NO_ORDER,
    NUMBER,
    UNEQUAL,
    FilterField,
    FilterTable,
    Numbers,
    Texts,
)
from soar.api.cloudsoar.paging import ListingIn, Page
from soar.api.cloudsoar.views import CloudSoarViewSet, endpoint, needs
from soar.core.models import AuditLog
from soar.core.permissions import Permission
from soar.core.selectors import visible_audit

READERS = needs(Permission.ALL_ACTIVITIES_READ, Permission.SERVER_ADMINISTRATOR)
NAMESPACE = uuid.UUID(
    "5f0c3a52-7a5e-4f0b-9d0c-6a8f5b1d2e47"
)  # of event ids: the same line, the same id
VERSION = "1.0"
GENERAL = "oarSettings"
SUBSYSTEMS = {
    "auth.group": "oarGroups",
    "cases.case": "oarIncidents",
    "cases.caseioc": "oarEntities",
    "cases.evidence": "oarIncidentAttachments",
    "cases.globaltask": "oarTasks",
    "cases.note": "oarIncidentNotes",
    "cases.notedirectory": "oarIncidentNotes",
    "cases.task": "oarTasks",
    "incidents.alert": "oarTriage",
    "incidents.alertioc": "oarTriage",
    "incidents.alertnote": "oarTriage",
    "incidents.artifact": "oarIncidentArtifacts",
    "incidents.attachment": "oarIncidentAttachments",
    "incidents.customfield": "oarCustomFields",
    "incidents.folder": "oarFolders",
    "incidents.incident": "oarIncidents",
    "incidents.incidentrelation": "oarIncidents",
    "incidents.incidenttemplate": "oarIncidentTemplates",
    "incidents.investigator": "oarIncidentInvestigators",
    "iocs.ioc": "oarEntities",
    "modules.module": "oarIntegrations",
    "modules.modulerun": "oarAutomationActions",
}
SYSTEM = "system"
# What belongs to no other part: named one by one, so that an index finds it.
REST = sorted({model._meta.label_lower for model in apps.get_models()} - SUBSYSTEMS.keys())
WORD = re.compile(r"[A-Z][a-z0-9]*|[a-z0-9]+")


class Operators:
    """Who did it, by user name without regard to case; `:` looks for a part of it."""

    def condition(self, lookup: str, clause: Clause) -> Q:
        """Return the condition."""
        if clause.operator in LOOKUPS:
            raise ValueError(NO_ORDER)
        if clause.operator == CONTAINS and not clause.is_quoted:
            return Q(**{f"{lookup}__icontains": clause.value})
        named = _of_operator(clause.value)
        return ~named if clause.operator == UNEQUAL else named


TABLE = FilterTable(
    FilterField("id", "ID", Numbers(), "pk"),
    FilterField("operator", "Operator", Operators(), "actor_login", is_sortable=False),
    FilterField("summary", "Summary", Texts(), "summary", is_sortable=False),
    free_text=("summary",),
)
EXAMPLE = {
    "accountId": "watchfloor",
    "eventId": "2f1c8e0e-6a5c-5a52-b7a6-0d2f3c0a9f11",
    "eventName": "TaskUpdated",
    "eventTime": "2025-03-04T09:31:00.123456Z",
    "eventFormatVersion": VERSION,
    "operator": {"id": 12, "username": "mrossi", "interface": "cloudsoar", "sourceIp": "192.0.2.7"},
    "subsystem": "oarTasks",
    "severityLevel": "Info",
    "identity": {"id": 5, "type": "task", "incident": 8508},
    "object": {"summary": "updated task Call the owner"},
    "from": {"status_id": 1},
    "to": {"status_id": 2},
}


class OperatorOut(serializers.Serializer[Any]):
    """Who did it, and through which door."""

    id = Integer(source="actor_id", allow_null=True)
    username = Text(source="actor_login")
    interface = Text(source="channel")
    sourceIp = Text(source="address")  # noqa: N815  (the vendor's name)


class IdentityOut(serializers.Serializer[Any]):
    """What it was done to."""

    id = Integer(source="object_id", allow_null=True)
    type = serializers.SerializerMethodField()
    incident = Integer(source="case_id", allow_null=True)

    def get_type(self, line: AuditLog) -> str:
        """Return the kind of object."""
        return line.object_type.rpartition(".")[2]


class ObjectOut(serializers.Serializer[Any]):
    """The object, in words."""

    summary = Text()


class EventOut(serializers.Serializer[Any]):
    """One event; without an operator the system did it."""

    accountId = serializers.SerializerMethodField("get_account")  # noqa: N815
    eventId = serializers.SerializerMethodField("get_event_id")  # noqa: N815
    eventName = serializers.SerializerMethodField("get_event_name")  # noqa: N815
    eventTime = Moment(source="recorded_at", is_precise=True)  # noqa: N815
    eventFormatVersion = serializers.SerializerMethodField("get_version")  # noqa: N815
    operator = serializers.SerializerMethodField()
    subsystem = serializers.SerializerMethodField()
    severityLevel = serializers.SerializerMethodField("get_severity")  # noqa: N815
    identity = IdentityOut(source="*")
    object = ObjectOut(source="*")
    to = serializers.SerializerMethodField("get_after")

    def get_fields(self) -> dict[str, Any]:
        """Return the fields; one has a name that Python keeps for itself."""
        fields = super().get_fields()
        return fields | {"from": serializers.SerializerMethodField("get_before")}

    def get_account(self, line: AuditLog) -> str:
        """Return the one account there is."""
        return "watchfloor"

    def get_event_id(self, line: AuditLog) -> uuid.UUID:
        """Return the id of the line, as an event has it."""
        return uuid.uuid5(NAMESPACE, str(line.pk))

    def get_event_name(self, line: AuditLog) -> str:
        """Return such as TaskUpdated for task.updated."""
        return "".join(word.capitalize() for word in re.split(r"[._]", line.action))

    def get_version(self, line: AuditLog) -> str:
        """Return the version of this shape."""
        return VERSION

    @extend_schema_field(OperatorOut(allow_null=True))
    def get_operator(self, line: AuditLog) -> dict[str, Any] | None:
        """Return who did it, unless the system did."""
        return None if line.channel == SYSTEM else represent(OperatorOut, line)

    def get_subsystem(self, line: AuditLog) -> str:
        """Return the part of the product it happened in."""
        return SUBSYSTEMS.get(line.object_type, GENERAL)

    def get_severity(self, line: AuditLog) -> str:
        """Return whether somebody was refused."""
        return "Warning" if line.action.endswith(".refused") else "Info"

    def get_before(self, line: AuditLog) -> dict[str, Any] | None:
        """Return what it was changed from."""
        before: dict[str, Any] | None = line.details.get("before")
        return before

    def get_after(self, line: AuditLog) -> dict[str, Any] | None:
        """Return what it was changed to."""
        after: dict[str, Any] | None = line.details.get("after")
        return after


class AuditIn(ListingIn):
    """Which events to list."""

    subsystem = serializers.ChoiceField(
        choices=sorted({*SUBSYSTEMS.values(), GENERAL}), required=False, allow_blank=True
    )
    event_name = Text(required=False, max_length=100, help_text="TaskUpdated, or task.updated.")
    operator = Text(required=False, max_length=150, help_text="A user's name or id.")
    object_id = Integer(required=False, allow_null=True)
    to = Moment(source="until", required=False, allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        """Return the fields; one has a name that Python keeps for itself."""
        fields = super().get_fields()
        return fields | {"from": Moment(source="since", required=False, allow_null=True)}


class AuditViewSet(CloudSoarViewSet):
    """The audit trail, which only grows."""

    @endpoint(
        READERS,
        summary="List audit events, the newest first",
        query=AuditIn,
        gives=EventOut(many=True),
        examples={"One": [EXAMPLE]},
    )
    def list(self, request: Request) -> Response:
        """Answer a page of them."""
        asked = self.query(AuditIn)
        rows = visible_audit(self.actor).filter(_condition(asked))
        page = Page.of(rows, TABLE, asked, default_order="-id")
        return page.answer(request, [represent(EventOut, row) for row in page.rows])


def _condition(asked: dict[str, Any]) -> Q:
    """Return what the parameters ask for."""
    condition = Q()
    if asked.get("subsystem"):
        condition &= _of_subsystem(asked["subsystem"])
    if asked.get("event_name"):
        condition &= Q(action__in=_actions(asked["event_name"]))
    operator = asked.get("operator") or ""
    if operator:
        named = _of_operator(operator)
        condition &= named | Q(actor_id=int(operator)) if NUMBER.fullmatch(operator) else named
    if asked.get("object_id") is not None:
        condition &= Q(object_id=asked["object_id"])
    if asked.get("since"):
        condition &= Q(recorded_at__gte=asked["since"])
    if asked.get("until"):
        condition &= Q(recorded_at__lte=asked["until"])
    return condition


def _of_operator(login: str) -> Q:
    return Q(Exact(Lower("actor_login"), Lower(Value(login))))


def _of_subsystem(name: str) -> Q:
    if name == GENERAL:
        return Q(object_type__in=REST)
    return Q(object_type__in=[kind for kind, own in SUBSYSTEMS.items() if own == name])


def _actions(name: str) -> list[str]:
    """Return the actions an event name can stand for: the dot may be between any two of its words."""
    if "." in name:
        return [name]
    words = [word.lower() for word in WORD.findall(name)]
    return [f"{'_'.join(words[:n])}.{'_'.join(words[n:])}" for n in range(1, len(words))]
