"""Checks services share: that ids from outside refer to something the case may use."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import IntegrityError, models

from cases.models import Asset, CaseIoc
from cases.selectors import missing_ids
from soar.core.errors import Invalid
from soar.core.history import is_possible_id

M = TypeVar("M", bound=models.Model)
Reference = tuple[type[models.Model], int | None, str]


def check_references(**references: Reference) -> None:
    """Raise Invalid naming every field whose id refers to no row; None is not checked."""
    errors = {}
    for field, (model, pk, message) in references.items():
        if pk is None:
            continue
        if not is_possible_id(pk) or not model._default_manager.filter(pk=pk).exists():
            errors[field] = [message]
    if errors:
        raise Invalid("Data error", errors)


@contextmanager
def unique(field: str, message: str) -> Iterator[None]:
    """Turn the violation of a unique constraint into Invalid; the transaction must then end."""
    try:
        yield
    except IntegrityError as error:
        raise Invalid.field(field, message) from error


def assets_of_case(case_id: int, ids: Iterable[int], *, field: str) -> list[Asset]:
    """Return the assets with these ids, or raise Invalid when one is not of this case."""
    wanted = list(dict.fromkeys(ids))
    possible = [pk for pk in wanted if is_possible_id(pk)]
    rows = Asset.objects.filter(case_id=case_id, pk__in=possible).in_bulk() if possible else {}
    if missing_ids(wanted, rows):
        raise Invalid.field(field, "Invalid assets ID")
    return [rows[pk] for pk in wanted]


def case_iocs_of_case(case_id: int, ioc_ids: Iterable[int], *, field: str) -> list[CaseIoc]:
    """Return what the case says of these IOCs, or raise Invalid when one is not in this case."""
    wanted = list(dict.fromkeys(ioc_ids))
    possible = [pk for pk in wanted if is_possible_id(pk)]
    rows = {row.ioc_id: row for row in CaseIoc.objects.filter(case_id=case_id, ioc_id__in=possible)}
    if missing_ids(wanted, rows):
        raise Invalid.field(field, "Invalid IOC ID")
    return [rows[pk] for pk in wanted]
