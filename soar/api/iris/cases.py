"""`/manage/cases/*` and the case itself under `/case/*`."""

import re
import zlib
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.models import Case
from cases.models.lookups import OutcomeStatus
from cases.selectors import get_case, get_case_or_unknown, visible_cases
from cases.services import cases as services
from incidents.services.incidents import open_incident, update_incident
from soar.api.base import represent
from soar.api.fast import FastRead
from soar.api.iris.envelope import success
from soar.api.iris.fields import (
    Attributes,
    CaseTitle,
    Integer,
    JsonObject,
    Name,
    Tags,
    Text,
    Timestamp,
    UsDate,
    iso,
)
from soar.api.iris.shapes import Empty
from soar.api.iris.views import ANY_KEY, CASE_READ, CASE_WRITE, IrisViewSet, endpoint, needs
from soar.core.actor import Actor
from soar.core.errors import Invalid
from soar.core.permissions import Permission

STANDARD_USER = needs(Permission.STANDARD_USER)
NAME_LENGTH = 200
MINIMUM_NAME_LENGTH = 2


class CaseRow(serializers.Serializer[Any]):
    """A case in the list."""

    case_id = Integer(source="id")
    case_uuid = serializers.UUIDField(source="uuid")
    case_name = CaseTitle(source="*")
    case_description = Text(source="description")
    case_soc_id = Text(source="soc_id")
    client_name = Text(source="customer.name")
    case_open_date = UsDate(source="opened_on")
    case_close_date = UsDate(source="closed_on")
    opened_by = Text(source="opened_by.name")
    opened_by_user_id = Integer(source="opened_by_id")
    owner = Text(source="owner.name")
    owner_id = Integer()
    classification_id = Integer(allow_null=True)
    classification = Text(source="classification.name", allow_null=True, default=None)
    state_id = Integer()
    state_name = Text(source="state.name")
    access_level = Integer()


class CaseOut(serializers.Serializer[Any]):
    """A case that was written."""

    case_id = Integer(source="id")
    case_uuid = serializers.UUIDField(source="uuid")
    case_name = CaseTitle(source="*")
    case_description = Text(source="description")
    case_soc_id = Text(source="soc_id")
    case_customer = Integer(source="customer_id")
    open_date = serializers.DateField(source="opened_on")
    close_date = serializers.DateField(source="closed_on", allow_null=True)
    user_id = Integer(source="opened_by_id")
    owner_id = Integer()
    classification_id = Integer(allow_null=True)
    severity_id = Integer()
    state_id = Integer()
    status_id = Integer(source="outcome")
    reviewer_id = Integer(allow_null=True)
    review_status_id = Integer(allow_null=True)
    closing_note = Text(allow_null=True)
    custom_attributes = Attributes()
    modification_history = JsonObject(source="history")


class UpdatedCaseOut(CaseOut):
    """A case that was changed."""

    case_tags = Text(source="tags")
    protagonists = serializers.JSONField()


class CaseDetailsOut(serializers.Serializer[Any]):
    """A fetched case."""

    case_id = Integer(source="id")
    case_uuid = serializers.UUIDField(source="uuid")
    case_name = CaseTitle(source="*")
    case_description = Text(source="description")
    case_soc_id = Text(source="soc_id")
    customer_id = Integer()
    customer_name = Text(source="customer.name")
    open_by_user_id = Integer(source="opened_by_id")
    open_by_user = Text(source="opened_by.name")
    owner_id = Integer()
    owner = Text(source="owner.name")
    open_date = serializers.DateField(source="opened_on")
    close_date = serializers.DateField(source="closed_on", allow_null=True)
    initial_date = Timestamp(source="opened_at")
    state_id = Integer()
    state_name = Text(source="state.name")
    status_id = Integer(source="outcome")
    status_name = serializers.SerializerMethodField()
    severity_id = Integer()
    classification_id = Integer(allow_null=True)
    classification = Text(source="classification.name", allow_null=True, default=None)
    reviewer_id = Integer(allow_null=True)
    reviewer = Text(source="reviewer.name", allow_null=True, default=None)
    case_tags = Text(source="tags")
    protagonists = serializers.JSONField()
    custom_attributes = Attributes()
    modification_history = JsonObject(source="history")

    def get_status_name(self, case: Case) -> str:
        """Return the outcome in title case, as IRIS shows it here."""
        return str(case.get_outcome_display()).title()


