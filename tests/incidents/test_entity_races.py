"""Two at once on one entity: nothing lost, nothing doubled."""

from functools import partial

import pytest

from cases.services.iocs import remove_ioc
from incidents.models import FavoriteIoc
from incidents.services.entities import (
    catalogue_entity,
    lock_entity,
    set_favorite,
    set_verdict,
    update_entity,
)
from incidents.services.entity_facts import facts_of
from iocs.models import CatalogueEntry, Ioc, Verdict
from soar.core.actor import Actor
from tests.incidents.entity_cast import IP, VALUE, put, the
from tests.racing import at_once, errors

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 3


def test_the_same_entity_catalogued_at_once_is_one(as_analyst: Actor, as_outsider: Actor) -> None:
    for number in range(ROUNDS):
        value = f"198.51.100.{number}"
        calls = [
            partial(catalogue_entity, actor, type_id=IP, value=value)
            for actor in (as_analyst, as_analyst, as_outsider)
        ]
        assert errors(at_once(*calls)) == []
        assert Ioc.objects.filter(value=value).count() == 1
        assert CatalogueEntry.objects.filter(ioc__value=value).count() == 2


def test_tags_added_at_once_are_all_there(as_analyst: Actor, as_administrator: Actor) -> None:
    put(as_analyst, 1)
    for number in range(ROUNDS):
        calls = [
            partial(update_entity, actor, the().pk, tags=[f"{actor.login}{number}"])
            for actor in (as_analyst, as_administrator)
        ]
        assert errors(at_once(*calls)) == []
        tags = {f"analyst{number}", f"administrator{number}"}
        assert tags <= set(facts_of(as_analyst, [the()])[0].tags)


def test_no_verdict_slips_past_a_lock(as_analyst: Actor, as_administrator: Actor) -> None:
    put(as_analyst, 1)
    lock, judge = (
        partial(lock_entity, as_analyst, the().pk),
        partial(set_verdict, as_administrator, the().pk, verdict="malicious"),
    )
    refused = errors(at_once(lock, judge))
    assert the().locked_at is not None
    assert (the().verdict == Verdict.NONE) == bool(refused)


def test_an_entity_catalogued_while_its_last_case_lets_it_go_stays(
    as_analyst: Actor, as_outsider: Actor
) -> None:
    for number in range(ROUNDS):
        value = f"{VALUE}{number}"
        pk = put(as_analyst, 1, value).ioc_id
        leave = partial(remove_ioc, as_analyst, 1, pk)
        keep = partial(catalogue_entity, as_outsider, type_id=IP, value=value)
        assert errors(at_once(leave, keep)) == []
        assert CatalogueEntry.objects.filter(ioc=the(value)).count() == 1


def test_a_favourite_set_twice_at_once_is_one(as_analyst: Actor) -> None:
    put(as_analyst, 1)
    calls = [partial(set_favorite, as_analyst, the().pk, is_favorite=True)] * 2
    assert errors(at_once(*calls)) == []
    assert FavoriteIoc.objects.count() == 1
