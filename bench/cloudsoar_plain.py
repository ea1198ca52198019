"""The Cloud SOAR door of the plain program: ModelSerializers, ORM saves, no permissions beyond the token."""

import uuid
from typing import Any, cast

import jwt
from django.conf import settings
from django.db import transaction
from django.db.models import Prefetch, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import path
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.cloudsoar_plain_shapes import (
    AlertCreated,
    AlertShape,
    EntityDetailShape,
    EntityShape,
    FoundIncidentShape,
    HeldEntityShape,
    IncidentDetailShape,
    IncidentShape,
    StepShape,
    TokenShape,
    UserShape,
    moment,
)
from cases.models import Case, CaseIoc, Customer
from incidents.models import (
    Alert,
    AlertStatus,
    Attachment,
    FavoriteIncident,
    FavoriteIoc,
    Incident,
    IncidentType,
    ListValue,
)
from incidents.war_room import visible_steps
from iocs.models import CatalogueEntry, Ioc, IocType, Tlp
from iocs.models.iocs import fingerprint
from modules.models import ModuleRun
from soar.api.cloudsoar.incident_shapes import LABELS, WITH_ID
from soar.core.actor import Actor
from soar.core.models import ApiToken, AuditLog, ChangeCounter, OutboxEvent, User
from soar.core.permissions import CAPABILITIES, Permission

LARGEST = 500


class TokenOfRequest(BaseAuthentication):
    """Authenticate by `Authorization: Bearer TOKEN`."""

    def authenticate(self, request: Request) -> tuple[Any, Any]:
        """Return the user of the token, and its row."""
        text = request.META.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
        try:
            claims = jwt.decode(text, settings.SOAR_JWT_KEYS[0], algorithms=["HS256"])
        except jwt.InvalidTokenError as error:
            raise AuthenticationFailed from error
        tokens = ApiToken.objects.select_related("user")
        jti = uuid.UUID(claims["jti"])
        found = tokens.filter(jti=jti, revoked_at=None, user__is_active=True).first()
        if found is None:
            raise AuthenticationFailed
        return found.user, found


class PlainView(APIView):
    """A view for callers with a token."""

    authentication_classes = [TokenOfRequest]

    @property
    def caller(self) -> Any:
        """Return who calls."""
        return self.request.user

    def page(self, rows: QuerySet[Any], shape: Any, **context: Any) -> Response:
        """Answer the first rows."""
        given = self.request.data if self.request.method == "POST" else self.request.query_params
        size = min(int(given.get("page_size", LARGEST)), LARGEST)
        shown = shape(rows[:size], many=True, context=context).data
        return Response(shown, headers={"X-Total-Count": str(rows.count())})

    def favorites(self) -> set[int]:
        """Return the entities that are favourites of the caller."""
        return set(FavoriteIoc.objects.filter(user=self.caller).values_list("ioc_id", flat=True))


class WhoAmIView(PlainView):
    """`whoami/`."""

    def get(self, request: Request) -> Response:
        """Answer the caller."""
        user = self.caller
        held = Permission(user.permission_mask)
        names = [CAPABILITIES[bit] for bit in CAPABILITIES if user.is_superuser or bit in held]
        is_administrator = user.is_superuser or Permission.SERVER_ADMINISTRATOR in held
        body = {
            **UserShape(user).data,
            "profile": "Administrator" if is_administrator else "Analyst",
            "capabilities": [name for some in names for name in some],
            "token": TokenShape(request.auth).data,
        }
        return Response(body)


def entities(user: User) -> QuerySet[Ioc]:
    """Return the entities with what lists show of them."""
    own = CatalogueEntry.objects.filter(user=user)
    return Ioc.objects.select_related("type").prefetch_related(
        Prefetch("case_iocs", CaseIoc.objects.select_related("case__incident").order_by("id")),
        *("alert_iocs", Prefetch("catalogue_entries", own)),
    )


class EntitiesView(PlainView):
    """`entities/`."""

    def get(self, request: Request) -> Response:
        """Answer entities."""
        rows = entities(self.caller).filter(deleted_at=None).order_by("-id")
        return self.page(rows, EntityShape, favorites=self.favorites())


