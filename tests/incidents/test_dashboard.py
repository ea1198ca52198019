"""What the first screen counts: only what the actor may see, in a constant number of queries."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases.models import Case
from cases.services.cases import close_case, hide_case, update_case
from cases.services.tasks import add_task
from incidents.models import Alert, AlertStatus, TaskDetails
from incidents.services.dashboard import summary
from incidents.services.incidents import open_incident
from soar.core.actor import Actor

pytestmark = pytest.mark.django_db
PHISHING, MALWARE, HIGH = 17, 18, 5


def open_one(actor: Actor, **fields: Any) -> Case:
    """Open another incident of customer 1."""
    return open_incident(actor, name="x", customer_id=1, **fields).case


@pytest.fixture
def counted(as_administrator: Actor) -> dict[str, Any]:
    """What is counted of four open incidents, two of them high and one of a group."""
    open_one(as_administrator, severity_id=HIGH, type_ids=[PHISHING, MALWARE])
    open_one(as_administrator, severity_id=HIGH, type_ids=[PHISHING])
    update_case(as_administrator, open_one(as_administrator).pk, owner_group_id=2)
    shown: dict[str, Any] = summary(as_administrator, days=7)["open"]
    return shown


def test_open_incidents_are_counted_by_what_they_are(counted: dict[str, Any]) -> None:
    assert counted["total"] == 4
    assert counted["by_status"] == [{"id": 1, "label": "Identification", "count": 4}]
    severities = [(row["label"], row["count"]) for row in counted["by_severity"]]
    assert severities == [("HIGH", 2), ("LOW", 2)]
    types = [(row["id"], row["count"]) for row in counted["by_type"]]
    assert types == [(PHISHING, 2), (MALWARE, 1)]


def test_a_group_that_owns_them_counts_instead_of_a_user(counted: dict[str, Any]) -> None:
    assert counted["by_owner"] == [
        {"id": 1, "kind": "user", "label": "administrator", "count": 3},
        {"id": 2, "kind": "group", "label": "Analysts (group)", "count": 1},
    ]


def test_closed_and_deleted_incidents_are_not_open(as_administrator: Actor) -> None:
    closed, gone = open_one(as_administrator), open_one(as_administrator)
    close_case(as_administrator, closed.pk)
    hide_case(as_administrator, gone.pk)
    counted = summary(as_administrator, days=7)
    assert (counted["open"]["total"], counted["opened"], counted["closed"]) == (1, 2, 1)


def test_the_mean_time_to_close_is_of_these_days(as_administrator: Actor) -> None:
    assert summary(as_administrator, days=7)["mean_seconds_to_close"] is None
    now = timezone.now()
    for hours, closed_days_ago in ((2, 1), (4, 2), (100, 8)):
        closed_at = now - dt.timedelta(days=closed_days_ago)
        opened_at = closed_at - dt.timedelta(hours=hours)
        rows = Case.objects.filter(pk=open_one(as_administrator).pk)
        rows.update(closed_at=closed_at, closed_on=closed_at.date(), opened_at=opened_at)
    assert summary(as_administrator, days=7)["mean_seconds_to_close"] == 3 * 3600


def test_pending_alerts_and_overdue_tasks_are_counted(as_administrator: Actor) -> None:
    now = timezone.now()
    base = {"type_id": PHISHING, "status": AlertStatus.objects.get(pk=2), "customer_id": 1}
    for state in (Alert.State.PENDING, Alert.State.DISCARDED):
        Alert.objects.create(state=state, created_by_id=1, **base)
    for days in (-1, 1):
        task = add_task(as_administrator, 1, title="x", status_id=1, assignee_ids=[1])
        TaskDetails.objects.create(task=task, due_at=now + dt.timedelta(days=days))
    counted = summary(as_administrator, days=7)
    assert (counted["triage_pending"], counted["tasks_overdue"]) == (1, 1)


def test_others_count_only_what_they_may_see(
    as_outsider: Actor, as_guest: Actor, outsider_case: Case, as_administrator: Actor
) -> None:
    add_task(as_administrator, 1, title="x", status_id=1, assignee_ids=[1])
    totals = [summary(actor, days=7)["open"]["total"] for actor in (as_outsider, as_guest)]
    assert totals == [1, 0]
    assert summary(as_outsider, days=7)["open"]["by_owner"][0]["label"] == "outsider"


def test_more_incidents_need_no_more_queries(as_administrator: Actor) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            summary(as_administrator, days=7)
        return len(captured)

    open_one(as_administrator, type_ids=[PHISHING])
    few = queries()
    for _ in range(5):
        open_one(as_administrator, type_ids=[PHISHING, MALWARE])
    assert queries() == few
