"""Triage (contract §4.5)."""

from django.urls import URLPattern

from soar.api.cloudsoar.routing import route
from soar.api.cloudsoar.triage import TriageViewSet
from soar.api.cloudsoar.triage_parts import TriageFileViewSet, TriagePartViewSet

ONE = "triage/<int:triage>/"
ROUTES: list[URLPattern] = [
    route("triage/", TriageViewSet, get="list", post="create"),
    route("triage/search/", TriageViewSet, post="search"),
    route("triage/columns/", TriageViewSet, get="columns"),
    route("triage/bulk/", TriageViewSet, post="bulk"),
    route(ONE, TriageViewSet, get="fetch", put="change", patch="change", delete="destroy"),
    route(f"{ONE}grab/", TriageViewSet, post="grab"),
    route(f"{ONE}reassign/", TriageViewSet, post="reassign"),
    route(f"{ONE}discard/", TriageViewSet, post="discard"),
    route(f"{ONE}restore/", TriageViewSet, post="restore"),
    route(f"{ONE}convert/", TriageViewSet, post="convert"),
    route(f"{ONE}notes/", TriagePartViewSet, get="notes", post="add_note"),
    route(f"{ONE}entities/", TriagePartViewSet, get="entities", post="add_entity"),
    route(f"{ONE}attachments/", TriageFileViewSet, get="attachments", post="add_file"),
    route(f"{ONE}attachments/<int:triage_file>/data/", TriageFileViewSet, get="data"),
    route("incidents/<int:incident>/to_triage/", TriageViewSet, post="to_triage"),
]
