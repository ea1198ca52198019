"""Entities in the console: what their page shows, and the actions on them."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cases.models import Case
from incidents.models import FavoriteIoc
from incidents.services.entities import update_entity
from iocs.models import Verdict
from soar.core.actor import Actor
from soar.core.models import User
from tests.admin.conftest import last_audit, shown, url
from tests.incidents.entity_cast import VALUE, put, the

pytestmark = pytest.mark.django_db
LIST = reverse("admin:iocs_ioc_changelist")
DONE = {
    "mark_malicious": ("verdict", Verdict.MALICIOUS, "entity.verdict_set"),
    "mark_suspicious": ("verdict", Verdict.SUSPICIOUS, "entity.verdict_set"),
}


def act(browser: Client, action: str) -> str:
    """Run an action on the address and return what the console says."""
    data = {"action": action, "_selected_action": [the().pk]}
    return shown(browser.post(LIST, data, follow=True))


@pytest.fixture
def here(console: Any, analyst: User, as_analyst: Actor) -> Client:
    """The analyst's browser, with the address in case 1."""
    put(as_analyst, 1, tags="c2", description="<b>bold</b><script>x</script>")
    return console(analyst)  # type: ignore[no-any-return]


def test_the_page_shows_what_the_user_may_know(
    here: Client, as_analyst: Actor, as_outsider: Actor, outsider_case: Case
) -> None:
    put(as_outsider, outsider_case.pk, tags="hidden-tag", description="hidden-text")
    update_entity(as_analyst, the().pk, verdict="malicious")
    page = here.get(url(the()))
    text = shown(page)
    assert "MALICIOUS, c2" in text
    assert "<b>bold</b>" in page.content.decode()
    assert reverse("admin:cases_case_change", args=[1]) in page.content.decode()
    assert "hidden" not in text
    assert outsider_case.incident.reference not in text


def test_the_list_shows_verdicts_and_counts_visible_cases_only(
    here: Client, as_outsider: Actor, outsider_case: Case
) -> None:
    put(as_outsider, outsider_case.pk)
    rows = here.get(LIST, {"q": VALUE}).context["cl"].result_list
    assert [(row.value, row.cases_with_it) for row in rows] == [(VALUE, 1)]


@pytest.mark.parametrize("action", DONE)
def test_entities_are_judged(here: Client, action: str) -> None:
    column, value, audited = DONE[action]
    assert "1 entities" in act(here, action)
    assert getattr(the(), column) == value
    assert last_audit(audited).object_id == the().pk


def test_a_verdict_is_taken_back(here: Client, as_analyst: Actor) -> None:
    update_entity(as_analyst, the().pk, verdict="malicious")
    act(here, "mark_none")
    assert the().verdict == Verdict.NONE


def test_a_locked_entity_is_not_judged_until_it_is_unlocked(here: Client) -> None:
    act(here, "lock")
    assert last_audit("entity.locked")
    assert "The entity is locked" in act(here, "mark_malicious")
    assert the().verdict == Verdict.NONE
    act(here, "unlock")
    assert the().locked_at is None


def test_an_entity_is_deleted_and_restored(here: Client) -> None:
    here.post(url(the(), "delete"), {"post": "yes"})
    assert the().deleted_at is not None
    assert last_audit("entity.deleted").object_id == the().pk
    act(here, "restore")
    assert the().deleted_at is None
    assert "not deleted" in act(here, "restore")


def test_a_favourite_is_marked_and_unmarked(here: Client, analyst: User) -> None:
    act(here, "mark_favorite")
    assert list(FavoriteIoc.objects.values_list("user", flat=True)) == [analyst.pk]
    act(here, "unmark_favorite")
    assert not FavoriteIoc.objects.exists()


def test_a_reader_changes_nothing(here: Client, console: Any, reader: User) -> None:
    browser = console(reader)
    for action in ("mark_malicious", "lock"):
        act(browser, action)
    assert browser.get(url(the(), "delete")).status_code == 403
    assert (the().verdict, the().locked_at) == (Verdict.NONE, None)


def test_without_the_permission_only_favourites_are_offered(
    here: Client, console: Any, limited: User
) -> None:
    browser = console(limited)
    offered = browser.get(LIST).context["action_form"].fields["action"].choices
    assert {name for name, _ in offered if name} == {"mark_favorite", "unmark_favorite"}
    act(browser, "lock")
    assert browser.post(url(the(), "delete"), {"post": "yes"}).status_code == 403
    assert (the().locked_at, the().deleted_at) == (None, None)
