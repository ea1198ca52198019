"""Users, groups, tokens and set-up (contract §4.7)."""

from django.urls import URLPattern

from soar.api.cloudsoar.audit import AuditViewSet
from soar.api.cloudsoar.custom_fields import CustomFieldViewSet
from soar.api.cloudsoar.dashboard import DashboardViewSet
from soar.api.cloudsoar.folders import FolderViewSet
from soar.api.cloudsoar.groups import GroupViewSet
from soar.api.cloudsoar.labels import LabelViewSet
from soar.api.cloudsoar.list_values import ListValueViewSet
from soar.api.cloudsoar.routing import route
from soar.api.cloudsoar.searches import SearchViewSet
from soar.api.cloudsoar.templates import TemplateViewSet
from soar.api.cloudsoar.tokens import TokenViewSet
from soar.api.cloudsoar.users import UserViewSet

MANY = {"get": "list", "post": "create"}
ONE = {"get": "retrieve", "put": "update", "patch": "update", "delete": "destroy"}
ROUTES: list[URLPattern] = [
    route("users/", UserViewSet, get="list"),
    route("users/<int:user_id>/", UserViewSet, get="retrieve"),
    route("users/<int:user_id>/tokens/", TokenViewSet, get="of_user", post="issue"),
    route("users/<int:user_id>/tokens/<uuid:jti>/", TokenViewSet, delete="revoke"),
    route("tokens/", TokenViewSet, get="own"),
    route("tokens/current/", TokenViewSet, get="current", delete="end_current"),
    route("groups/", GroupViewSet, **MANY),
    route("groups/<int:group_id>/", GroupViewSet, **ONE),
    route("groups/<int:group_id>/members/", GroupViewSet, post="add", delete="remove"),
    route("incident_templates/", TemplateViewSet, **MANY),
    route("incident_templates/<int:template_id>/", TemplateViewSet, **ONE),
    route("incident_labels/", LabelViewSet, **MANY),
    route("incident_labels/<int:label_id>/", LabelViewSet, **ONE),
    route("incident_labels/<int:label_id>/preview/", LabelViewSet, post="preview"),
    route("folders/", FolderViewSet, **MANY),
    route("folders/<int:folder_id>/", FolderViewSet, **ONE),
    route("custom_fields/", CustomFieldViewSet, **MANY),
    route(
        "custom_fields/<int:field_id>/",
        CustomFieldViewSet,
        get="retrieve",
        patch="update",
        delete="destroy",
    ),
    route("list_values/", ListValueViewSet, get="list"),
    route("saved_searches/", SearchViewSet, **MANY),
    route("saved_searches/<int:search_id>/", SearchViewSet, **ONE),
    route("audit/", AuditViewSet, get="list"),
    route("dashboard/summary/", DashboardViewSet, get="summary"),
]
