"""Parts of an incident (contract §4.3)."""

from django.urls import URLPattern

from soar.api.cloudsoar.artifacts import ArtifactsViewSet
from soar.api.cloudsoar.attachments import AttachmentsViewSet
from soar.api.cloudsoar.external_alerts import ExternalAlertsViewSet
from soar.api.cloudsoar.incident_entities import IncidentEntitiesViewSet
from soar.api.cloudsoar.notes import NotesViewSet
from soar.api.cloudsoar.reports import ReportsViewSet
from soar.api.cloudsoar.routing import route
from soar.api.cloudsoar.tasks import TasksViewSet
from soar.api.cloudsoar.timeline import TimelineViewSet

INCIDENT = "incidents/<int:incident>/"
NOTE = f"{INCIDENT}notes/<int:note>/"
TASK = f"{INCIDENT}tasks/<int:task>/"
ATTACHMENT = f"{INCIDENT}attachments/<int:attachment>/"
CHANGES = {"put": "update", "patch": "update"}
ONE = {"get": "retrieve", "delete": "destroy", **CHANGES}
ALL = {"get": "list", "post": "create"}

ROUTES: list[URLPattern] = [
    route(f"{INCIDENT}notes/", NotesViewSet, **ALL),
    route(NOTE, NotesViewSet, **ONE),
    route(f"{INCIDENT}tasks/", TasksViewSet, **ALL),
    route(TASK, TasksViewSet, **ONE),
    route(f"{TASK}approve/", TasksViewSet, post="approve"),
    route(f"{TASK}approve_close/", TasksViewSet, post="approve_close"),
    route(f"{TASK}decline/", TasksViewSet, post="decline"),
    route(f"{TASK}close/", TasksViewSet, post="close"),
    route(f"{TASK}reassign/", TasksViewSet, post="reassign"),
    route("tasks/", TasksViewSet, get="everywhere"),
    route(f"{INCIDENT}attachments/", AttachmentsViewSet, **ALL),
    route(ATTACHMENT, AttachmentsViewSet, get="retrieve", patch="update", delete="destroy"),
    route(f"{ATTACHMENT}download/", AttachmentsViewSet, get="download"),
    route(f"{ATTACHMENT}data/", AttachmentsViewSet, get="data"),
    route(f"{INCIDENT}entities/", IncidentEntitiesViewSet, **ALL),
    route(f"{INCIDENT}entities/<int:incident_entity>/", IncidentEntitiesViewSet, delete="destroy"),
    route(f"{INCIDENT}artifacts/", ArtifactsViewSet, **ALL),
    route(f"{INCIDENT}external_alerts/", ExternalAlertsViewSet, **ALL),
    route(
        f"{INCIDENT}external_alerts/<int:external_alert>/", ExternalAlertsViewSet, get="retrieve"
    ),
    route(f"{INCIDENT}timeline/", TimelineViewSet, **ALL),
    route(f"{INCIDENT}timeline/<int:step>/", TimelineViewSet, patch="mark"),
    route(f"{INCIDENT}report/", ReportsViewSet, get="report"),
]
