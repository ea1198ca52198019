"""Incidents (contract §4.2)."""

from django.urls import URLPattern

from soar.api.cloudsoar.incident_actions import IncidentActionViewSet
from soar.api.cloudsoar.incident_people import InvestigatorViewSet, RelationViewSet
from soar.api.cloudsoar.incidents import IncidentViewSet
from soar.api.cloudsoar.routing import route

ONE = "incidents/<int:incident>/"
ROUTES: list[URLPattern] = [
    route("incidents/", IncidentViewSet, get="listing", post="create"),
    route("incidents/search/", IncidentViewSet, post="search"),
    route("incidents/columns/", IncidentViewSet, get="columns"),
    route("incidents/bulk/", IncidentActionViewSet, post="bulk"),
    route(ONE, IncidentViewSet, get="fetch", put="change", patch="change", delete="remove"),
    route(f"{ONE}restore/", IncidentActionViewSet, post="restore"),
    route(f"{ONE}close/", IncidentActionViewSet, post="close"),
    route(f"{ONE}reopen/", IncidentActionViewSet, post="reopen"),
    route(f"{ONE}clone/", IncidentActionViewSet, post="clone"),
    route(f"{ONE}folder/", IncidentActionViewSet, patch="folder"),
    route(f"{ONE}owner/", IncidentActionViewSet, get="owner", patch="set_owner"),
    route(f"{ONE}phase/", IncidentActionViewSet, patch="phase"),
    route(
        f"{ONE}favorite/",
        IncidentActionViewSet,
        post="add_favorite",
        delete="remove_favorite",
    ),
    route(
        f"{ONE}investigators/",
        InvestigatorViewSet,
        get="listing",
        post="add",
        delete="remove",
    ),
    route(f"{ONE}relations/", RelationViewSet, get="listing", post="add"),
    route(f"{ONE}relations/<int:relation>/", RelationViewSet, delete="remove"),
]
