"""Triage events: taken in once, changed, deleted, grabbed, given away, discarded."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail

from incidents.models import Alert, AlertStatus, CustomField
from incidents.services.alert_parts import add_alert_ioc, add_alert_note
from incidents.services.alerts import add_alert, delete_alert, update_alert
from incidents.services.triage import (
    act_on_each,
    discard_alert,
    grab_alert,
    reassign_alert,
    restore_alert,
)
from iocs.models import Ioc
from soar.core.actor import Actor
from soar.core.errors import Conflict, Forbidden, Invalid, NotFound
from soar.core.models import AuditLog, User
from tests.triage_cast import PHISHING

Make = Callable[..., Alert]
pytestmark = pytest.mark.django_db


def last(action: str) -> AuditLog:
    """Return the newest audit row of an action."""
    return AuditLog.objects.filter(action=action).latest("id")


# --- taking in


def test_a_new_event_is_pending_and_new(alert: Alert, analyst: User) -> None:
    assert (alert.state, alert.status_id) == (Alert.State.PENDING, AlertStatus.NEW)
    assert (alert.customer_id, alert.owner_id, alert.created_by_id) == (1, None, analyst.pk)
    row = last("alert.created")
    assert (row.object_id, row.details["after"]["external_id"]) == (alert.pk, "MG-1")


def test_the_same_event_again_is_the_same_event(alert: Alert, as_analyst: Actor) -> None:
    before = AuditLog.objects.count()
    again, is_new = add_alert(
        as_analyst, type_id=18, source="mailgate", external_id="MG-1", title="Other"
    )
    assert (again.pk, again.title, is_new) == (alert.pk, "Urgent invoice", False)
    assert AuditLog.objects.count() == before


def test_without_an_external_id_every_event_is_new(make_alert: Make) -> None:
    assert make_alert().pk != make_alert().pk


def test_customers_do_not_share_external_ids(alert: Alert, as_outsider: Actor) -> None:
    theirs, is_new = add_alert(as_outsider, type_id=PHISHING, source="mailgate", external_id="MG-1")
    assert is_new
    assert theirs.customer_id != alert.customer_id


def test_the_same_event_for_a_named_customer_is_that_customers(
    alert: Alert, as_administrator: Actor, other_customer: Any
) -> None:
    given = {"type_id": PHISHING, "source": "mailgate", "external_id": "MG-1"}
    theirs, is_new = add_alert(as_administrator, customer_id=other_customer.pk, **given)
    assert is_new
    assert add_alert(as_administrator, **given) == (alert, False)
    assert add_alert(as_administrator, customer_id=other_customer.pk, **given) == (theirs, False)


@pytest.mark.parametrize(
    ("values", "culprit"),
    [
        ({"type_id": 1}, "type_id"),
        ({"type_id": 10**9}, "type_id"),
        ({"status_id": 99}, "status_id"),
        ({"severity_id": 99}, "severity_id"),
        ({"customer_id": 99}, "customer_id"),
        ({"custom": {"opt_9": "x"}}, "opt_9"),
    ],
)
def test_a_wrong_value_is_refused_and_named(
    as_analyst: Actor, values: dict[str, Any], culprit: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        add_alert(as_analyst, **{"type_id": PHISHING, **values})
    assert list(refusal.value.fields) == [culprit]
    assert not Alert.objects.exists()


def test_an_event_of_another_customer_cannot_be_made(
    as_analyst: Actor, other_customer: Any
) -> None:
    with pytest.raises(Invalid):
        add_alert(as_analyst, type_id=PHISHING, customer_id=other_customer.pk)


def test_who_may_not_write_alerts_takes_none_in(as_guest: Actor) -> None:
    with pytest.raises(Forbidden):
        add_alert(as_guest, type_id=PHISHING)


def test_required_fields_are_required_and_defaults_filled_in(as_analyst: Actor) -> None:
    kinds = {"section": "triage", "type": "Text"}
    CustomField.objects.create(number=1, label="Site", is_required=True, **kinds)
    CustomField.objects.create(number=2, label="Team", default="SOC", **kinds)
    with pytest.raises(Invalid) as refusal:
        add_alert(as_analyst, type_id=PHISHING)
    assert list(refusal.value.fields) == ["opt_1"]
    alert, _ = add_alert(as_analyst, type_id=PHISHING, custom={"opt_1": "Milan"})
    assert alert.custom == {"opt_1": "Milan", "opt_2": "SOC"}


# --- changing and deleting


def test_a_change_is_made_and_recorded(
    alert: Alert, as_analyst: Actor, triage_fields: list[CustomField]
) -> None:
    update_alert(as_analyst, alert.pk, title="Less urgent", custom={"opt_1": "evil.example"})
    alert.refresh_from_db()
    assert (alert.title, alert.custom) == ("Less urgent", {"opt_1": "evil.example"})
    assert last("alert.updated").details["before"] == {"title": "Urgent invoice", "custom": {}}


def test_another_status_alone_fires_the_hook_of_a_status(alert: Alert, as_analyst: Actor) -> None:
    update_alert(as_analyst, alert.pk, status_id=4)
    assert last("alert.status_changed").details["after"] == {"status_id": 4}


def test_nothing_changed_is_nothing_recorded(alert: Alert, as_analyst: Actor) -> None:
    before = AuditLog.objects.count()
    update_alert(as_analyst, alert.pk, title="Urgent invoice")
    assert AuditLog.objects.count() == before


def test_an_event_of_another_customer_is_missing(alert: Alert, as_outsider: Actor) -> None:
    for call in (update_alert, grab_alert, discard_alert, restore_alert):
        with pytest.raises(NotFound):
            call(as_outsider, alert.pk)


def test_deleting_takes_everything_with_it(alert: Alert, as_administrator: Actor) -> None:
    add_alert_ioc(as_administrator, alert.pk, type_id=1, value="only.example")
    add_alert_note(as_administrator, alert.pk, title="Seen")
    delete_alert(as_administrator, alert.pk)
    assert not Alert.objects.exists()
    assert not Ioc.objects.filter(value="only.example").exists()
    assert last("alert.deleted").details["before"]["external_id"] == "MG-1"


def test_an_analyst_deletes_nothing(alert: Alert, as_analyst: Actor) -> None:
    with pytest.raises(Forbidden):
        delete_alert(as_analyst, alert.pk)
    assert Alert.objects.filter(pk=alert.pk).exists()


# --- grabbing and giving away


def test_grabbing_makes_it_the_actors(alert: Alert, as_analyst: Actor) -> None:
    grabbed = grab_alert(as_analyst, alert.pk)
    assert (grabbed.state, grabbed.status_id) == (Alert.State.GRABBED, AlertStatus.ASSIGNED)
    assert grabbed.owner_id == as_analyst.user_id
    assert grabbed.grabbed_at is not None
    assert last("alert.grabbed").details["after"]["owner_id"] == as_analyst.user_id


def test_grabbing_ones_own_again_changes_nothing(alert: Alert, as_analyst: Actor) -> None:
    first = grab_alert(as_analyst, alert.pk).grabbed_at
    before = AuditLog.objects.count()
    assert grab_alert(as_analyst, alert.pk).grabbed_at == first
    assert AuditLog.objects.count() == before


def test_what_another_grabbed_is_not_grabbed(
    alert: Alert, as_analyst: Actor, as_colleague: Actor
) -> None:
    grab_alert(as_analyst, alert.pk)
    with pytest.raises(Conflict) as refusal:
        grab_alert(as_colleague, alert.pk)
    assert refusal.value.details == [f"Triage event {alert.pk} is with analyst."]
    with pytest.raises(Forbidden):
        grab_alert(as_colleague, alert.pk, is_forced=True)


def test_an_administrator_takes_it_by_force(
    alert: Alert, as_analyst: Actor, as_administrator: Actor
) -> None:
    grab_alert(as_analyst, alert.pk)
    assert grab_alert(as_administrator, alert.pk, is_forced=True).owner_id == 1


def test_ones_own_event_is_given_to_another(
    alert: Alert, as_analyst: Actor, colleague: User
) -> None:
    grab_alert(as_analyst, alert.pk)
    assert reassign_alert(as_analyst, alert.pk, owner_id=colleague.pk).owner == colleague
    assert last("alert.reassigned").details["after"]["owner_id"] == colleague.pk


def test_grabbing_for_another_is_reassigning(
    alert: Alert, as_analyst: Actor, colleague: User
) -> None:
    assert grab_alert(as_analyst, alert.pk, owner_id=colleague.pk).owner == colleague


def test_what_is_anothers_is_not_given_away(
    alert: Alert, as_analyst: Actor, as_colleague: Actor
) -> None:
    grab_alert(as_analyst, alert.pk)
    with pytest.raises(Forbidden):
        reassign_alert(as_colleague, alert.pk, owner_id=as_colleague.user_id)


@pytest.mark.parametrize("who", ["outsider", "guest"])
def test_who_may_not_see_it_does_not_get_it(
    request: pytest.FixtureRequest, alert: Alert, as_analyst: Actor, who: str
) -> None:
    with pytest.raises(Invalid):
        reassign_alert(as_analyst, alert.pk, owner_id=request.getfixturevalue(who).pk)


def test_the_new_owner_is_told_by_mail(
    alert: Alert,
    as_analyst: Actor,
    colleague: User,
    settings: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    settings.EMAIL_HOST = "mail.example"
    with django_capture_on_commit_callbacks(execute=True):
        reassign_alert(as_analyst, alert.pk, owner_id=colleague.pk, note="Please look")
    (message,) = mail.outbox
    assert message.to == [colleague.email]
    assert "Please look" in message.body
    assert f"#{alert.pk}" in message.subject


def test_without_a_mail_server_nobody_is_told(
    alert: Alert, as_analyst: Actor, colleague: User, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        reassign_alert(as_analyst, alert.pk, owner_id=colleague.pk)
    assert mail.outbox == []


def test_a_mail_that_cannot_be_sent_stops_nobody(
    alert: Alert,
    as_analyst: Actor,
    colleague: User,
    settings: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with django_capture_on_commit_callbacks(execute=True):
        reassign_alert(as_analyst, alert.pk, owner_id=colleague.pk)
    alert.refresh_from_db()
    assert alert.owner == colleague


# --- discarding


def test_discarding_says_why_and_restoring_undoes_it(alert: Alert, as_analyst: Actor) -> None:
    gone = discard_alert(as_analyst, alert.pk, reason="Newsletter")
    assert (gone.state, gone.status_id, gone.reason) == (
        "discarded",
        AlertStatus.CLOSED,
        "Newsletter",
    )
    assert gone.decided_at is not None
    back = restore_alert(as_analyst, alert.pk)
    assert (back.state, back.status_id, back.reason) == ("pending", AlertStatus.NEW, "")


def test_a_restored_event_is_still_its_owners(alert: Alert, as_analyst: Actor) -> None:
    grab_alert(as_analyst, alert.pk)
    discard_alert(as_analyst, alert.pk)
    back = restore_alert(as_analyst, alert.pk)
    assert (back.state, back.status_id) == (Alert.State.GRABBED, AlertStatus.ASSIGNED)


def test_what_is_discarded_is_neither_grabbed_nor_discarded_again(
    alert: Alert, as_analyst: Actor
) -> None:
    discard_alert(as_analyst, alert.pk)
    for call in (grab_alert, discard_alert):
        with pytest.raises(Conflict):
            call(as_analyst, alert.pk)


def test_only_what_is_discarded_is_restored(alert: Alert, as_analyst: Actor) -> None:
    with pytest.raises(Conflict):
        restore_alert(as_analyst, alert.pk)


# --- several at once, parts


def test_one_refusal_holds_up_no_other(make_alert: Make, as_analyst: Actor) -> None:
    first, second = make_alert(), make_alert()
    discard_alert(as_analyst, first.pk)
    outcome = act_on_each(as_analyst, [first.pk, 10**6, second.pk, second.pk], discard_alert)
    assert outcome.done == [second.pk]
    assert outcome.failed == [
        (first.pk, f"Triage event {first.pk} was discarded."),
        (10**6, "There is no such event."),
    ]


def test_an_indicator_is_on_an_event_once(alert: Alert, as_analyst: Actor) -> None:
    row, is_new = add_alert_ioc(as_analyst, alert.pk, type_id=1, value=" evil.example ")
    assert (row.ioc.value, row.tlp.name, is_new) == ("evil.example", "amber", True)
    assert add_alert_ioc(as_analyst, alert.pk, type_id=1, value="evil.example") == (row, False)


def test_only_administrators_write_notes_for_others(
    alert: Alert, as_analyst: Actor, as_administrator: Actor, colleague: User
) -> None:
    own = add_alert_note(as_analyst, alert.pk, title="A", user_id=colleague.pk)
    theirs = add_alert_note(as_administrator, alert.pk, title="B", user_id=colleague.pk)
    assert (own.user_id, theirs.user_id) == (as_analyst.user_id, colleague.pk)


def test_a_tag_is_as_long_as_the_index_takes(as_analyst: Actor, make_alert: Make) -> None:
    alert = make_alert()
    with pytest.raises(Invalid):
        update_alert(as_analyst, alert.pk, tags="x" * 513)
    with pytest.raises(Invalid):
        add_alert_ioc(as_analyst, alert.pk, type_id=1, value="a", tags="x" * 513)
    assert update_alert(as_analyst, alert.pk, tags="x" * 512).tags == "x" * 512
