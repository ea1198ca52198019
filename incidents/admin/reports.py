"""Reports of incidents in the console: a control on the page of an incident."""

from typing import Any, ClassVar

from django.contrib.admin.utils import unquote
from django.http import Http404, HttpRequest, HttpResponseBase
from unfold.decorators import action

from incidents.services.reports import ReportType, write_report
from soar.core.admin.base import ServiceAdmin, actor_of
from soar.core.admin.forms import is_id
from soar.core.downloads import download_of
from soar.core.errors import NotFound


class ReportingAdmin(ServiceAdmin):
    """Something with incidents on its pages; whoever sees one may have its report, as he sees it."""

    actions_detail: ClassVar[list[Any]] = [
        {
            "title": "Report",
            "icon": "description",
            "items": ["report_html", "report_json", "report_csv"],
        }
    ]

    @action(description="HTML", url_path="report-html", permissions=["view"])
    def report_html(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Answer the report to read and print."""
        return _report(request, object_id, ReportType.HTML)

    @action(description="JSON", url_path="report-json", permissions=["view"])
    def report_json(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Answer the report for programs."""
        return _report(request, object_id, ReportType.JSON)

    @action(description="CSV", url_path="report-csv", permissions=["view"])
    def report_csv(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Answer the report for spreadsheets."""
        return _report(request, object_id, ReportType.CSV)


def _report(request: HttpRequest, object_id: str, type: ReportType) -> HttpResponseBase:
    """Return the file, or raise Http404 for an incident that is missing, hidden or deleted."""
    pk = unquote(object_id)
    if not is_id(pk):
        raise Http404
    try:
        file = write_report(actor_of(request), int(pk), type=type)
    except NotFound as error:
        raise Http404 from error
    return download_of(file.name, file.size_bytes, file.content, media_type=file.media_type)
