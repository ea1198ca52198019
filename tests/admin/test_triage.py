"""The triage queue in the console: found, taken in, decided about, one by one and all that is filtered."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.models import Alert, Incident
from incidents.services.alert_parts import add_alert_ioc, add_alert_note
from incidents.services.converting import convert_alert
from incidents.services.triage import discard_alert, grab_alert
from soar.core.actor import Actor
from soar.core.models import User
from tests.admin.conftest import form_data, last_audit, shown, url

pytestmark = pytest.mark.django_db
Make = Callable[..., Alert]


@pytest.fixture
def mine(console: Callable[[User], Client], analyst: User) -> Client:
    """The analyst's browser."""
    return console(analyst)


def run(browser: Client, action: str, *pks: int, query: str = "", **more: Any) -> Any:
    """Start an action on events, as the list does."""
    data = {"action": action, "_selected_action": pks, "index": 0, **more}
    return browser.post(f"{url(Alert, 'changelist')}{query}", data, follow=True)


def texts(answer: Any) -> list[str]:
    """Return what the page says."""
    return [str(message) for message in answer.context["messages"]]


def states() -> list[str]:
    """Return the states of all events in order."""
    return [one.state for one in Alert.objects.order_by("pk")]


def test_the_list_shows_filters_and_searches(
    mine: Client, make_alert: Make, as_analyst: Actor
) -> None:
    one, two = make_alert(title="Invoice"), make_alert(title="Parcel", type_id=18)
    add_alert_ioc(as_analyst, two.pk, type_id=1, value="evil.example")
    grab_alert(as_analyst, two.pk)

    def found(**query: Any) -> list[int]:
        page = mine.get(url(Alert, "changelist"), query)
        return [row.pk for row in page.context["cl"].result_list]

    assert found() == [two.pk, one.pk]
    assert found(shown="pending") == found(type__id__exact=17) == found(q="voice") == [one.pk]
    assert found(q="evil.example") == found(status__id__exact=3) == [two.pk]


def test_the_list_takes_a_constant_number_of_queries(browser: Client, make_alert: Make) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert browser.get(url(Alert, "changelist")).status_code == 200
        return len(seen)

    make_alert()
    queries()
    few = queries()
    for _ in range(4):
        make_alert(severity_id=4)
    assert queries() == few


def test_an_event_is_taken_in_once(mine: Client, triage_fields: Any) -> None:
    typed = {"title": "Invoice", "type": 17, "customer": 1, "source": "phone", "external_id": "7"}
    add = url(Alert, "add")
    data = form_data(mine, add, **typed, custom='{"opt_1": "a.example"}')
    assert mine.post(add, data).status_code == 302
    alert = Alert.objects.get()
    assert (alert.title, alert.custom, alert.content) == ("Invoice", {"opt_1": "a.example"}, {})
    assert last_audit("alert.created").object_id == alert.pk
    assert "The source sent an event of this external ID before." in shown(mine.post(add, data))


def test_an_event_is_changed(mine: Client, alert: Alert) -> None:
    data = form_data(mine, url(alert), title="Less urgent", tags="mail")
    assert mine.post(url(alert), data).status_code == 302
    alert.refresh_from_db()
    assert (alert.title, alert.tags, alert.external_id) == ("Less urgent", "mail", "MG-1")
    assert last_audit("alert.updated").object_id == alert.pk


def test_what_a_service_refuses_shows_in_the_form(mine: Client, alert: Alert) -> None:
    data = form_data(mine, url(alert), custom='{"opt_9": "x"}')
    assert "opt_9: There is no such custom field" in shown(mine.post(url(alert), data))


def test_the_page_shows_what_is_on_an_event(mine: Client, alert: Alert, as_analyst: Actor) -> None:
    add_alert_ioc(as_analyst, alert.pk, type_id=1, value="<i>.example")
    add_alert_note(as_analyst, alert.pk, title="Seen", content_html="By two<script>x</script>")
    page = mine.get(url(alert))
    assert "Seen , analyst: By two" in shown(page)
    assert "&lt;i&gt;.example" in page.content.decode()


def test_the_page_names_an_incident_only_to_who_may_see_it(
    mine: Client, make_alert: Make, as_administrator: Actor, as_analyst: Actor, other_customer: Any
) -> None:
    alert = make_alert()
    incident = convert_alert(as_analyst, alert.pk)
    address = url(incident)
    assert address in mine.get(url(alert)).content.decode()
    Incident.objects.get(pk=incident.pk).case.user_access.all().delete()
    type(incident.case).objects.filter(pk=incident.pk).update(customer=other_customer)
    assert address not in mine.get(url(alert)).content.decode()


