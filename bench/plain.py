"""The plain program: the same endpoints as anybody would write them with REST framework.

ModelSerializers with select_related and prefetch_related, so that no list asks per row; JSONRenderer;
the key looked up through the ORM; a write of four ORM saves. Run with DJANGO_SETTINGS_MODULE=bench.plain_settings.
"""

from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Prefetch, Subquery
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404
from django.urls import include, path
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bench import cloudsoar_plain
from bench.plain_shapes import AssetRow, CaseRow, EventRow, IocCreated, IocDetails, IocRow
from cases.models import Asset, AssetIoc, Case, CaseIoc, Event, EventAsset, EventIoc, UserCaseAccess
from iocs.models import Ioc
from iocs.models.iocs import fingerprint
from soar.core.models import AuditLog, ChangeCounter, IrisApiKey, OutboxEvent, User
from soar.core.services.api_keys import hash_of_key


class KeyAuthentication(BaseAuthentication):
    """Authenticate by `Authorization: Bearer KEY`."""

    def authenticate(self, request: Request) -> tuple[Any, None]:
        """Return the user of the key."""
        key = request.META.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
        keys = IrisApiKey.objects.select_related("user")
        found = keys.filter(key_hash=hash_of_key(key), user__is_active=True).first()
        if found is None:
            raise AuthenticationFailed
        return found.user, None


def success(data: Any, message: str = "") -> Response:
    """Return the envelope."""
    return Response({"status": "success", "message": message, "data": data})


def case_of(request: Request) -> Case:
    """Return the context case."""
    body = request.data if isinstance(request.data, dict) else {}
    return get_object_or_404(Case, pk=body.get("cid") or request.query_params.get("cid", 1))


def state_of(case: Case, family: str) -> dict[str, Any]:
    """Return the state object."""
    counter = ChangeCounter.objects.get(case_id=case.pk, family=family)
    return {"object_state": counter.value, "object_last_update": counter.updated_at}


def elsewhere(case: Case) -> "Prefetch[Any]":
    """Return the prefetch of the other cases that hold an indicator."""
    others = CaseIoc.objects.exclude(case=case).select_related("case__customer")
    return Prefetch("ioc__case_iocs", others.order_by("case_id"), to_attr="elsewhere")


class PlainView(APIView):
    """A view for callers with a key."""

    authentication_classes = [KeyAuthentication]


class PingView(PlainView):
    """`/api/ping`."""

    def get(self, request: Request) -> Response:
        """Answer pong."""
        return success([], "pong")


class CasesView(PlainView):
    """`/manage/cases/list`."""

    def get(self, request: Request) -> Response:
        """Answer the cases."""
        own = UserCaseAccess.objects.filter(case=OuterRef("pk"), user=request.user.pk)
        rows = Case.objects.select_related(
            "customer", "opened_by", "owner", "classification", "state"
        ).annotate(access_level=Coalesce(Subquery(own.values("level")[:1]), 4))
        return success(CaseRow(rows, many=True).data)


class IocsView(PlainView):
    """`/case/ioc/list`."""

    def get(self, request: Request) -> Response:
        """Answer the indicators."""
        case = case_of(request)
        rows = CaseIoc.objects.filter(case=case).select_related("ioc__type", "tlp")
        rows = rows.prefetch_related(elsewhere(case))
        return success({"ioc": IocRow(rows, many=True).data, "state": state_of(case, "ioc")})


class IocView(PlainView):
    """`/case/ioc/{id}`."""

    def get(self, request: Request, ioc_id: int) -> Response:
        """Answer one indicator."""
        case = case_of(request)
        rows = CaseIoc.objects.select_related("ioc").prefetch_related(elsewhere(case))
        return success(IocDetails(get_object_or_404(rows, case=case, ioc_id=ioc_id)).data)


class AddIocView(PlainView):
    """`/case/ioc/add`."""

    def post(self, request: Request) -> Response:
        """Add an indicator with its audit row, its event and the change counter."""
        case, user = case_of(request), request.user
        if not isinstance(user, User):
            raise AuthenticationFailed
        serializer = IocCreated(data=request.data)
        serializer.is_valid(raise_exception=True)
        fields = dict(serializer.validated_data)
        ioc_fields = fields.pop("ioc")
        with transaction.atomic():
            value_hash = fingerprint(ioc_fields["value"])
            ioc = Ioc.objects.create(**ioc_fields, value_hash=value_hash)
            row = CaseIoc(case=case, ioc=ioc, user=user, **fields)
            row.note_change(user_id=user.pk, login=user.login, action="created")
            row.save()
            audit = AuditLog.objects.create(
                actor_id=user.pk,
                actor_login=user.login,
                channel="iris",
                action="ioc.created",
                object_type="cases.caseioc",
                object_id=row.pk,
                case_id=case.pk,
                summary=f'added ioc "{ioc.value}"',
                details={"after": {"ioc_id": ioc.pk, "value": ioc.value}},
            )
            OutboxEvent.objects.create(audit=audit)
            counter = ChangeCounter.objects.select_for_update().get(case_id=case.pk, family="ioc")
            counter.value, counter.updated_at = counter.value + 1, timezone.now()
            counter.save()
        return success(IocCreated(row).data, "IOC added")


class AssetsView(PlainView):
    """`/case/assets/list`."""

    def get(self, request: Request) -> Response:
        """Answer the assets."""
        case = case_of(request)
        links = AssetIoc.objects.select_related("case_ioc__ioc").order_by("id")
        rows = Asset.objects.filter(case=case).select_related("type", "analysis_status")
        rows = rows.prefetch_related(Prefetch("ioc_links", links))
        names = Asset.objects.filter(case=case).values("name")
        others = Asset.objects.exclude(case=case).filter(name__in=names)
        same: dict[tuple[str, int], list[Asset]] = {}
        for asset in others.select_related("case__customer").order_by("case_id"):
            same.setdefault((asset.name, asset.type_id), []).append(asset)
        listed = AssetRow(rows, many=True, context={"elsewhere": same}).data
        return success({"assets": listed, "state": state_of(case, "assets")})


class EventsView(PlainView):
    """`/case/timeline/events/list`."""

    def get(self, request: Request) -> Response:
        """Answer the timeline."""
        case = case_of(request)
        rows = (
            Event.objects.filter(case=case)
            .select_related("category")
            .prefetch_related(
                Prefetch("asset_links", EventAsset.objects.select_related("asset").order_by("id")),
                Prefetch(
                    "ioc_links", EventIoc.objects.select_related("case_ioc__ioc").order_by("id")
                ),
            )
        )
        listed = EventRow(rows, many=True).data
        return success({"timeline": listed, "state": state_of(case, "events")})


urlpatterns = [
    path("api/ping", PingView.as_view()),
    path("incmansuite_ng/api/v3/", include(cloudsoar_plain.urlpatterns)),
    path("manage/cases/list", CasesView.as_view()),
    path("case/ioc/list", IocsView.as_view()),
    path("case/ioc/<int:ioc_id>", IocView.as_view()),
    path("case/ioc/add", AddIocView.as_view()),
    path("case/assets/list", AssetsView.as_view()),
    path("case/timeline/events/list", EventsView.as_view()),
]
