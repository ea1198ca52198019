"""Entities: what is seen over several cases, what a change reaches, and what others do not learn of it."""

from dataclasses import replace

import pytest

from cases.models import Case, CaseIoc, Customer
from cases.services.cases import hide_case
from incidents.models import FavoriteIoc
from incidents.selectors import visible_entities, visible_entity_lines
from incidents.services.entities import (
    catalogue_entity,
    delete_entity,
    lock_entity,
    may_write_entity,
    restore_entity,
    set_favorite,
    set_verdict,
    unlock_entity,
    update_entity,
)
from incidents.services.entity_facts import detail_of, facts_of
from incidents.services.incidents import open_incident
from iocs.models import CatalogueEntry, Ioc, Verdict
from soar.core.actor import Actor
from soar.core.errors import Conflict, Forbidden, Invalid, NotFound
from soar.core.models import AuditLog, ChangeCounter, OutboxEvent
from soar.core.permissions import Permission
from tests.incidents.entity_cast import IP, VALUE, put, put_into_alert, the

pytestmark = pytest.mark.django_db
RED, ORANGE = "\N{LARGE RED CIRCLE}", "\N{LARGE ORANGE CIRCLE}"


def actions() -> list[str]:
    """Return the audited actions on entities and their places, oldest first."""
    rows = AuditLog.objects.filter(object_type__in=["iocs.ioc", "iocs.catalogueentry"])
    return list(rows.order_by("id").values_list("action", flat=True))


@pytest.fixture
def second_case(as_analyst: Actor) -> Case:
    """Another case of customer 1."""
    return open_incident(as_analyst, name="Second", description="", customer_id=1).case


@pytest.fixture
def without_alerts(as_analyst: Actor) -> Actor:
    """The analyst, if he had nothing to do with alerts."""
    alerts = Permission.ALERTS_READ | Permission.ALERTS_WRITE
    return replace(as_analyst, permissions=as_analyst.permissions & ~alerts)


# --- what is seen


def test_an_entity_is_the_union_of_the_cases_the_actor_may_read(
    as_analyst: Actor, as_outsider: Actor, second_case: Case, outsider_case: Case
) -> None:
    put(as_analyst, 1, tags="c2,seen", description="From the proxy")
    put(as_analyst, second_case.pk, tags="seen, feed", description="From a feed")
    put(as_outsider, outsider_case.pk, tags="hidden", description="Not for others")
    detail = detail_of(as_analyst, the())
    assert detail.tags == ["c2", "seen", "feed"]
    assert detail.descriptions == ["From the proxy", "From a feed"]
    assert detail.related_incidents_count == 2
    assert [pk for pk, _ in detail.incidents] == [second_case.pk, 1]
    assert facts_of(as_outsider, [the()])[0].tags == ["hidden"]


def test_when_it_was_seen_is_told_of_visible_places_only(
    as_analyst: Actor, as_outsider: Actor, outsider_case: Case
) -> None:
    put(as_outsider, outsider_case.pk)
    mine = put(as_analyst, 1)
    detail = detail_of(as_analyst, the())
    assert (detail.first_seen_at, detail.last_seen_at) == (mine.added_at, mine.added_at)


def test_an_entity_of_a_hidden_case_is_not_there(
    as_analyst: Actor, as_outsider: Actor, outsider_case: Case
) -> None:
    put(as_outsider, outsider_case.pk)
    assert not visible_entities(as_analyst).filter(value=VALUE).exists()
    with pytest.raises(NotFound):
        update_entity(as_analyst, the().pk, tags=["x"])


def test_a_deleted_case_no_longer_shows_what_it_says(as_analyst: Actor, second_case: Case) -> None:
    put(as_analyst, 1, tags="kept")
    put(as_analyst, second_case.pk, tags="gone")
    hide_case(as_analyst, second_case.pk)
    fact = facts_of(as_analyst, [the()])[0]
    assert (fact.tags, fact.related_incidents_count) == (["kept"], 1)


