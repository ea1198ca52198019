"""Reports of incidents: one file to be handed on (contract §4.3)."""

from typing import Any

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers
from rest_framework.request import Request

from incidents.services.reports import ReportType, write_report
from soar.api.cloudsoar.incident_parts import WORKERS
from soar.api.cloudsoar.views import CloudSoarViewSet, endpoint
from soar.core.downloads import download_of


class ReportIn(serializers.Serializer[Any]):
    """How the report is to be written."""

    type = serializers.ChoiceField(
        choices=ReportType.choices,
        default=ReportType.HTML,
        help_text="html to read and print, csv for spreadsheets, json for programs.",
    )


# One list per part follows the incident.
_AS_JSON = OpenApiExample(
    "The beginning of one",
    {
        "report": {"version": 1, "created_on": "2025-03-04T10:00:00Z", "created_by": "mrossi"},
        "incident": {
            "id": 8508,
            "incidentid": {"name": "Incident ID", "value": "INC-2025-00042"},
            "restriction": {"name": "Severity", "value": "HIGH"},
        },
        "entities": [{"id": 301, "type": "ipaddress", "value": "203.0.113.7"}],
    },
    response_only=True,
)


class ReportsViewSet(CloudSoarViewSet):
    """Reports."""

    @endpoint(
        WORKERS,
        summary="Download a report of an incident",
        description="What the caller may see of the incident: fields, people, closing note, notes, tasks, "
        "entities, artifacts, attachments without their bytes, related incidents, and the war room, of which "
        "html and csv have the printed steps. json has all steps, and the external alerts. Always a file to be "
        "saved.",
        query=ReportIn,
        gives=OpenApiTypes.BINARY,
        media="text/html",
        also={
            (200, "text/csv"): OpenApiTypes.BINARY,
            (200, "application/json"): OpenApiResponse(OpenApiTypes.OBJECT, examples=[_AS_JSON]),
        },
    )
    def report(self, request: Request, incident: int) -> FileResponse:
        """Answer the file."""
        asked = self.query(ReportIn)
        file = write_report(self.actor, incident, type=ReportType(asked["type"]))
        return download_of(file.name, file.size_bytes, file.content, media_type=file.media_type)
