"""`dashboard/summary/`: how things stand (contract §4.7)."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.services.dashboard import summary
from soar.api.cloudsoar.fields import Integer, Text
from soar.api.cloudsoar.views import ANY_TOKEN, CloudSoarViewSet, endpoint

EXAMPLE = {
    "days": 30,
    "open": {
        "total": 7,
        "by_status": [{"id": 1, "label": "Identification", "count": 7}],
        "by_severity": [
            {"id": 14, "label": "HIGH", "count": 4},
            {"id": 12, "label": "LOW", "count": 3},
        ],
        "by_owner": [
            {"id": 12, "kind": "user", "label": "mrossi", "count": 5},
            {"id": 2, "kind": "group", "label": "Analysts (group)", "count": 2},
        ],
        "by_type": [{"id": 17, "label": "Phishing", "count": 6}],
    },
    "opened": 12,
    "closed": 9,
    "mean_seconds_to_close": 86400,
    "triage_pending": 3,
    "tasks_overdue": 2,
}


class CountOut(serializers.Serializer[Any]):
    """How many have a value."""

    id = Integer(allow_null=True)
    label = Text()  # type: ignore[assignment]
    count = Integer()


class OwnerCountOut(CountOut):
    """How many a user or a group owns."""

    kind = serializers.ChoiceField(choices=["user", "group"])


class OpenOut(serializers.Serializer[Any]):
    """Incidents that are not closed."""

    total = Integer()
    by_status = CountOut(many=True)
    by_severity = CountOut(many=True)
    by_owner = OwnerCountOut(many=True)
    by_type = CountOut(many=True)


class SummaryOut(serializers.Serializer[Any]):
    """How things stand, over what the caller may see."""

    days = Integer()
    open = OpenOut()
    opened = Integer(help_text="Within these days.")
    closed = Integer(help_text="Within these days.")
    mean_seconds_to_close = Integer(allow_null=True, help_text="Of what was closed in these days.")
    triage_pending = Integer()
    tasks_overdue = Integer()


class SummaryIn(serializers.Serializer[Any]):
    """How far to look back."""

    days = Integer(default=30, min_value=1, max_value=3650)


class DashboardViewSet(CloudSoarViewSet):
    """The dashboard."""

    @endpoint(
        ANY_TOKEN,
        summary="Tell how things stand",
        query=SummaryIn,
        gives=SummaryOut,
        examples={"A week": EXAMPLE},
    )
    def summary(self, request: Request) -> Response:
        """Answer the counts."""
        return Response(summary(self.actor, **self.query(SummaryIn)))
