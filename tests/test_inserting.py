"""Inserting a row unless its like is there: one statement, no error, every column kept."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.models import CaseIoc
from iocs.models import Ioc
from iocs.models.iocs import fingerprint
from soar.core.inserting import insert_if_absent
from soar.core.models import User


def observable(value: str = "ü.example") -> Ioc:
    """Return an unsaved IOC."""
    return Ioc(type_id=1, value=value, value_hash=fingerprint(value), enrichment={"a": [1, "ü"]})


def test_a_new_row_is_inserted_and_gets_its_key(db: None) -> None:
    row = observable()
    assert insert_if_absent(row)
    stored = Ioc.objects.get(pk=row.pk)
    assert (stored.value, stored.uuid, stored.enrichment) == (row.value, row.uuid, row.enrichment)
    assert stored.first_seen_at == row.first_seen_at


def test_an_inserted_row_is_saved_like_any_other(db: None) -> None:
    row = observable()
    insert_if_absent(row)
    row.enrichment = {"later": True}
    row.save()
    assert Ioc.objects.filter(value=row.value).values_list("enrichment", flat=True).get() == {
        "later": True
    }


def test_its_like_is_left_alone(db: None) -> None:
    first, second = observable(), observable()
    second.enrichment = {"other": 1}
    assert insert_if_absent(first)
    assert not insert_if_absent(second)
    assert second.pk is None
    assert Ioc.objects.get(value=first.value).enrichment == first.enrichment


def test_any_unique_column_counts(db: None) -> None:
    shared = uuid.uuid4()
    first, second = observable("a"), observable("b")
    first.uuid = second.uuid = shared
    assert [insert_if_absent(first), insert_if_absent(second)] == [True, False]


def test_it_is_one_statement_and_leaves_the_transaction_usable(db: None) -> None:
    insert_if_absent(observable())
    with CaptureQueriesContext(connection) as queries:
        insert_if_absent(observable())
    assert len(queries) == 1
    assert Ioc.objects.filter(value="ü.example").count() == 1


@pytest.mark.parametrize("attributes", [None, {}, {"t": {"f": None}}])
def test_json_and_null_columns_are_kept(administrator: User, attributes: object) -> None:
    ioc = observable()
    insert_if_absent(ioc)
    row = CaseIoc(case_id=1, ioc=ioc, tlp_id=1, user=administrator, custom_attributes=attributes)
    assert insert_if_absent(row)
    stored = CaseIoc.objects.get(pk=row.pk)
    assert (stored.custom_attributes, stored.description, stored.history) == (attributes, None, {})
    is_null = CaseIoc.objects.filter(pk=row.pk, custom_attributes__isnull=True).exists()
    assert is_null == (attributes is None)
