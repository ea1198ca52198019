"""The types of entities under both their names (contract §4.8)."""

import pytest

from iocs.models import IocType
from soar.api.cloudsoar.entity_types import ENTITY_TYPES, entity_type_of, ioc_type_of
from soar.core.errors import Invalid

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("wire", "name"), ENTITY_TYPES.items())
def test_a_type_goes_by_its_name_in_this_door(wire: str, name: str) -> None:
    assert entity_type_of(name) == wire
    assert ioc_type_of(wire) == IocType.objects.get(name=name)


@pytest.mark.parametrize("name", ["hostname", "regkey|value", "AS", "as", " IpAddress "])
def test_a_type_is_known_by_its_own_name_too(name: str) -> None:
    wanted = ENTITY_TYPES.get(name.strip().lower(), name)
    assert ioc_type_of(name) == IocType.objects.get(name__iexact=wanted)


def test_an_unmapped_type_shows_under_its_own_name() -> None:
    assert entity_type_of("regkey") == "regkey"


def test_an_unknown_type_is_refused_by_the_name_of_the_field() -> None:
    with pytest.raises(Invalid) as refusal:
        ioc_type_of("rumour")
    assert list(refusal.value.fields) == ["type"]