def test_what_an_alert_says_is_seen_by_readers_of_alerts(
    as_analyst: Actor, without_alerts: Actor
) -> None:
    put(as_analyst, 1, tags="case")
    put_into_alert(Customer.objects.get(pk=1), tags="alert")
    assert facts_of(as_analyst, [the()])[0].tags == ["case", "alert"]
    assert facts_of(without_alerts, [the()])[0].tags == ["case"]


def test_an_alert_of_another_customer_is_hidden(
    as_analyst: Actor, other_customer: Customer
) -> None:
    put_into_alert(other_customer, tags="hidden")
    assert not visible_entities(as_analyst).filter(value=VALUE).exists()


# --- cataloguing


def test_an_entity_is_catalogued_without_a_case(as_analyst: Actor) -> None:
    ioc, is_new = catalogue_entity(
        as_analyst, type_id=IP, value=f" {VALUE} ", tags=["feed"], description="Bought"
    )
    assert is_new
    assert (ioc.value, ioc.catalogued_by_id) == (VALUE, as_analyst.user_id)
    detail = detail_of(as_analyst, the())
    assert (detail.tags, detail.descriptions, detail.incidents) == (["feed"], ["Bought"], [])
    assert actions() == ["entity.catalogued"]


def test_a_second_time_answers_the_entity_as_it_is(as_analyst: Actor) -> None:
    first, _ = catalogue_entity(as_analyst, type_id=IP, value=VALUE, tags=["one"])
    again, is_new = catalogue_entity(as_analyst, type_id=IP, value=VALUE, tags=["two"])
    assert (again.pk, is_new) == (first.pk, False)
    assert facts_of(as_analyst, [again])[0].tags == ["one"]


def test_an_entity_others_have_is_new_to_who_does_not_see_it(
    as_analyst: Actor, as_outsider: Actor, outsider_case: Case
) -> None:
    put(as_outsider, outsider_case.pk, tags="hidden")
    ioc, is_new = catalogue_entity(as_analyst, type_id=IP, value=VALUE, tags=["mine"])
    assert is_new
    assert Ioc.objects.filter(value=VALUE).count() == 1
    assert facts_of(as_analyst, [ioc])[0].tags == ["mine"]
    assert facts_of(as_outsider, [ioc])[0].tags == ["hidden"]


def test_two_users_catalogue_the_same_and_see_their_own(
    as_analyst: Actor, as_outsider: Actor
) -> None:
    catalogue_entity(as_analyst, type_id=IP, value=VALUE, tags=["a"])
    ioc, is_new = catalogue_entity(as_outsider, type_id=IP, value=VALUE, tags=["b"])
    assert is_new
    assert ioc.catalogued_by_id == as_analyst.user_id
    assert [facts_of(one, [ioc])[0].tags for one in (as_analyst, as_outsider)] == [["a"], ["b"]]


def test_reserved_tags_judge_a_new_entity(as_analyst: Actor) -> None:
    tags = [ORANGE, "SUSPICIOUS", "feed"]
    ioc, _ = catalogue_entity(as_analyst, type_id=IP, value=VALUE, tags=tags)
    assert the().verdict == Verdict.SUSPICIOUS
    assert CatalogueEntry.objects.get(ioc=ioc).tags == "feed"


def test_nothing_is_catalogued_without_a_value_or_a_permission(
    as_analyst: Actor, as_guest: Actor
) -> None:
    with pytest.raises(Invalid):
        catalogue_entity(as_analyst, type_id=IP, value="  ")
    with pytest.raises(Forbidden):
        catalogue_entity(as_guest, type_id=IP, value=VALUE)
    assert not Ioc.objects.filter(value__in=[VALUE, "", "  "]).exists()


# --- changing


def test_tags_are_added_in_every_case_the_actor_may_write_and_in_no_other(
    as_analyst: Actor, as_outsider: Actor, second_case: Case, outsider_case: Case
) -> None:
    mine = [put(as_analyst, 1, tags="old"), put(as_analyst, second_case.pk)]
    theirs = put(as_outsider, outsider_case.pk, tags="hidden", description="Theirs")
    update_entity(as_analyst, the().pk, tags=["new", "old"], description="<b>Ours</b>")
    for row in (*mine, theirs):
        row.refresh_from_db()
    assert [row.tags for row in mine] == ["old,new", "new,old"]
    assert {row.description for row in mine} == {"<b>Ours</b>"}
    assert (theirs.tags, theirs.description) == ("hidden", "Theirs")