def test_events_are_grabbed(mine: Client, make_alert: Make, as_analyst: Actor) -> None:
    first, second = make_alert(), make_alert()
    discard_alert(as_analyst, first.pk)
    said = texts(run(mine, "grab", first.pk, second.pk))
    assert said == [
        "Grabbed 1 events.",
        f"Event #{first.pk}: Triage event {first.pk} was discarded.",
    ]
    assert states() == ["discarded", "grabbed"]
    assert last_audit("alert.grabbed").object_id == second.pk


def test_events_are_given_to_a_colleague(mine: Client, alert: Alert, colleague: User) -> None:
    asked = run(mine, "reassign", alert.pk)
    assert "This is about 1 event." in shown(asked)
    run(mine, "reassign", alert.pk, answered=1, owner=colleague.pk, note="Yours")
    alert.refresh_from_db()
    assert alert.owner == colleague


def test_discarding_asks_why(mine: Client, alert: Alert) -> None:
    asked = run(mine, "discard", alert.pk, answered=1, reason="")
    assert "This field is required." in shown(asked)
    assert states() == ["pending"]
    assert texts(run(mine, "discard", alert.pk, answered=1, reason="Spam")) == [
        "Discarded 1 events."
    ]
    assert texts(run(mine, "restore", alert.pk)) == ["Restored 1 events."]


def test_events_become_incidents(mine: Client, make_alert: Make) -> None:
    pks = [make_alert().pk for _ in range(2)]
    said = texts(run(mine, "convert", *pks, answered=1, reference="PH-1"))
    assert said == ["Converted 2 events."]
    assert list(Incident.objects.order_by("pk").values_list("reference", flat=True)[1:]) == [
        "PH-1",
        "PH-1-2",
    ]


def test_events_join_an_incident(mine: Client, alert: Alert) -> None:
    page = run(mine, "merge", alert.pk).content.decode()
    assert "select2" in page
    assert page.index("/admin/jsi18n/") < page.index("actions.js")
    assert texts(run(mine, "merge", alert.pk, answered=1, incident=1)) == ["Merged 1 events."]
    alert.refresh_from_db()
    assert alert.incident_id == 1


@pytest.mark.parametrize("pk", ["x", "9" * 30, "10"])
def test_no_event_joins_what_is_not_there(mine: Client, alert: Alert, pk: str) -> None:
    assert "Select a valid choice" in shown(run(mine, "merge", alert.pk, answered=1, incident=pk))
    assert states() == ["pending"]


def test_the_list_opens_on_what_waits_and_all_is_one_click_away(
    mine: Client, make_alert: Make, as_analyst: Actor
) -> None:
    dropped, grabbed, pending = (make_alert(title=title) for title in "abc")
    discard_alert(as_analyst, dropped.pk, reason="Noise")
    grab_alert(as_analyst, grabbed.pk)
    page = mine.get(url(Alert, "changelist"), {"q": "mailgate", "p": 1})
    assert [row.pk for row in page.context["cl"].result_list] == [pending.pk, grabbed.pk]
    assert 'href="?q=mailgate&amp;shown=all"' in page.content.decode()
    for state, rows in (("all", 3), ("discarded", 1), ("nonsense", 2)):
        page = mine.get(url(Alert, "changelist"), {"shown": state})
        assert len(page.context["cl"].result_list) == rows


def test_an_action_reaches_all_that_is_filtered(mine: Client, make_alert: Make) -> None:
    made = [make_alert(source="edr") for _ in range(3)] + [make_alert()]
    more = {"select_across": 1, "query": "?q=edr"}
    asked = run(mine, "discard", made[0].pk, **more)
    assert "This is about 3 events." in shown(asked)
    said = texts(run(mine, "discard", made[0].pk, answered=1, reason="Noise", **more))
    assert said == ["Discarded 3 events."]
    assert states() == ["discarded"] * 3 + ["pending"]


def test_only_who_may_deletes(mine: Client, browser: Client, alert: Alert) -> None:
    assert mine.post(url(alert, "delete"), {"post": "yes"}).status_code == 403
    assert browser.post(url(alert, "delete"), {"post": "yes"}).status_code == 302
    assert states() == []
    assert last_audit("alert.deleted").summary.startswith("deleted event")


def test_another_customers_events_are_not_there(
    console: Callable[[User], Client], outsider: User, alert: Alert
) -> None:
    theirs = console(outsider)
    assert not theirs.get(url(Alert, "changelist")).context["cl"].result_list
    assert theirs.get(url(alert)).status_code == 302
    run(theirs, "grab", alert.pk)
    assert states() == ["pending"]