class ProtagonistIn(serializers.Serializer[Any]):
    """Someone with a part in the case."""

    role = Text(required=False, allow_null=True, max_length=200)
    name = Text(required=False, allow_null=True, max_length=200)
    contact = Text(required=False, allow_null=True, max_length=200)


class _CaseFields(serializers.Serializer[Any]):
    classification_id = Integer(required=False, allow_null=True)
    severity_id = Integer(required=False)
    case_tags = Tags(source="tags", required=False)
    protagonists = serializers.ListField(
        child=ProtagonistIn(), required=False, allow_null=True, max_length=200
    )
    custom_attributes = Attributes()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Read null protagonists as none given."""
        if attrs.get("protagonists", ()) is None:
            del attrs["protagonists"]
        return attrs


class CaseIn(_CaseFields):
    """A new case."""

    case_soc_id = Text(source="soc_id", max_length=200)
    case_customer = Integer(source="customer_id")
    case_name = Name(source="name", max_length=NAME_LENGTH)
    case_description = Name(source="description")


class CaseChangesIn(_CaseFields):
    """What changes of a case."""

    case_soc_id = Text(source="soc_id", max_length=200, required=False)
    case_customer = Integer(source="customer_id", required=False)
    case_name = Name(source="name", required=False, max_length=NAME_LENGTH)
    case_description = Text(source="description", required=False)
    owner_id = Integer(required=False)
    reviewer_id = Integer(required=False, allow_null=True)
    review_status_id = Integer(required=False, allow_null=True)
    state_id = Integer(required=False)
    status_id = Integer(source="outcome", required=False)
    closing_note = Text(required=False, allow_null=True)

    def to_internal_value(self, data: Any) -> Any:
        """Read null as absent where a case cannot be without: clients send it for what is unchanged."""
        kept = {n: v for n, v in data.items() if v is not None or n in NULLABLE}
        return super().to_internal_value(kept)


NULLABLE = frozenset({"classification_id", "reviewer_id", "review_status_id", "closing_note"})


class SummaryIn(serializers.Serializer[Any]):
    """The markdown summary of a case."""

    case_description = Text(source="description")


class SummaryOut(serializers.Serializer[Any]):
    """The summary with its CRC-32."""

    case_description = serializers.CharField()
    crc32 = serializers.IntegerField()


class ActivityIn(serializers.Serializer[Any]):
    """What an analyst says he did."""

    log_content = Text(source="content", min_length=1)


class ActivityOut(serializers.Serializer[Any]):
    """A logged activity."""

    id = serializers.IntegerField()
    activity_date = serializers.CharField()
    activity_desc = serializers.CharField()
    case = serializers.CharField()
    case_id = serializers.IntegerField()
    user = serializers.CharField()
    user_id = serializers.IntegerField()
    user_input = serializers.BooleanField()


class OutcomeIn(serializers.Serializer[Any]):
    """The outcome of a case."""

    status_id = Integer(source="outcome")


def _cases(actor: Actor) -> QuerySet[Case]:
    return visible_cases(actor).order_by("id")


CASE_LIST = FastRead(CaseRow, _cases)


def without_prefix(name: str, case_id: int) -> str:
    """Return a case name without the `#5 - ` that IRIS shows before it. Raise Invalid if too little is left."""
    bare = re.sub(rf"^#{case_id} - ", "", name)
    if len(bare) < MINIMUM_NAME_LENGTH:
        raise Invalid.field("name", f"Shorter than minimum length {MINIMUM_NAME_LENGTH}.")
    return bare


class ManageCaseViewSet(IrisViewSet):
    """Cases as a whole."""

    @endpoint(
        STANDARD_USER, summary="Open a case", takes=CaseIn, gives=CaseOut, hooked="case_create"
    )
    def add(self, request: Request) -> Response:
        """Open a case with its incident."""
        incident = open_incident(self.actor, **self.read(CaseIn))
        return success("Case created", self.written(CaseOut, incident.case))

    @endpoint(STANDARD_USER, summary="List the cases", gives=CaseRow, many=True)
    def list(self, request: Request) -> Response:
        """Answer the cases the caller may read."""
        return success(data=CASE_LIST.all(self.actor))

    @endpoint(ANY_KEY, summary="Fetch a case the caller may read", gives=CaseDetailsOut)
    def retrieve(self, request: Request, case_id: int) -> Response:
        """Answer one case; an administrator is told that there is none, others that they may not."""
        case = get_case_or_unknown(self.actor, case_id, f"Case ID {case_id} not found")
        return success(data=represent(CaseDetailsOut, case))

    @endpoint(
        STANDARD_USER,
        summary="Update a case",
        takes=CaseChangesIn,
        gives=UpdatedCaseOut,
        hooked="case_update",
    )
    def update(self, request: Request, case_id: int) -> Response:
        """Change a case."""
        changes = self.read(CaseChangesIn)
        if "name" in changes:
            changes["name"] = without_prefix(changes["name"], case_id)
        case = update_incident(self.actor, case_id, **changes).case
        return success("updated", self.written(UpdatedCaseOut, case))

    @endpoint(
        STANDARD_USER, summary="Close a case", takes=Empty, gives=CaseOut, hooked="case_update"
    )
    def close(self, request: Request, case_id: int) -> Response:
        """Close a case."""
        case = services.close_case(self.actor, case_id)
        return success("Case closed successfully", self.written(CaseOut, case))

    @endpoint(
        STANDARD_USER, summary="Reopen a case", takes=Empty, gives=CaseOut, hooked="case_update"
    )
    def reopen(self, request: Request, case_id: int) -> Response:
        """Open a case again."""
        case = services.reopen_case(self.actor, case_id)
        return success("Case reopened successfully", self.written(CaseOut, case))

    @endpoint(
        STANDARD_USER, summary="Delete a case with all in it", takes=Empty, hooked="case_delete"
    )
    def delete(self, request: Request, case_id: int) -> Response:
        """Delete a case."""
        services.delete_case(self.actor, case_id)
        return success("Case successfully deleted")


class CaseViewSet(IrisViewSet):
    """The context case itself."""

    @endpoint(CASE_WRITE, summary="Overwrite the summary", takes=SummaryIn)
    def update_summary(self, request: Request) -> Response:
        """Overwrite the markdown summary."""
        services.update_summary(self.actor, self.case_id, **self.read(SummaryIn))
        return success("Summary updated")

    @endpoint(CASE_READ, summary="Fetch the summary", gives=SummaryOut)
    def fetch_summary(self, request: Request) -> Response:
        """Answer the markdown summary."""
        text = get_case(self.actor, self.case_id).description
        data = {"case_description": text, "crc32": zlib.crc32(text.encode())}
        return success("Summary fetch", data)

    @endpoint(CASE_WRITE, summary="Log an activity", takes=ActivityIn, gives=ActivityOut)
    def log_activity(self, request: Request) -> Response:
        """Log what an analyst says he did."""
        line = services.add_activity(self.actor, self.case_id, **self.read(ActivityIn))
        data = {
            "id": line.pk,
            "activity_date": iso(line.recorded_at),
            "activity_desc": line.summary,
            "case": f"Case #{self.case_id}",
            "case_id": self.case_id,
            "user": self.actor.name,
            "user_id": self.actor.user_id,
            "user_input": True,
        }
        return success("Log saved", data)

    @endpoint(
        CASE_WRITE,
        summary="Set the outcome of a case",
        takes=OutcomeIn,
        gives=serializers.ChoiceField(choices=OutcomeStatus.choices),
    )
    def update_outcome(self, request: Request) -> Response:
        """Set how the case turned out."""
        fields = self.read(OutcomeIn)
        case = services.set_outcome(self.actor, self.case_id, **fields)
        return success("Case status updated", case.outcome)
