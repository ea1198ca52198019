"""Form fields that link a record to others of its case."""

from typing import Any

from django.contrib import admin
from django.db.models import Model

from cases.models import Asset, CaseIoc
from soar.core.admin.forms import ChoicesOfCase, LabelledChoices

SHOWN = 200


class LinksOfCase(LabelledChoices):
    """Rows of the case of the form's object, picked by autocomplete; empty until the case is bound."""

    def __init__(self, source: type[Model], relation: str, **options: Any) -> None:
        self.relation = source._meta.get_field(relation)
        target = self.relation.remote_field.model
        super().__init__(target._default_manager.none(), required=False, **options)

    def bind_case(self, case_id: int) -> None:
        """Offer the rows of this case, and accept no others."""
        target = self.relation.remote_field.model
        self.queryset = target._default_manager.filter(case_id=case_id)
        self.widget = ChoicesOfCase(self.relation, admin.site, case_id=case_id)
        self.widget.choices = self.choices


class IocsOfCase(LinksOfCase):
    """IOCs of the case, known to services by the ids of the observables."""

    id_name = "ioc_id"

    def bind_case(self, case_id: int) -> None:
        """Offer the IOCs of this case with their values."""
        super().bind_case(case_id)
        self.queryset = self.queryset.select_related("ioc")


def iocs_of_case(source: type[Model]) -> IocsOfCase:
    """Return the field that links a record to IOCs."""
    return IocsOfCase(source, "iocs", label="IOCs", label_of=_value)


def assets_of_case(source: type[Model]) -> LinksOfCase:
    """Return the field that links a record to assets."""
    return LinksOfCase(source, "assets", label="Assets", label_of=_name)


def shown_iocs(record: Any) -> str:
    """Return the values of the IOCs a record is linked to."""
    return ", ".join(str(row.ioc) for row in record.iocs.select_related("ioc")[:SHOWN])


def shown_assets(record: Any) -> str:
    """Return the names of the assets a record is linked to."""
    return ", ".join(row.name for row in record.assets.all()[:SHOWN])


def _value(case_ioc: CaseIoc) -> str:
    return str(case_ioc.ioc)


def _name(asset: Asset) -> str:
    return asset.name