def test_a_change_is_told_in_every_case_like_one_of_its_indicator(as_analyst: Actor) -> None:
    row = put(as_analyst, 1, tags="old")
    before = ChangeCounter.objects.get(case_id=1, family="ioc").value
    update_entity(as_analyst, the().pk, tags=["new"])
    line = AuditLog.objects.latest("id")
    assert (line.action, line.object_id, line.case_id) == ("ioc.updated", row.pk, 1)
    assert line.details["before"] == {"tags": "old"}
    assert line.details["after"] == {"tags": "old,new", "ioc_id": the().pk}
    assert OutboxEvent.objects.filter(audit=line).exists()
    assert ChangeCounter.objects.get(case_id=1, family="ioc").value == before + 1
    row.refresh_from_db()
    assert row.history[max(row.history, key=float)]["action"] == "updated"


def test_what_changes_nothing_leaves_no_line(as_analyst: Actor) -> None:
    put(as_analyst, 1, tags="a, b", description="x")
    put(as_analyst, 1, "203.0.113.9")
    before = AuditLog.objects.count()
    update_entity(as_analyst, the().pk, tags=["b"], description="x")
    update_entity(as_analyst, the().pk, tags=["a", "b"], replaces_tags=True)
    update_entity(as_analyst, the("203.0.113.9").pk, description="", tags=[])
    assert AuditLog.objects.count() == before


def test_tags_are_replaced_where_that_is_asked_for(as_analyst: Actor) -> None:
    row = put(as_analyst, 1, tags="a,b")
    set_verdict(as_analyst, the().pk, verdict="malicious")
    update_entity(as_analyst, the().pk, tags=["c"], replaces_tags=True)
    row.refresh_from_db()
    assert (row.tags, the().verdict) == ("c", Verdict.NONE)


@pytest.mark.parametrize(
    ("tags", "verdict"),
    [
        ([RED, "MALICIOUS"], Verdict.MALICIOUS),
        ([f"{RED}\ufe0f"], Verdict.MALICIOUS),
        ([ORANGE, "SUSPICIOUS"], Verdict.SUSPICIOUS),
        ([ORANGE, "SUSPICIOUS", RED, "MALICIOUS"], Verdict.MALICIOUS),
        (["malicious"], Verdict.NONE),
    ],
)
def test_reserved_tags_are_the_verdict(
    as_analyst: Actor, tags: list[str], verdict: Verdict
) -> None:
    row = put(as_analyst, 1)
    update_entity(as_analyst, the().pk, tags=tags)
    row.refresh_from_db()
    assert the().verdict == verdict
    assert (row.tags or "") == ("malicious" if verdict == Verdict.NONE else "")


def test_the_verdict_shows_as_tags_to_everybody_who_sees_the_entity(
    as_analyst: Actor, as_outsider: Actor, outsider_case: Case
) -> None:
    put(as_analyst, 1, tags="c2")
    put(as_outsider, outsider_case.pk, tags="MALICIOUS,phish")
    set_verdict(as_analyst, the().pk, verdict="suspicious")
    assert facts_of(as_analyst, [the()])[0].tags == [ORANGE, "SUSPICIOUS", "c2"]
    assert facts_of(as_outsider, [the()])[0].tags == [ORANGE, "SUSPICIOUS", "phish"]


def test_an_unknown_verdict_is_refused(as_analyst: Actor) -> None:
    put(as_analyst, 1)
    with pytest.raises(Invalid):
        set_verdict(as_analyst, the().pk, verdict="evil")
    assert the().verdict == Verdict.NONE


