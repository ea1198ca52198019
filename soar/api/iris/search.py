"""`/search` and `/activities/list`: across cases, narrowed to those the caller may read."""

from typing import Any

from django.db.models import F, Q
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.selectors import visible_activities, visible_case_iocs, visible_cases, visible_notes
from soar.api.iris.envelope import success
from soar.api.iris.fields import Always, CaseTitle, Integer, Text, case_title, iso
from soar.api.iris.views import IrisViewSet, endpoint, needs
from soar.core.like import MatchesLike
from soar.core.models import AuditLog
from soar.core.permissions import Permission
from soar.core.selectors import visible_users

MAXIMUM_RESULTS = 5000
API_CHANNELS = frozenset({"iris", "cloudsoar", "iop"})


class SearchIn(serializers.Serializer[Any]):
    """What to look for; % stands for anything."""

    search_value = Text(min_length=1, max_length=1000)
    search_type = serializers.ChoiceField(choices=["ioc", "notes", "comments"])


class FoundIocOut(serializers.Serializer[Any]):
    """An indicator that matched."""

    ioc_name = Text(source="ioc.value")
    ioc_description = Text(source="description", allow_null=True)
    ioc_misp = Always(None)
    type_name = Text(source="ioc.type.name")
    tlp_name = Text(source="tlp.name")
    tlp_bscolor = Text(source="tlp.bscolor")
    case_name = CaseTitle(source="case")
    case_id = Integer()
    customer_name = Text(source="case.customer.name")


class FoundNoteOut(serializers.Serializer[Any]):
    """A note that matched."""

    note_id = Integer(source="id")
    note_title = Text(source="title")
    case_name = CaseTitle(source="case")
    case_id = Integer()
    client_name = Text(source="case.customer.name")


class ActivityRow(serializers.Serializer[Any]):
    """A line of the activity feed."""

    case_id = serializers.IntegerField(allow_null=True)
    case_name = serializers.CharField(allow_null=True)
    user_id = serializers.IntegerField(allow_null=True)
    user_name = serializers.CharField()
    activity_date = serializers.CharField()
    activity_desc = serializers.CharField()
    user_input = serializers.BooleanField()
    is_from_api = serializers.BooleanField()


class SearchViewSet(IrisViewSet):
    """Search and activities across cases."""

    @endpoint(
        needs(Permission.SEARCH_ACROSS_CASES),
        summary="Search indicators, notes or comments",
        takes=SearchIn,
        gives=serializers.ListField(child=serializers.JSONField()),
    )
    def search(self, request: Request) -> Response:
        """Answer the first matches in readable cases."""
        fields = self.read(SearchIn)
        search = {"ioc": self._iocs, "notes": self._notes}.get(fields["search_type"])
        return success("Results fetched", search(fields["search_value"]) if search else [])

    @endpoint(
        needs(Permission.ACTIVITIES_READ, Permission.ALL_ACTIVITIES_READ),
        summary="List the latest activities",
        gives=ActivityRow,
        many=True,
    )
    def activities(self, request: Request) -> Response:
        """Answer the latest lines the caller may see."""
        lines = visible_activities(self.actor).exclude(summary="").order_by("-id")
        return success(data=self._described(list(lines[:MAXIMUM_RESULTS])))

    def _iocs(self, term: str) -> Any:
        match = Q(MatchesLike(F("ioc__value"), term)) | Q(MatchesLike(F("description"), term))
        rows = visible_case_iocs(self.actor).filter(match).order_by("id")
        rows = rows.select_related("ioc__type", "tlp", "case__customer")
        return FoundIocOut(rows[:MAXIMUM_RESULTS], many=True).data

    def _notes(self, term: str) -> Any:
        match = Q(MatchesLike(F("title"), term)) | Q(MatchesLike(F("content"), term))
        rows = visible_notes(self.actor).filter(match).order_by("id")
        rows = rows.select_related("case__customer")
        return FoundNoteOut(rows[:MAXIMUM_RESULTS], many=True).data

    def _described(self, lines: list[AuditLog]) -> list[dict[str, Any]]:
        case_ids = {line.case_id for line in lines if line.case_id is not None}
        cases = visible_cases(self.actor).in_bulk(case_ids) if case_ids else {}
        user_ids = {line.actor_id for line in lines if line.actor_id is not None}
        names = dict(visible_users(self.actor).filter(pk__in=user_ids).values_list("pk", "name"))
        return [
            {
                "case_id": line.case_id,
                "case_name": case_title(cases[line.case_id]) if line.case_id in cases else None,
                "user_id": line.actor_id,
                "user_name": names.get(line.actor_id or 0, line.actor_login),
                "activity_date": iso(line.recorded_at),
                "activity_desc": line.summary,
                "user_input": line.is_user_input,
                "is_from_api": line.channel in API_CHANNELS,
            }
            for line in lines
        ]