class EntitySearchView(PlainView):
    """`entities/search/`."""

    def post(self, request: Request) -> Response:
        """Answer the entities that have a text in their value."""
        rows = entities(self.caller).filter(deleted_at=None).order_by("-id")
        rows = rows.filter(value__icontains=request.data["filter"])
        return self.page(rows, EntityShape, favorites=self.favorites())


class EntityView(PlainView):
    """`entities/{id}/`."""

    def get(self, request: Request, pk: int) -> Response:
        """Answer an entity."""
        ioc = get_object_or_404(entities(self.caller), pk=pk)
        cases = [one.case_id for one in ioc.case_iocs.all()]
        runs = ModuleRun.objects.filter(case_id__in=cases, object_kind="ioc", status="success")
        context = {
            "favorites": self.favorites(),
            "attachments": Attachment.objects.filter(ioc=ioc).select_related("file").order_by("-id")[:1],
            "runs": [run for run in runs if any(one["id"] == pk for one in run.targets)],
        }  # fmt: skip
        return Response(EntityDetailShape(ioc, context=context).data)


def incidents() -> QuerySet[Incident]:
    """Return the incidents with what is shown of them."""
    shown = ("case__owner", "case__owner_group", "case__opened_by", "folder")
    listed = ("case__state__list_value", "case__severity__list_value")
    chosen = ("kind", "category", "purpose", "phase")
    types = Prefetch("type_links", IncidentType.objects.select_related("value"))
    return Incident.objects.select_related(*shown, *listed, *chosen).prefetch_related(types)


class IncidentsView(PlainView):
    """`incidents/`."""

    shape: Any = IncidentShape

    def get(self, request: Request) -> Response:
        """Answer incidents."""
        mine = FavoriteIncident.objects.filter(user=self.caller)
        favorites = set(mine.values_list("incident_id", flat=True))
        rows = incidents().filter(Q(case__deleted_at=None) | Q(pk__in=favorites)).order_by("-pk")
        return self.page(rows, self.shape, favorites=favorites)


class IncidentSearchView(IncidentsView):
    """`incidents/search/`."""

    shape = FoundIncidentShape
    post = IncidentsView.get


class IncidentView(PlainView):
    """`incidents/{id}/`."""

    def get(self, request: Request, pk: int) -> Response:
        """Answer an incident."""
        incident = get_object_or_404(incidents(), pk=pk)
        mine = FavoriteIncident.objects.filter(user=self.caller)
        favorites = set(mine.values_list("incident_id", flat=True))
        values = IncidentDetailShape(incident, context={"favorites": favorites}).data
        ids = {
            "type": [link.value_id for link in incident.type_links.all()],
            "status": incident.case.state.list_value.pk,
            "restriction": incident.case.severity.list_value.pk,
            "incident_kind": incident.kind_id,
            "incident_category": incident.category_id,
            "purpose": incident.purpose_id,
            "phase": incident.phase_id,
        }
        shown: dict[str, Any] = {"id": incident.pk}
        for name, label in LABELS.items():
            shown[name] = {"name": label, "value": values[name]}
            if name in WITH_ID:
                shown[name]["id"] = ids[name]
        return Response(shown)


class WarRoomView(PlainView):
    """`incidents/{id}/timeline/`."""

    def get(self, request: Request, pk: int) -> Response:
        """Answer the steps of a category."""
        rows = visible_steps(Actor.of(self.caller, "cloudsoar"), pk).exclude(mark__is_deleted=True)
        rows = rows.filter(category=request.query_params["category"]).order_by(
            "-happened_at", "-pk"
        )
        size = min(int(request.query_params["page_size"]), LARGEST)
        page = list(rows[:size])
        labels = {
            **{"category": "Category", "title": "Title", "additional_info": "Additional info"},
            **{"created_by": "Created by", "is_locked": "Locked", "is_printed": "Printed"},
            "is_deleted": "Deleted",
        }
        shown = []
        for step, values in zip(page, StepShape(page, many=True).data, strict=True):
            happened = cast(Any, step).happened_at  # an annotation of the selector
            iso = moment().to_representation(happened)
            start = {"name": "Start time", "value": int(happened.timestamp()), "iso": iso}
            wrapped = {
                name: {"name": label, "value": values[name]} for name, label in labels.items()
            }
            end = {"name": "End time", "value": 0}
            shown.append({"id": values["id"], "starttime": start, "endtime": end, **wrapped})
        return Response(shown, headers={"X-Total-Count": str(rows.count())})