def test_who_may_only_read_changes_nothing(as_analyst: Actor, as_reader: Actor) -> None:
    row = put(as_analyst, 1, tags="a")
    for change in ({"tags": ["b"]}, {"verdict": "malicious"}, {"is_locked": True}):
        with pytest.raises(Forbidden):
            update_entity(as_reader, the().pk, **change)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        delete_entity(as_reader, the().pk)
    row.refresh_from_db()
    assert (row.tags, the().verdict, the().deleted_at) == ("a", Verdict.NONE, None)
    assert not may_write_entity(as_reader, the())


def test_an_alert_takes_changes_of_who_may_write_alerts(
    as_analyst: Actor, without_alerts: Actor
) -> None:
    row = put_into_alert(Customer.objects.get(pk=1), tags="a")
    update_entity(as_analyst, row.ioc_id, tags=["b"])
    row.refresh_from_db()
    assert row.tags == "a,b"
    assert may_write_entity(as_analyst, row.ioc)
    assert not may_write_entity(without_alerts, row.ioc)


# --- locks, deletion, favourites


def test_a_locked_entity_takes_no_change(as_analyst: Actor) -> None:
    row = put(as_analyst, 1, tags="a")
    lock_entity(as_analyst, the().pk)
    for change in ({"tags": ["b"]}, {"description": "x"}, {"verdict": "malicious"}):
        with pytest.raises(Conflict, match="locked"):
            update_entity(as_analyst, the().pk, **change)  # type: ignore[arg-type]
    with pytest.raises(Conflict, match="locked"):
        delete_entity(as_analyst, the().pk)
    row.refresh_from_db()
    assert (row.tags, the().verdict, the().deleted_at) == ("a", Verdict.NONE, None)


def test_unlocking_comes_first_and_locking_last(as_analyst: Actor) -> None:
    put(as_analyst, 1)
    update_entity(as_analyst, the().pk, verdict="malicious", is_locked=True)
    assert the().locked_at is not None
    update_entity(as_analyst, the().pk, verdict="none", is_locked=False)
    assert (the().verdict, the().locked_at) == (Verdict.NONE, None)
    lock_entity(as_analyst, the().pk)
    lock_entity(as_analyst, the().pk)
    unlock_entity(as_analyst, the().pk)
    told = ["verdict_set", "locked", "unlocked", "verdict_set", "locked", "unlocked"]
    assert actions() == [f"entity.{verb}" for verb in told]


def test_an_entity_is_deleted_and_restored(as_analyst: Actor) -> None:
    row = put(as_analyst, 1)
    delete_entity(as_analyst, the().pk)
    delete_entity(as_analyst, the().pk)
    assert the().deleted_at is not None
    with pytest.raises(Conflict, match="deleted"):
        update_entity(as_analyst, the().pk, tags=["x"])
    restore_entity(as_analyst, the().pk)
    assert (the().deleted_at, CaseIoc.objects.filter(pk=row.pk).exists()) == (None, True)
    assert actions() == ["entity.deleted", "entity.restored"]
    with pytest.raises(Conflict):
        restore_entity(as_analyst, the().pk)


def test_a_favourite_is_the_users_own(as_analyst: Actor, as_reader: Actor) -> None:
    put(as_analyst, 1)
    set_favorite(as_reader, the().pk, is_favorite=True)
    set_favorite(as_reader, the().pk, is_favorite=True)
    assert FavoriteIoc.objects.count() == 1
    assert facts_of(as_reader, [the()])[0].is_favorite
    assert not facts_of(as_analyst, [the()])[0].is_favorite
    set_favorite(as_reader, the().pk, is_favorite=False)
    assert actions() == ["entity.favorited", "entity.unfavorited"]


# --- its story


def test_the_story_of_an_entity_leaves_out_what_others_do_in_their_cases(
    as_analyst: Actor, as_outsider: Actor, outsider_case: Case
) -> None:
    put(as_analyst, 1)
    put(as_outsider, outsider_case.pk)
    update_entity(as_outsider, the().pk, tags=["x"], is_favorite=True)
    set_verdict(as_outsider, the().pk, verdict="malicious")
    told = visible_entity_lines(as_analyst, the().pk).values_list("action", flat=True)
    assert list(told) == ["entity.verdict_set", "ioc.created"]
