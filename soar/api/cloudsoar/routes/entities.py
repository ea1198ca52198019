"""Entities (contract §4.6)."""

from django.urls import URLPattern

from soar.api.cloudsoar.entities import EntityViewSet
from soar.api.cloudsoar.routing import route

ONE = "entities/<int:entity>/"
ROUTES: list[URLPattern] = [
    route("entities/", EntityViewSet, get="list", post="create"),
    route("entities/search/", EntityViewSet, post="search"),
    route(ONE, EntityViewSet, get="retrieve", patch="update", delete="destroy"),
    route(f"{ONE}restore/", EntityViewSet, post="restore"),
    route(f"{ONE}threat_indicator/", EntityViewSet, post="threat_indicator"),
    route(f"{ONE}incidents/", EntityViewSet, get="incidents"),
    route(f"{ONE}timeline/", EntityViewSet, get="timeline"),
    route(f"{ONE}actions/", EntityViewSet, post="actions"),
]
