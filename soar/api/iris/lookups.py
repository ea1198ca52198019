"""Reference data: what every caller reads, and the parts administrators change."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.models import AnalysisStatus, AssetType, CaseClassification, EventCategory, TaskStatus
from cases.models.lookups import CompromiseStatus, OutcomeStatus
from cases.selectors import find
from cases.services import lookups as services
from incidents.models import AlertStatus
from iocs.models import IocType
from iocs.selectors import visible_ioc_types, visible_tlps
from iocs.services import add_ioc_type, delete_ioc_type, update_ioc_type
from soar.api.base import represent
from soar.api.iris.envelope import success
from soar.api.iris.fields import Integer, Name, Text, Timestamp
from soar.api.iris.shapes import Empty, TaskStatusOut
from soar.api.iris.views import ANY_KEY, IrisViewSet, endpoint, needs
from soar.core.permissions import Permission
from soar.core.selectors import visible_reference_rows

ADMINISTRATOR = needs(Permission.SERVER_ADMINISTRATOR)


class AnalysisStatusOut(serializers.Serializer[Any]):
    """How far the analysis of an asset has come."""

    id = Integer()
    name = Text()


class EventCategoryOut(AnalysisStatusOut):
    """A category of events."""


class AlertStatusOut(serializers.Serializer[Any]):
    """How far the handling of an alert has come."""

    status_id = Integer(source="id")
    status_name = Text(source="name")
    status_description = Text(source="description")


class TlpOut(serializers.Serializer[Any]):
    """A level of the traffic light protocol."""

    tlp_id = Integer(source="id")
    tlp_name = Text(source="name")
    tlp_bscolor = Text(source="bscolor")


class AssetTypeOut(serializers.Serializer[Any]):
    """A kind of asset."""

    asset_id = Integer(source="id")
    asset_name = Text(source="name")
    asset_description = Text(source="description")
    asset_icon_compromised = Text(source="icon_compromised")
    asset_icon_not_compromised = Text(source="icon_not_compromised")


class AssetTypeIn(serializers.Serializer[Any]):
    """A kind of asset; the icons v2 clients may send are not taken."""

    asset_name = Name(source="name", max_length=155)
    asset_description = Text(source="description", min_length=1)


class IocTypeOut(serializers.Serializer[Any]):
    """A type of indicator."""

    type_id = Integer(source="id")
    type_name = Text(source="name")
    type_description = Text(source="description")
    type_taxonomy = Text(source="taxonomy", allow_null=True)
    type_validation_regex = Text(source="validation_regex", allow_null=True)
    type_validation_expect = Text(source="validation_expect", allow_null=True)


class IocTypeIn(serializers.Serializer[Any]):
    """A type of indicator."""

    type_name = Name(source="name", max_length=200)
    type_description = Text(source="description", min_length=1)
    type_taxonomy = Text(source="taxonomy", required=False, allow_null=True)


class ClassificationOut(serializers.Serializer[Any]):
    """A class of incidents."""

    id = Integer()
    name = Text()
    name_expanded = Text()
    description = Text()
    creation_date = Timestamp()


class ClassificationIn(serializers.Serializer[Any]):
    """A class of incidents."""

    name = Name(max_length=200)
    name_expanded = Name(max_length=200)
    description = Name()


class ChoiceOut(serializers.Serializer[Any]):
    """A member of a fixed list."""

    value = serializers.IntegerField()
    name = serializers.CharField()


class TaskStatusViewSet(IrisViewSet):
    """States of tasks."""

    @endpoint(ANY_KEY, summary="List the task states", gives=TaskStatusOut, many=True)
    def list(self, request: Request) -> Response:
        """Answer all."""
        return success(data=TaskStatusOut(TaskStatus.objects.all(), many=True).data)

    @endpoint(ANY_KEY, summary="Fetch a task state", gives=TaskStatusOut)
    def retrieve(self, request: Request, pk: int) -> Response:
        """Answer one."""
        row = find(TaskStatus.objects.all(), pk, f"Task status ID #{pk} not found")
        return success(data=represent(TaskStatusOut, row))


class AnalysisStatusViewSet(IrisViewSet):
    """States of analysis."""

    @endpoint(ANY_KEY, summary="List the analysis states", gives=AnalysisStatusOut, many=True)
    def list(self, request: Request) -> Response:
        """Answer all."""
        return success(data=AnalysisStatusOut(AnalysisStatus.objects.all(), many=True).data)

    @endpoint(ANY_KEY, summary="Fetch an analysis state", gives=AnalysisStatusOut)
    def retrieve(self, request: Request, pk: int) -> Response:
        """Answer one."""
        row = find(AnalysisStatus.objects.all(), pk, f"Analysis status ID {pk} not found")
        return success(data=represent(AnalysisStatusOut, row))


class EventCategoryViewSet(IrisViewSet):
    """Categories of events."""

    @endpoint(ANY_KEY, summary="List the event categories", gives=EventCategoryOut, many=True)
    def list(self, request: Request) -> Response:
        """Answer all."""
        return success(data=EventCategoryOut(EventCategory.objects.all(), many=True).data)

    @endpoint(ANY_KEY, summary="Fetch an event category", gives=EventCategoryOut)
    def retrieve(self, request: Request, pk: int) -> Response:
        """Answer one."""
        row = find(EventCategory.objects.all(), pk, f"Event category ID {pk} not found")
        return success(data=represent(EventCategoryOut, row))


class AlertStatusViewSet(IrisViewSet):
    """States of alerts."""

    @endpoint(ANY_KEY, summary="List the alert states", gives=AlertStatusOut, many=True)
    def list(self, request: Request) -> Response:
        """Answer all."""
        return success(data=AlertStatusOut(self._rows(), many=True).data)

    @endpoint(ANY_KEY, summary="Fetch an alert state", gives=AlertStatusOut)
    def retrieve(self, request: Request, pk: int) -> Response:
        """Answer one."""
        row = find(self._rows(), pk, f"Alert status ID {pk} not found")
        return success(data=represent(AlertStatusOut, row))

    def _rows(self) -> QuerySet[AlertStatus]:
        return visible_reference_rows(self.actor, AlertStatus)


class TlpViewSet(IrisViewSet):
    """Levels of the traffic light protocol."""

    @endpoint(ANY_KEY, summary="List the TLP levels", gives=TlpOut, many=True)
    def list(self, request: Request) -> Response:
        """Answer all."""
        return success(data=TlpOut(visible_tlps(self.actor), many=True).data)

    @endpoint(ANY_KEY, summary="Fetch a TLP level", gives=TlpOut)
    def retrieve(self, request: Request, pk: int) -> Response:
        """Answer one."""
        return success(data=TlpOut(find(visible_tlps(self.actor), pk, f"Invalid TLP ID {pk}")).data)


class FixedListViewSet(IrisViewSet):
    """Lists that are part of the program."""

    @endpoint(ANY_KEY, summary="List the compromise states", gives=ChoiceOut, many=True)
    def compromise(self, request: Request) -> Response:
        """Answer all."""
        return success(data=[{"value": v, "name": n} for v, n in CompromiseStatus.choices])

    @endpoint(ANY_KEY, summary="List the outcomes of cases", gives=ChoiceOut, many=True)
    def outcome(self, request: Request) -> Response:
        """Answer all."""
        return success(data=[{"value": v, "name": n} for v, n in OutcomeStatus.choices])


class AssetTypeViewSet(IrisViewSet):
    """Kinds of assets."""

    @endpoint(ANY_KEY, summary="List the asset types", gives=AssetTypeOut, many=True)
    def list(self, request: Request) -> Response:
        """Answer all."""
        return success(data=AssetTypeOut(AssetType.objects.all(), many=True).data)

    @endpoint(ANY_KEY, summary="Fetch an asset type", gives=AssetTypeOut)
    def retrieve(self, request: Request, pk: int) -> Response:
        """Answer one."""
        row = find(AssetType.objects.all(), pk, f"Invalid asset type ID {pk}")
        return success(data=represent(AssetTypeOut, row))

    @endpoint(ADMINISTRATOR, summary="Add an asset type", takes=AssetTypeIn, gives=AssetTypeOut)
    def add(self, request: Request) -> Response:
        """Add one."""
        row = services.add_asset_type(self.actor, **self.read(AssetTypeIn))
        return success("Added successfully", represent(AssetTypeOut, row))

    @endpoint(ADMINISTRATOR, summary="Update an asset type", takes=AssetTypeIn, gives=AssetTypeOut)
    def update(self, request: Request, pk: int) -> Response:
        """Change one."""
        row = services.update_asset_type(self.actor, pk, **self.read(AssetTypeIn))
        return success("Asset type updated", represent(AssetTypeOut, row))

    @endpoint(ADMINISTRATOR, summary="Delete an asset type", takes=Empty)
    def delete(self, request: Request, pk: int) -> Response:
        """Delete one."""
        services.delete_asset_type(self.actor, pk)
        return success(f"Deleted asset type ID {pk} successfully")


class IocTypeViewSet(IrisViewSet):
    """Types of indicators."""

    @endpoint(ANY_KEY, summary="List the IOC types", gives=IocTypeOut, many=True)
    def list(self, request: Request) -> Response:
        """Answer all."""
        return success(data=IocTypeOut(self._rows(), many=True).data)

    @endpoint(ANY_KEY, summary="Fetch an IOC type", gives=IocTypeOut)
    def retrieve(self, request: Request, pk: int) -> Response:
        """Answer one."""
        return success(data=IocTypeOut(find(self._rows(), pk, f"Invalid ioc type ID {pk}")).data)

    @endpoint(ADMINISTRATOR, summary="Add an IOC type", takes=IocTypeIn, gives=IocTypeOut)
    def add(self, request: Request) -> Response:
        """Add one."""
        row = add_ioc_type(self.actor, **self.read(IocTypeIn))
        return success("Added successfully", represent(IocTypeOut, row))

    @endpoint(ADMINISTRATOR, summary="Update an IOC type", takes=IocTypeIn, gives=IocTypeOut)
    def update(self, request: Request, pk: int) -> Response:
        """Change one."""
        row = update_ioc_type(self.actor, pk, **self.read(IocTypeIn))
        return success("IOC type updated", represent(IocTypeOut, row))

    @endpoint(ADMINISTRATOR, summary="Delete an IOC type", takes=Empty)
    def delete(self, request: Request, pk: int) -> Response:
        """Delete one."""
        delete_ioc_type(self.actor, pk)
        return success(f"Deleted ioc type ID {pk}")

    def _rows(self) -> QuerySet[IocType]:
        return visible_ioc_types(self.actor)


class ClassificationViewSet(IrisViewSet):
    """Classes of incidents."""

    @endpoint(ANY_KEY, summary="List the case classifications", gives=ClassificationOut, many=True)
    def list(self, request: Request) -> Response:
        """Answer all."""
        return success(data=ClassificationOut(CaseClassification.objects.all(), many=True).data)

    @endpoint(ANY_KEY, summary="Fetch a case classification", gives=ClassificationOut)
    def retrieve(self, request: Request, pk: int) -> Response:
        """Answer one."""
        rows = CaseClassification.objects.all()
        row = find(rows, pk, f"Invalid case classification ID {pk}")
        return success(data=represent(ClassificationOut, row))

    @endpoint(
        ADMINISTRATOR,
        summary="Add a case classification",
        takes=ClassificationIn,
        gives=ClassificationOut,
    )
    def add(self, request: Request) -> Response:
        """Add one."""
        row = services.add_classification(self.actor, **self.read(ClassificationIn))
        return success("Case classification added", represent(ClassificationOut, row))

    @endpoint(
        ADMINISTRATOR,
        summary="Update a case classification",
        takes=ClassificationIn,
        gives=ClassificationOut,
    )
    def update(self, request: Request, pk: int) -> Response:
        """Change one."""
        row = services.update_classification(self.actor, pk, **self.read(ClassificationIn))
        return success("Case classification updated", represent(ClassificationOut, row))

    @endpoint(ADMINISTRATOR, summary="Delete a case classification", takes=Empty)
    def delete(self, request: Request, pk: int) -> Response:
        """Delete one."""
        services.delete_classification(self.actor, pk)
        return success("Case classification deleted")
