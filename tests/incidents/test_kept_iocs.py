"""What keeps an indicator when no case holds it any more, and its value when a case corrects it."""

import pytest
from django.utils import timezone

from cases.models import Case, Customer
from cases.services.cases import delete_case
from cases.services.iocs import remove_ioc, update_ioc
from incidents.services.entities import (
    catalogue_entity,
    delete_entity,
    lock_entity,
    set_favorite,
    set_verdict,
)
from iocs.models import CatalogueEntry, Ioc, Verdict
from iocs.services import drop_unreferenced_iocs
from soar.core.actor import Actor
from soar.core.models import User
from tests.incidents.entity_cast import IP, VALUE, put, put_into_alert, the

pytestmark = pytest.mark.django_db
RIGHT = "203.0.113.8"


def is_kept() -> bool:
    """Tell whether the address is still known."""
    return Ioc.objects.filter(value=VALUE).exists()


def test_an_indicator_that_was_never_catalogued_goes_with_its_last_case(as_analyst: Actor) -> None:
    put(as_analyst, 1)
    set_verdict(as_analyst, the().pk, verdict="malicious")
    set_favorite(as_analyst, the().pk, is_favorite=True)
    remove_ioc(as_analyst, 1, the().pk)
    assert not is_kept()


def test_a_catalogued_entity_stays(as_analyst: Actor) -> None:
    catalogue_entity(as_analyst, type_id=IP, value=VALUE)
    put(as_analyst, 1)
    remove_ioc(as_analyst, 1, the().pk)
    assert is_kept()


def test_an_entity_stays_in_a_second_catalogue_when_the_first_user_is_gone(
    as_analyst: Actor, as_outsider: Actor
) -> None:
    for actor in (as_analyst, as_outsider):
        catalogue_entity(actor, type_id=IP, value=VALUE)
    CatalogueEntry.objects.filter(user=as_analyst.user_id).delete()
    Ioc.objects.filter(value=VALUE).update(catalogued_by=None)
    assert (drop_unreferenced_iocs([the().pk]), is_kept()) == (0, True)


def test_an_entity_of_an_alert_stays(as_analyst: Actor) -> None:
    put_into_alert(Customer.objects.get(pk=1))
    put(as_analyst, 1)
    remove_ioc(as_analyst, 1, the().pk)
    assert is_kept()


def test_a_locked_entity_stays(as_outsider: Actor, outsider_case: Case) -> None:
    put(as_outsider, outsider_case.pk)
    lock_entity(as_outsider, the().pk)
    delete_case(as_outsider, outsider_case.pk)
    assert is_kept()


def test_others_of_the_same_batch_are_dropped(as_analyst: Actor) -> None:
    catalogue_entity(as_analyst, type_id=IP, value=VALUE)
    gone = put(as_analyst, 1, RIGHT).ioc_id
    kept = the().pk
    remove_ioc(as_analyst, 1, gone)
    assert drop_unreferenced_iocs([gone, kept]) == 0
    assert list(Ioc.objects.filter(pk__in=[gone, kept]).values_list("pk", flat=True)) == [kept]


# --- correcting a value


def corrected(actor: Actor) -> tuple[int, int]:
    """Correct the address in case 1 and return the ids before and after."""
    before = the().pk
    return before, update_ioc(actor, 1, before, value=RIGHT).ioc_id


def test_the_value_of_a_plain_indicator_is_corrected_in_place(as_analyst: Actor) -> None:
    put(as_analyst, 1)
    before, after = corrected(as_analyst)
    assert (before == after, is_kept()) == (True, False)


@pytest.mark.parametrize("fact", ["catalogued", "alert", "locked"])
def test_correcting_leaves_others_what_they_hold(
    as_analyst: Actor, as_outsider: Actor, fact: str
) -> None:
    put(as_analyst, 1)
    if fact == "catalogued":
        catalogue_entity(as_outsider, type_id=IP, value=VALUE)
    elif fact == "alert":
        put_into_alert(Customer.objects.get(pk=1))
    else:
        lock_entity(as_analyst, the().pk)
    before, after = corrected(as_analyst)
    assert before != after
    assert (the().pk, the(RIGHT).pk) == (before, after)


@pytest.mark.parametrize("fact", ["judged", "deleted"])
def test_what_was_decided_of_a_value_is_not_taken_to_another(as_analyst: Actor, fact: str) -> None:
    put(as_analyst, 1)
    if fact == "judged":
        set_verdict(as_analyst, the().pk, verdict="malicious")
    else:
        delete_entity(as_analyst, the().pk)
    corrected(as_analyst)
    assert (the(RIGHT).verdict, the(RIGHT).deleted_at) == (Verdict.NONE, None)
    assert not is_kept()


def test_who_catalogued_first_may_leave(as_analyst: Actor, guest: User) -> None:
    ioc, _ = catalogue_entity(as_analyst, type_id=IP, value=VALUE)
    Ioc.objects.filter(pk=ioc.pk).update(catalogued_by=guest, locked_at=timezone.now())
    guest.delete()
    assert the().catalogued_by_id is None