class IncidentEntitiesView(PlainView):
    """`incidents/{id}/entities/`."""

    def get(self, request: Request, pk: int) -> Response:
        """Answer the entities of an incident."""
        rows = CaseIoc.objects.filter(case_id=pk).select_related("ioc__type", "user")
        rows = rows.prefetch_related("ioc__case_iocs").order_by("ioc_id")
        return self.page(rows, HeldEntityShape, favorites=self.favorites())

    def post(self, request: Request, pk: int) -> Response:
        """Put an entity into an incident."""
        case, user = get_object_or_404(Case, pk=pk), self.caller
        serializer = HeldEntityShape(data=request.data)
        serializer.is_valid(raise_exception=True)
        value = serializer.validated_data["ioc"]["value"]
        kind = get_object_or_404(IocType, name=request.data["type"])
        with transaction.atomic():
            ioc = Ioc.objects.create(type=kind, value=value, value_hash=fingerprint(value))
            row = CaseIoc(
                case=case,
                ioc=ioc,
                user=user,
                tlp=Tlp.objects.get(name="amber"),
                description=serializer.validated_data["description"],
                tags=",".join(request.data["tag"]),
            )
            row.note_change(user_id=user.pk, login=user.login, action="created")
            row.save()
            after = {"ioc_id": ioc.pk, "value": value}
            note(user, "ioc.created", row, f'added ioc "{value}"', after, case=case)
            counter, _ = ChangeCounter.objects.select_for_update().get_or_create(
                case_id=case.pk, family="ioc"
            )
            counter.value += 1
            counter.save()
        shown = HeldEntityShape(row, context={"favorites": self.favorites()}).data
        return Response(shown, status=201)


def note(user: User, action: str, row: Any, summary: str, after: Any, case: Any = None) -> None:
    """Write the audit row and the event of a change."""
    audit = AuditLog.objects.create(
        actor_id=user.pk,
        actor_login=user.login,
        channel="cloudsoar",
        action=action,
        object_type=row._meta.label_lower,
        object_id=row.pk,
        case_id=case and case.pk,
        summary=summary,
        details={"after": after},
    )
    OutboxEvent.objects.create(audit=audit)


class TriageView(PlainView):
    """`triage/`."""

    def get(self, request: Request) -> Response:
        """Answer open events."""
        rows = Alert.objects.filter(state__in=("pending", "grabbed")).order_by("-id")
        return self.page(
            rows.select_related("status__list_value", "type", "owner"), AlertShape
        )  # fmt: skip

    def post(self, request: Request) -> Response:
        """Take an event in."""
        serializer = AlertCreated(data=request.data)
        serializer.is_valid(raise_exception=True)
        values = dict(serializer.validated_data)
        values["tags"] = ",".join(values["tags"])
        kind = get_object_or_404(ListValue, field="type", label=request.data["type"])
        with transaction.atomic():
            alert = Alert.objects.create(
                **values,
                type=kind,
                customer=Customer.objects.order_by("pk")[0],
                status_id=AlertStatus.NEW,
                created_by=self.caller,
            )
            note(self.caller, "alert.created", alert, f"took in event {alert}", values)
        return Response(AlertShape(alert).data, status=201)


urlpatterns = [
    path("whoami/", WhoAmIView.as_view()),
    path("entities/", EntitiesView.as_view()),
    path("entities/search/", EntitySearchView.as_view()),
    path("entities/<int:pk>/", EntityView.as_view()),
    path("incidents/", IncidentsView.as_view()),
    path("incidents/search/", IncidentSearchView.as_view()),
    path("incidents/<int:pk>/", IncidentView.as_view()),
    path("incidents/<int:pk>/timeline/", WarRoomView.as_view()),
    path("incidents/<int:pk>/entities/", IncidentEntitiesView.as_view()),
    path("triage/", TriageView.as_view()),
]
